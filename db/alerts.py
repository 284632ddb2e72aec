"""Price alerts of collectors, each beside what is known of its release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from db import Connection, Row
from db.prices import State
from db.queries import load

LAST = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))

_sql = load("alerts")


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. ``floor`` and ``suggestion`` are in its own currency, None where unknown or without a rate.

    ``floor_said`` is the floor as Discogs has it, ``rate`` what it was multiplied by, ``seen_at`` the database's time.
    ``owned_since`` is when the user's first copy was added. While ``review`` is set, the alert does not fire: an open
    review item decides whether the release is still wanted.
    ``checked_every`` is the real interval between checks: the planned one, stretched where capacity does not suffice.
    """

    id: UUID
    user_id: UUID
    release_id: int
    artist: str | None
    title: str | None
    target: Decimal
    currency: str
    minimum_grade: str | None
    is_active: bool
    created_at: datetime
    last_checked_at: datetime | None
    triggered_at: datetime | None
    triggered_price: Decimal | None
    above_since: datetime | None
    seen_floor: Decimal | None
    floor_state: State | None
    floor_at: datetime | None
    floor_said: Decimal | None
    floor_currency: str | None
    num_for_sale: int | None
    rate: Decimal | None
    rate_as_of: datetime | None
    floor: Decimal | None
    suggestion: Decimal | None
    suggested_at: datetime | None
    owned_since: datetime | None
    review: Literal["owned_want", "removed_want"] | None
    checked_every: timedelta | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """Where an alert stands once it saw a floor."""

    id: UUID
    triggered_at: datetime | None
    triggered_price: Decimal | None
    above_since: datetime | None
    seen_floor: Decimal | None


def lock(conn: Connection, user_id: UUID) -> None:
    """Wait until nobody else changes this user's alerts."""
    _sql.lock(conn, user_id=user_id)


def find(conn: Connection, user_id: UUID, alert_id: UUID) -> Alert | None:
    """Return an alert of this user."""
    row = _sql.find(conn, user_id=user_id, id=alert_id)
    return None if row is None else _alert(row)


def find_same(conn: Connection, user_id: UUID, release_id: int, target: Decimal, currency: str) -> UUID | None:
    """Return the user's alert for this release and target."""
    found: UUID | None = _sql.find_same(conn, user_id=user_id, release_id=release_id, target=target, currency=currency)
    return found


def page(conn: Connection, user_id: UUID, *, below: tuple[datetime, UUID] = LAST, room: int) -> list[Alert]:
    """Return alerts of a user, the newest first; the last one's time and id are the next page's ``below``."""
    rows = _sql.list_page(conn, user_id=user_id, below_at=below[0], below_id=below[1], room=room)
    return [_alert(row) for row in rows]


def watching(conn: Connection, release_id: int) -> list[Alert]:
    """Return the alerts on a release that are on, each held until the transaction ends."""
    if not _sql.hold(conn, release_id=release_id):
        return []
    return [_alert(row) for row in _sql.list_watching(conn, release_id=release_id)]


def keep(conn: Connection, judged: Sequence[Judged]) -> None:
    """Remember where alerts stand that saw a floor just now."""
    _sql.keep(
        conn,
        ids=[one.id for one in judged],
        triggered=[one.triggered_at for one in judged],
        prices=[one.triggered_price for one in judged],
        above=[one.above_since for one in judged],
        seen=[one.seen_floor for one in judged],
    )


def count(conn: Connection, user_id: UUID) -> int:
    """Return how many alerts a user has."""
    found: int = _sql.count_own(conn, user_id=user_id)
    return found


def add(
    conn: Connection, user_id: UUID, release_id: int, target: Decimal, currency: str, *, minimum_grade: str | None
) -> UUID:
    """Make an alert, and return its id."""
    made: UUID = _sql.add(
        conn,
        user_id=user_id,
        release_id=release_id,
        target=target,
        currency=currency,
        minimum_grade=minimum_grade,
    )
    return made


def change(
    conn: Connection,
    user_id: UUID,
    alert_id: UUID,
    *,
    target: Decimal,
    currency: str,
    minimum_grade: str | None,
    is_active: bool,
) -> bool:
    """Say what an alert is from now on; another target begins anew. False when it is gone."""
    return bool(
        _sql.change(
            conn,
            user_id=user_id,
            id=alert_id,
            target=target,
            currency=currency,
            minimum_grade=minimum_grade,
            is_active=is_active,
        )
    )


def turn_off(conn: Connection, user_id: UUID, release_id: int) -> None:
    """Turn all alerts of a user for a release off."""
    _sql.turn_off(conn, user_id=user_id, release_id=release_id)


def remove(conn: Connection, user_id: UUID, alert_id: UUID) -> bool:
    """Remove an alert. False when there was none."""
    return bool(_sql.remove(conn, user_id=user_id, id=alert_id))


def _alert(row: Row) -> Alert:
    return Alert(**{name: row[name] for name in Alert.__slots__})
