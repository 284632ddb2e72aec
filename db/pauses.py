"""Lanes that an operator paused: nothing is called up from them until a time."""

from dataclasses import dataclass
from datetime import datetime

from db import Connection, jobs
from db.queries import load

_sql = load("pauses")


@dataclass(frozen=True, slots=True)
class Pause:
    """A lane's pause. It passes by itself: ``paused_until`` is compared with the database's clock."""

    lane: str
    paused_at: datetime
    paused_until: datetime
    reason: str
    made_by: str


def pause(conn: Connection, lane: str, *, until: datetime, reason: str, by: str) -> None:
    """Call nothing up from a lane until a time; the last word counts."""
    _sql.pause(conn, lane=lane, until=until, reason=reason, made_by=by)


def resume(conn: Connection, lane: str) -> bool:
    """End a pause before its time, and wake the dispatchers. False when the lane was not paused."""
    was_paused = bool(_sql.resume(conn, lane=lane))
    if was_paused:
        jobs.wake_line(conn, lane)
    return was_paused


def holding(conn: Connection) -> dict[str, Pause]:
    """Return the pauses that hold now, by lane."""
    return {row["lane"]: Pause(**row) for row in _sql.find_holding(conn)}
