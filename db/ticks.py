"""Ticks of the timetable: a unique row each, so that two schedulers never enqueue the same work twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from db import Connection
from db.queries import load

_sql = load("ticks")


@dataclass(frozen=True, slots=True)
class Tick:
    """A time of an entry that was made work of: by the clock, or by the operator ``made_by``.

    ``enqueued`` counts the new jobs that came of it, its own among them. ``missed`` times lay between it and the
    tick before; ``skipped`` of them too far back to be made up for. ``job_state`` and ``outcome`` are None
    when the job is no longer kept.
    """

    entry: str
    due_at: datetime
    made_at: datetime
    made_by: str | None
    job_id: UUID | None
    enqueued: int
    missed: int
    skipped: int
    job_state: str | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What the ticks of some time came to."""

    ticks: int = 0
    jobs: int = 0
    missed: int = 0
    skipped: int = 0


def make(
    conn: Connection, entry: str, due_at: datetime, *, by: str | None = None, missed: int = 0, skipped: int = 0
) -> bool:
    """Claim a tick. False when another scheduler was first."""
    return bool(_sql.make(conn, entry=entry, due_at=due_at, made_by=by, missed=missed, skipped=skipped))


def keep_job(conn: Connection, entry: str, due_at: datetime, job_id: UUID, *, is_new: bool) -> None:
    """Remember which job the tick became; one that was alive already was not enqueued by it."""
    _sql.keep_job(conn, entry=entry, due_at=due_at, job_id=job_id, enqueued=int(is_new))


def count_jobs(conn: Connection, job_id: UUID, jobs: int) -> None:
    """Add the jobs that a tick's job enqueued to its tick."""
    _sql.count_jobs(conn, job_id=job_id, jobs=jobs)


def now(conn: Connection) -> datetime:
    """Return the database's time: a host with a wrong clock must not decide which run is due."""
    found: datetime = _sql.find_now(conn)
    return found


def last_due(conn: Connection, entry: str, now: datetime) -> datetime | None:
    """Return when the newest run was due, None before the first; runs later than ``now`` do not count."""
    due_at: datetime | None = _sql.find_last_due(conn, entry=entry, now=now)
    return due_at


def newest(conn: Connection, now: datetime) -> dict[str, Tick]:
    """Return the newest run of each scheduled task that is not later than ``now``, by the scheduler or an operator."""
    return {row["entry"]: Tick(**row) for row in _sql.find_newest(conn, now=now)}


def sums(conn: Connection, age: timedelta) -> dict[str, Sums]:
    """Add up the ticks of so long, by entry; an entry without any is absent."""
    return {row.pop("entry"): Sums(**row) for row in _sql.sum_up(conn, age=age)}


def forget_old(conn: Connection, age: timedelta, *, room: int) -> int:
    """Clear at most ``room`` old ticks; return of how many."""
    return int(_sql.forget_old(conn, age=age, room=room))
