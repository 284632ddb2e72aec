"""Offers of watched sellers, as their shops showed them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from db import Connection, Row
from db.queries import load
from db.storable import as_rows, storable

FIRST = (Decimal("Infinity"), 0)

_sql = load("listings")


@dataclass(frozen=True, slots=True)
class Listing:
    """One offer as a page shows it: short grades, None for what is none; price in the seller's currency."""

    listing_id: int
    release_id: int
    media: str | None
    sleeve: str | None
    price: Decimal | None
    currency: str | None
    ships_from: str
    posted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer beside its seller. ``own_price`` is in the user's currency by ``rate``, None without one.

    ``fetched_at`` is when its page was read, ``seen_at`` the database's time.
    """

    listing_id: int
    release_id: int
    seller: str
    media: str | None
    sleeve: str | None
    price: Decimal | None
    currency: str | None
    own_price: Decimal | None
    rate: Decimal | None
    rate_as_of: datetime | None
    ships_from: str
    posted_at: datetime | None
    fetched_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An offer in a better grade than the best copy that is owned, which counts as VG where it is ungraded.

    ``worth`` is what Discogs suggests for the offer's grade, as of ``worth_at``, in the user's currency.
    """

    offer: Offer
    artist: str
    title: str
    owned_grade: str
    is_assumed: bool
    worth: Decimal
    worth_at: datetime
    saving: Decimal


@dataclass(frozen=True, slots=True)
class Tally:
    """How many offers are in a better grade, how many of them ``cheaper``, and of how many nothing compares."""

    better: int
    cheaper: int
    unknown: int


def known(conn: Connection, seller: str, listing_ids: Sequence[int]) -> dict[int, bool]:
    """Return which of these offers stand in the shop already, and whether since a reading that came to its end."""
    rows = _sql.list_known(conn, seller=seller, listing_ids=list(listing_ids))
    return {row["listing_id"]: bool(row["is_settled"]) for row in rows}


def upsert(conn: Connection, seller: str, walk: UUID, listings: Sequence[Listing]) -> None:
    """Store offers, each once, as this walk through the shop saw them."""
    rows = {
        one.listing_id: {
            **{name: getattr(one, name) for name in Listing.__slots__},
            "price": None if one.price is None else str(one.price),
            "posted_at": None if one.posted_at is None else one.posted_at.isoformat(),
        }
        for one in listings
    }
    _sql.upsert(conn, seller=seller, walk=walk, rows=as_rows(list(rows.values())))


def look(conn: Connection, listing_ids: Sequence[int], *, fresh: timedelta) -> int:
    """Let these offers be asked for anew that were seen longer ago than this; return how many."""
    found: int = _sql.look(conn, listing_ids=list(listing_ids), fresh=fresh)
    return found


def next_looked(conn: Connection) -> int | None:
    """Return the offer that somebody has waited for longest."""
    found: int | None = _sql.next_looked(conn)
    return found


def take(conn: Connection, listing_id: int) -> None:
    """Let nobody wait for this offer any more: it is being asked for."""
    _sql.take(conn, listing_id=listing_id)


def refresh(conn: Connection, listing: Listing) -> None:
    """Store an offer as it was shown by itself. One that is forgotten stays so."""
    _sql.refresh(
        conn,
        listing_id=listing.listing_id,
        media=listing.media,
        sleeve=listing.sleeve,
        price=listing.price,
        currency=listing.currency,
        ships_from=storable(listing.ships_from),
    )


def forget(conn: Connection, listing_id: int) -> bool:
    """Forget an offer that was sold. False when it was forgotten before."""
    return bool(_sql.forget(conn, listing_id=listing_id))


def count_seen(conn: Connection, seller: str, walk: UUID) -> int:
    """Return how many offers a walk saw."""
    seen: int = _sql.count_seen(conn, seller=seller, walk=walk)
    return seen


def forget_unseen(conn: Connection, seller: str, walk: UUID, *, older_than: timedelta = timedelta(0)) -> int:
    """Forget what a walk did not see and nobody saw for so long; return how many."""
    gone: int = _sql.forget_unseen(conn, seller=seller, walk=walk, older_than=older_than)
    return gone


def forget_all(conn: Connection, seller: str) -> int:
    """Forget a shop's offers; return how many there were."""
    gone: int = _sql.forget_all(conn, seller=seller)
    return gone


def for_release(
    conn: Connection, user_id: UUID, currency: str, release_id: int, *, room: int
) -> tuple[list[Offer], int]:
    """Return what watched sellers offer of a release, the cheapest first, and how many offers there are in all."""
    rows = _sql.list_for_release(conn, user_id=user_id, currency=currency, release_id=release_id, room=room)
    return [_offer(row) for row in rows], rows[0]["of"] if rows else 0


def cheaper(
    conn: Connection,
    user_id: UUID,
    currency: str,
    *,
    release_id: int | None = None,
    after: tuple[Decimal, int] = FIRST,
    room: int,
) -> tuple[list[Upgrade], Tally]:
    """Return upgrades below what they are worth, of one release or all that are owned, the largest saving first.

    The last one's saving and number are the next page's ``after``. The tally is of all pages.
    """
    rows = _sql.list_cheaper(
        conn, user_id=user_id, currency=currency, release_id=release_id, below=after[0], after=after[1], room=room
    )
    tally = Tally(**{name: rows[0][name] for name in Tally.__slots__})
    return [_upgrade(row) for row in rows if row["listing_id"] is not None], tally


def _upgrade(row: Row) -> Upgrade:
    return Upgrade(_offer(row), **{name: row[name] for name in Upgrade.__slots__ if name != "offer"})


def _offer(row: Row) -> Offer:
    return Offer(**{name: row[name] for name in Offer.__slots__})
