"""Sellers whom collectors watch: each shop is known once, for all who watch it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from db import Connection, Row
from db.queries import load

State = Literal["new", "open", "gone", "closed"]

_sql = load("sellers")


@dataclass(frozen=True, slots=True)
class Seller:
    """A seller as their shop was read last. ``seller`` is the name in lower case, ``offers`` what Discogs counts.

    ``swept_at`` is when all of it was read, ``seen_at`` the database's time.
    """

    seller: str
    name: str
    state: State
    offers: int | None
    fetched_at: datetime | None
    swept_at: datetime | None
    due_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Watched:
    """A seller whom a user watches, and since when."""

    seller: Seller
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A shop that is to be read, or forgotten when nobody watches it any more."""

    seller: Seller
    is_watched: bool


def lock(conn: Connection, user_id: UUID) -> None:
    """Wait until nobody else changes whom this user watches."""
    _sql.lock(conn, user_id=user_id)


def watch(conn: Connection, user_id: UUID, name: str) -> bool:
    """Watch a seller, by name in whatever case. False when the user does already."""
    _sql.meet(conn, name=name)
    return bool(_sql.watch(conn, user_id=user_id, name=name))


def unwatch(conn: Connection, user_id: UUID, name: str) -> bool:
    """Watch a seller no more. False when the user did not."""
    return bool(_sql.unwatch(conn, user_id=user_id, name=name))


def watched(conn: Connection, user_id: UUID) -> list[Watched]:
    """Return whom a user watches, the first one first."""
    return [Watched(_seller(row), row["added_at"]) for row in _sql.list_watched(conn, user_id=user_id)]


def hasten(conn: Connection, user_id: UUID, *, fresh: timedelta) -> None:
    """Let the shops that a user watches be read soon, where they were read longer ago than this."""
    _sql.hasten(conn, user_id=user_id, fresh=fresh)


def next_due(conn: Connection) -> Due | None:
    """Return the shop that has been due for longest."""
    row = _sql.next_due(conn)
    return None if row is None else Due(_seller(row), row["is_watched"])


def take(conn: Connection, seller: str, *, seconds: float) -> None:
    """Let a shop wait behind the others while it is read."""
    _sql.take(conn, seller=seller, seconds=seconds)


def forget(conn: Connection, seller: str) -> bool:
    """Forget a seller whom nobody watches, with all offers. False when somebody just began to."""
    _sql.hold(conn, seller=seller)  # first: whoever watches from now on is seen by the next statement
    return bool(_sql.forget(conn, seller=seller))


def settle(
    conn: Connection,
    seller: str,
    state: State,
    *,
    again: timedelta,
    offers: int | None = None,
    currency: str | None = None,
    is_swept: bool = False,
) -> None:
    """Note how a shop stands that was just read, and when it is read again."""
    _sql.settle(conn, seller=seller, state=state, offers=offers, currency=currency, is_swept=is_swept, again=again)


def _seller(row: Row) -> Seller:
    return Seller(**{name: row[name] for name in Seller.__slots__})
