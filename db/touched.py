"""Who changed something a moment ago, as a trigger on the app's tables notes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from db import Connection
from db.queries import load

_sql = load("touched")


@dataclass(frozen=True, slots=True)
class Touched:
    """A user whose records were written, and whether what changed goes out by itself."""

    user_id: UUID
    goes_out: bool


def take(
    conn: Connection, tiers: Sequence[str], *, settling: timedelta, patience: timedelta, room: int
) -> list[Touched]:
    """Take out at most ``room`` users who changed nothing for ``settling``, or did so for ``patience`` without a rest.

    Of other tiers than these nothing goes out.
    """
    rows = _sql.take(conn, tiers=list(tiers), settling=settling, patience=patience, room=room)
    return [Touched(**row) for row in rows]
