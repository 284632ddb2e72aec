"""The clock: APScheduler looks at the time, the ledger makes sure that a tick counts once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from actors.enqueue import enqueue
from db import ticks
from db.errors import MayBeRetried
from db.jobs import NOBODY
from db.pool import Pool
from scheduler.timetable import TIMETABLE, Entry

log = structlog.get_logger(__name__)

LATE = timedelta(minutes=10)  # a tick that found the process busy or the database away is made up for until then
AGAIN = timedelta(seconds=30)
WATCH_SECONDS = 60


class Clock:
    """Enqueues the timetable's work, and looks for alarms once a minute.

    Any number may run beside each other: a tick is a unique row, and of several watches one at a time looks.
    """

    def __init__(
        self, pool: Pool, entries: tuple[Entry, ...] = TIMETABLE, *, watch: Callable[[], object] = lambda: None
    ) -> None:
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
                misfire_grace_time=int(LATE.total_seconds()),
            )

        self._watch = watch
        self._scheduler.add_job(
            self._look, IntervalTrigger(seconds=WATCH_SECONDS), id="watch", coalesce=True, max_instances=1
        )

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

    def _tick(self, entry: Entry) -> None:
        try:
            is_first = tick(self._pool, entry, datetime.now(UTC))
        except MayBeRetried as error:
            log.warning("tick_postponed", entry=entry.name, error=str(error))
            self._come_sooner(entry, datetime.now(UTC) + AGAIN)
        else:
            log.info("tick", entry=entry.name, is_first=is_first)

    def _come_sooner(self, entry: Entry, at: datetime) -> None:
        """Run an entry at this time too. A job of its own would break the clock's thread by ending while that stops."""
        job = self._scheduler.get_job(entry.name)
        if job is not None:  # None while the clock stops
            job.modify(next_run_time=min(at, job.next_run_time))


def tick(pool: Pool, entry: Entry, now: datetime) -> bool:
    """Enqueue an entry's work for the time that came due last. False when that was done already, or is too long ago."""
    due_at = last_due(entry.trigger, now)
    if due_at is None:
        return False
    with pool.transaction() as conn:
        if not ticks.make(conn, entry.name, due_at):
            return False
        enqueued = enqueue(conn, entry.kind, NOBODY)
        ticks.keep_job(conn, entry.name, due_at, enqueued.job.id)
    return True


def last_due(trigger: BaseTrigger, now: datetime) -> datetime | None:
    """When a trigger came due last, None when that is longer ago than ``LATE``: however late a scheduler is, it finds
    the same time as the others.
    """
    last, following = None, trigger.get_next_fire_time(None, now - LATE)
    while following is not None and following <= now:
        last, following = following, trigger.get_next_fire_time(following, now)
    return last
