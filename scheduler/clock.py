"""The clock: APScheduler looks at the time, the ledger makes sure that a tick counts once."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from actors.scheduling import schedule
from actors.scheduling.timetable import EPOCH, TIMETABLE, Entry
from db import ticks
from db.errors import MayBeRetried
from db.pool import Pool

log = structlog.get_logger(__name__)

MAKE_UP_SECONDS = 30
WATCH_SECONDS = 60


class Clock:
    """Enqueues the timetable's work, and looks for alarms once a minute.

    Any number may run beside each other: a tick is a unique row, and of several watches one at a time looks. What came
    due while no clock ran, the database was away or an entry was paused is made up for at the start and every half
    minute.
    """

    def __init__(
        self, pool: Pool, entries: tuple[Entry, ...] = TIMETABLE, *, watch: Callable[[], object] = lambda: None
    ) -> None:
        self._pool = pool
        self._entries = entries
        self._watch = watch
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1})
        for entry in entries:
            self._scheduler.add_job(
                self._tick,
                IntervalTrigger(seconds=int(entry.every.total_seconds()), start_date=EPOCH, timezone=UTC),
                args=[entry],
                id=entry.name,
            )
        self._scheduler.add_job(
            self._make_up,
            IntervalTrigger(seconds=MAKE_UP_SECONDS),
            id="make_up",
            next_run_time=datetime.now(UTC),
            misfire_grace_time=None,
        )
        self._scheduler.add_job(self._look, IntervalTrigger(seconds=WATCH_SECONDS), id="watch")

    def start(self) -> None:
        """Begin to look at the time, in a thread of this process."""
        self._scheduler.start()

    def stop(self) -> None:
        """End after a tick that is under way."""
        self._scheduler.shutdown(wait=True)

    def _look(self) -> None:
        try:
            self._watch()
        except Exception:
            # The clock outlives its watch: what nobody foresaw must not end the alarms for good.
            log.exception("alarms_not_looked_at")

    def _make_up(self) -> None:
        for entry in self._entries:
            self._tick(entry)

    def _tick(self, entry: Entry) -> None:
        try:
            tick(self._pool, entry)
        except MayBeRetried as error:
            log.warning("tick_postponed", entry=entry.name, error=str(error))
        except Exception:
            # The clock outlives an entry: what is wrong with one must not end the making up of the others.
            log.exception("tick_failed", entry=entry.name)


def tick(pool: Pool, entry: Entry, now: datetime | None = None) -> bool:
    """Enqueue an entry's work for the time that came due last, and say what was missed before it.

    ``now`` is the database's time unless it is given: this host's clock only decides when to look.
    False when there is nothing to do now: that is decided in actors/scheduling/schedule.py.
    """
    with pool.transaction() as conn:
        made = schedule.tick(conn, entry, now or ticks.now(conn))
    if made is None:
        return False
    log.info("tick", entry=entry.name, due_at=made.due_at.isoformat(), missed=made.missed)
    if made.skipped:
        log.warning("ticks_skipped", entry=entry.name, skipped=made.skipped, older_than=str(entry.lateness))
    return True
