"""What collectors chose for their sync: whether it comes of its own, in which direction, and how often."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from db import Connection
from db.queries import load

Direction = Literal["in", "out", "both"]
Frequency = Literal["nightly", "weekly"]

_sql = load("sync_settings")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A collector's choice. ``changed_at`` is None while they chose nothing, and the defaults hold."""

    is_auto: bool = True
    direction: Direction = "in"
    frequency: Frequency = "nightly"
    changed_at: datetime | None = None


def of_user(conn: Connection, user_id: UUID) -> Chosen:
    """Return what a collector chose, the defaults for who chose nothing."""
    row = _sql.find(conn, user_id=user_id)
    return Chosen() if row is None else Chosen(**row)


def choose(
    conn: Connection,
    user_id: UUID,
    *,
    is_auto: bool | None = None,
    direction: Direction | None = None,
    frequency: Frequency | None = None,
) -> None:
    """Keep a collector's choice; None leaves a setting as it is."""
    _sql.choose(conn, user_id=user_id, is_auto=is_auto, direction=direction, frequency=frequency)
