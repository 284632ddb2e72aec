"""The plan of prices: which side of which release is due next, and how much there is to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db import Connection
from db.prices import Price, What
from db.queries import load

_sql = load("price_plan")


@dataclass(frozen=True, slots=True)
class Due:
    """A side that is due; ``is_anybodys`` while somebody has the release, wants it, or has an alert on it.

    ``late`` is for how many of its own intervals it has been due.
    """

    release_id: int
    what: What
    late: float
    is_anybodys: bool


@dataclass(frozen=True, slots=True)
class Total:
    """One side of all releases. ``wanted_a_day`` are the requests that keep each as fresh as it should be."""

    what: What
    releases: int
    never_asked: int
    due: int
    oldest_due_at: datetime
    wanted_a_day: float


@dataclass(frozen=True, slots=True)
class Following:
    """A price in its place in the plan, with the names of its release where they are known."""

    price: Price
    artist: str | None
    title: str | None


def next_due(conn: Connection, what: What, *, is_alerted: bool = False) -> Due | None:
    """Return the price that has been due for longest beside its own interval, None if none is.

    Lowest prices with an alert are apart: ``check_alerts`` requests them.
    """
    row = _sql.next_due(conn, what=what, is_alerted=is_alerted)
    return None if row is None else Due(**row)


def take(conn: Connection, release_id: int, what: What, *, seconds: float) -> None:
    """Let a side that is being asked for wait behind the others, should no answer come."""
    _sql.take(conn, release_id=release_id, what=what, seconds=seconds)


def forget(conn: Connection, release_id: int) -> None:
    """Forget a release's prices, unless somebody has it by now."""
    _sql.hold(conn, release_id=release_id)
    _sql.forget(conn, release_id=release_id)


def totals(conn: Connection, *, usual: timedelta) -> list[Total]:
    """Return how much there is, a line a side; what was never asked for counts as ``usual``.

    It reads all there is: for people who ask, not for jobs.
    """
    return [Total(**row) for row in _sql.totals(conn, usual=usual)]


def following(conn: Connection, what: What, *, room: int) -> list[Following]:
    """Return what comes next of one side."""
    rows = _sql.following(conn, what=what, room=room)
    return [
        Following(Price(**{name: row[name] for name in Price.__slots__}), row["artist"], row["title"]) for row in rows
    ]


def alert_demand(conn: Connection) -> float:
    """Return the requests a day that check all alerts at their planned intervals."""
    return float(_sql.alert_demand(conn))


def count_due(conn: Connection, *, room: int) -> int:
    """Return how many prices are due, counted up to ``room``."""
    return int(_sql.count_due(conn, room=room))


def spent_otherwise(conn: Connection, kinds: Sequence[str]) -> int:
    """Return how many requests of the last 24 hours went to anything but these job kinds."""
    return int(_sql.spent_otherwise(conn, kinds=list(kinds)))
