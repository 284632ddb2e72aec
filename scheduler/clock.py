"""The clock: APScheduler looks at the time, the ledger makes sure that a tick counts once."""

from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from actors.enqueue import enqueue
from db import ticks
from db.errors import MayBeRetried
from db.jobs import NOBODY
from db.pool import Pool
from scheduler.timetable import TIMETABLE, Entry

log = structlog.get_logger(__name__)

LATE_SECONDS = 600  # a tick missed by a restart is made up for within this time; the unique row keeps it single


class Clock:
    """Enqueues the timetable's work. Any number may run beside each other: a tick is a unique row."""

    def __init__(self, pool: Pool, entries: tuple[Entry, ...] = TIMETABLE) -> None:
        self._pool = pool
        self._scheduler = BackgroundScheduler(timezone=UTC)
        for entry in entries:
            self._scheduler.add_job(
                self._tick,
                entry.trigger,
                args=[entry],
                id=entry.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=LATE_SECONDS,
            )

    def start(self) -> None:
        """Begin to look at the time, in a thread of this process."""
        self._scheduler.start()

    def stop(self) -> None:
        """End after a tick that is under way."""
        self._scheduler.shutdown(wait=True)

    def _tick(self, entry: Entry) -> None:
        try:
            is_first = tick(self._pool, entry, datetime.now(UTC))
        except MayBeRetried as error:
            log.warning("tick_missed", entry=entry.name, error=str(error))
        else:
            log.info("tick", entry=entry.name, is_first=is_first)


def tick(pool: Pool, entry: Entry, now: datetime) -> bool:
    """Enqueue an entry's work for the minute that came due. False when another scheduler did so already."""
    due_at = now.replace(second=0, microsecond=0)
    with pool.transaction() as conn:
        if not ticks.make(conn, entry.name, due_at):
            return False
        enqueued = enqueue(conn, entry.kind, NOBODY)
        ticks.keep_job(conn, entry.name, due_at, enqueued.job.id)
    return True
