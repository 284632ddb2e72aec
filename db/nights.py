"""The nights of users: for which date of their own zone the clock enqueued their sync last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from db import Connection
from db.queries import load

_sql = load("nights")


@dataclass(frozen=True, slots=True)
class Sleeper:
    """A connected user whose sync comes by itself. ``time_zone`` is what the app says: mostly an IANA name.

    ``comes_in`` and ``goes_out`` say which ways it goes; nothing goes out before the first yes.
    ``whole_at`` is when all of the collection was read last.
    """

    user_id: UUID
    time_zone: str
    connected_at: datetime | None
    last_night: date | None
    is_weekly: bool
    comes_in: bool
    goes_out: bool
    whole_at: datetime | None


def sleepers(conn: Connection, tiers: Sequence[str], *, after: UUID, room: int) -> list[Sleeper]:
    """Return users of these tiers whose sync comes by itself, by their ids, at most ``room`` from behind one."""
    return [Sleeper(**row) for row in _sql.find_sleepers(conn, tiers=list(tiers), after=after, room=room)]


def begin(conn: Connection, nights: Mapping[UUID, date]) -> set[UUID]:
    """Let these users' nights begin; return of whom: who had that night, or a later one, is left out."""
    rows = _sql.begin(conn, user_ids=list(nights), nights=list(nights.values()))
    return {row["user_id"] for row in rows}
