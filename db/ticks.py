"""Ticks of the timetable: a unique row each, so that two schedulers never enqueue the same work twice."""

from datetime import datetime, timedelta
from uuid import UUID

from db import Connection
from db.queries import load

_sql = load("ticks")


def make(conn: Connection, entry: str, due_at: datetime) -> bool:
    """Claim a tick. False when another scheduler was first."""
    return bool(_sql.make(conn, entry=entry, due_at=due_at))


def keep_job(conn: Connection, entry: str, due_at: datetime, job_id: UUID) -> None:
    """Remember which job the tick became."""
    _sql.keep_job(conn, entry=entry, due_at=due_at, job_id=job_id)


def forget_old(conn: Connection, age: timedelta) -> int:
    """Clear old ticks; return of how many."""
    return int(_sql.forget_old(conn, age=age))
