"""Floors of releases over time: the lowest and the last of each day, as Discogs told them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from db import Connection
from db.queries import load

_sql = load("floors")


@dataclass(frozen=True, slots=True)
class FloorDay:
    """A day (UTC) on which a floor was told; amounts are None while nothing was on offer.

    ``lowest`` and ``latest`` are in the currency that was asked for, by the ``rate`` of ``rate_of``, the last that was
    noted until that day; None too without one. ``lowest_said`` and ``latest_said`` are as Discogs had them.
    """

    day: date
    said_currency: str | None
    lowest_said: Decimal | None
    latest_said: Decimal | None
    lowest_at: datetime
    latest_at: datetime
    lowest: Decimal | None
    latest: Decimal | None
    rate: Decimal | None
    rate_of: date | None


def note(conn: Connection, release_id: int, floor: Decimal | None, currency: str | None) -> None:
    """Note the floor that was just seen, or that nothing is on offer, if anybody owns, wants or waits for it."""
    _sql.note(conn, release_id=release_id, floor=floor, currency=currency)


def days(conn: Connection, release_id: int, *, currency: str, since: date) -> list[FloorDay]:
    """Return the days on which a floor is known, the oldest first."""
    return [FloorDay(**row) for row in _sql.list_days(conn, release_id=release_id, currency=currency, since=since)]


def forget_old(conn: Connection, age: timedelta, *, room: int) -> int:
    """Clear some days that are over for so long; return how many."""
    return int(_sql.forget_old(conn, age=age, room=room))
