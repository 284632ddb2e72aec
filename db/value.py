"""What collections are worth: now, in parts, and by day; every figure in the currency that is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from db import Connection
from db.queries import load

Dimension = Literal["condition", "genre", "decade", "label"]

_sql = load("value")


@dataclass(frozen=True, slots=True)
class Sum:
    """A whole collection. ``assumed`` of the ``valued`` are ungraded; the last four say what the others lack."""

    copies: int
    valued: int
    assumed: int
    low: Decimal
    median: Decimal
    high: Decimal
    oldest_price_at: datetime | None
    oldest_price_age: timedelta | None
    mean_price_age: timedelta | None
    no_release: int
    not_asked: int
    no_price: int
    no_rate: int


@dataclass(frozen=True, slots=True)
class Part:
    """One condition, genre, decade or label; ``name`` is None for what has none, and for the rest of ``names``."""

    dimension: Dimension
    name: str | None
    is_rest: bool
    names: int
    copies: int
    valued: int
    low: Decimal
    median: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Dear:
    """A copy that is worth much."""

    album_id: UUID
    release_id: int
    artist: str
    title: str
    year: int | None
    grade: str
    is_assumed: bool
    low: Decimal
    median: Decimal
    high: Decimal
    priced_at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """A snapshot. The last five add up to the change of the median since ``since``; None where nothing compares.

    ``copies`` and what follows is None for a day that another program wrote.
    """

    day: date
    currency: str
    low: Decimal
    median: Decimal
    high: Decimal
    valued: int
    copies: int | None
    assumed: int | None
    oldest_price_at: datetime | None
    mean_price_age: timedelta | None
    since: date | None
    bought: Decimal | None
    sold: Decimal | None
    market: Decimal | None
    exchange: Decimal | None
    better_data: Decimal | None


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody whose collection is valued by itself, with the day of the last snapshot."""

    user_id: UUID
    time_zone: str
    currency: str
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Said:
    """What Discogs itself says a collection is worth."""

    minimum: Decimal | None
    median: Decimal | None
    maximum: Decimal | None
    currency: str | None
    fetched_at: datetime
    age: timedelta


def sum_up(conn: Connection, user_id: UUID, currency: str) -> Sum:
    """Return what all of it is worth."""
    return Sum(**_sql.sum_up(conn, user_id=user_id, currency=currency))


def unrated(conn: Connection, user_id: UUID, currency: str) -> list[str]:
    """Return the currencies of a collection's prices that have no exchange rate."""
    return [row["currency"] for row in _sql.list_unrated(conn, user_id=user_id, currency=currency)]


def parts(conn: Connection, user_id: UUID, currency: str, *, room: int) -> list[Part]:
    """Return the ``room`` dearest of each dimension, and the rest of it as one; each dimension is the whole."""
    return [Part(**row) for row in _sql.list_parts(conn, user_id=user_id, currency=currency, room=room)]


def dearest(conn: Connection, user_id: UUID, currency: str, *, room: int) -> list[Dear]:
    """Return the copies that are worth most."""
    return [Dear(**row) for row in _sql.list_dearest(conn, user_id=user_id, currency=currency, room=room)]


def snapshot(conn: Connection, user_id: UUID, currency: str, day: date, *, bought_within: timedelta) -> bool:
    """Keep what a collection is worth on this day; False when the day, or a later one, has its snapshot.

    A copy that is valued for the first time within ``bought_within`` of being met counts as bought.
    """
    return bool(_sql.snapshot(conn, user_id=user_id, currency=currency, day=day, bought_within=bought_within.days))


def unplanned(conn: Connection, user_id: UUID, *, room: int) -> list[int]:
    """Return releases of a collection whose price nobody plans to ask for."""
    return [row["release_id"] for row in _sql.list_unplanned(conn, user_id=user_id, room=room)]


def days(conn: Connection, user_id: UUID, *, since: date) -> list[Day]:
    """Return the snapshots from a day on, the oldest first."""
    return [Day(**row) for row in _sql.list_days(conn, user_id=user_id, since=since)]


def owners(conn: Connection, *, after: UUID, tiers: Sequence[str], room: int) -> list[Owner]:
    """Return users of these tiers who have or had a collection, in the order of their ids, from behind one."""
    return [Owner(**row) for row in _sql.find_owners(conn, after=after, tiers=list(tiers), room=room)]


def said(conn: Connection, user_id: UUID) -> Said | None:
    """Return what Discogs said last."""
    row = _sql.find_said(conn, user_id=user_id)
    return None if row is None else Said(**row)


def claim_said(conn: Connection, user_id: UUID, *, older_than: timedelta, seconds: float) -> bool:
    """Become the one who asks Discogs; False while its word is fresh, or while somebody else asks."""
    return bool(_sql.claim_said(conn, user_id=user_id, older_than=older_than, seconds=seconds))


def keep_said(
    conn: Connection,
    user_id: UUID,
    *,
    minimum: Decimal | None,
    median: Decimal | None,
    maximum: Decimal | None,
    currency: str | None,
) -> None:
    """Keep what Discogs said just now."""
    _sql.keep_said(conn, user_id=user_id, minimum=minimum, median=median, maximum=maximum, currency=currency)
