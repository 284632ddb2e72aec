"""Entries of the timetable that an operator paused: every scheduler obeys, until a time."""

from dataclasses import dataclass
from datetime import datetime

from db import Connection
from db.queries import load

_sql = load("entry_pauses")


@dataclass(frozen=True, slots=True)
class EntryPause:
    """An entry's pause. It passes by itself: ``paused_until`` is compared with the database's clock."""

    entry: str
    paused_at: datetime
    paused_until: datetime
    reason: str
    made_by: str


def pause(conn: Connection, entry: str, *, until: datetime, reason: str, by: str) -> None:
    """Make no tick of an entry until a time; the last word counts."""
    _sql.pause(conn, entry=entry, until=until, reason=reason, made_by=by)


def resume(conn: Connection, entry: str) -> bool:
    """End a pause before its time. False when the entry was not paused."""
    return bool(_sql.resume(conn, entry=entry))


def holding(conn: Connection) -> dict[str, EntryPause]:
    """Return the pauses that hold now, by entry."""
    return {row["entry"]: EntryPause(**row) for row in _sql.find_holding(conn)}
