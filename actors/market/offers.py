"""What is on offer of a release: the market's floor and count, and what the sellers have whom a collector watches."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from actors.catalog import READ_SHOPS
from actors.wording import count
from db import Connection, listings, sellers, users
from db.listings import Offer
from db.sellers import Watched
from discogs.errors import DiscogsError, Gone, PermitExpired
from services.market import prices
from services.market.prices import Seen
from services.market.pricing import FRESH
from services.single_flight import SingleFlight
from services.wording import ended
from workers.enqueue import Origin, enqueue
from workers.limiter.errors import LimiterError
from workers.resources import Resources

MOST = 200  # offers of one release that are shown
MOST_ASKED = 20  # of the offers that one looks at, the first that are asked for one by one
NO_LIST = (
    "Discogs lists no offers for a release to programs: its page has all of them, here are those of watched sellers."
)
NO_SELLER = "No seller is watched, and Discogs lists offers only by seller: watch one."


@dataclass(frozen=True, slots=True)
class Found:
    """What is on offer. ``market`` is None, with the reason in ``away``, while Discogs could not be asked.

    ``offers`` are the cheapest first, prices in ``currency`` too; ``of`` is how many there are.
    """

    release_id: int
    currency: str
    market: Seen | None
    away: str | None
    watched: Sequence[Watched]
    offers: Sequence[Offer]
    of: int

    @property
    def sentence(self) -> str:
        """Say who has it, and what that rests on."""
        if not self.watched:
            return NO_SELLER
        watched, having = len(self.watched), len({one.seller for one in self.offers})
        unread = sum(one.seller.fetched_at is None for one in self.watched)
        if unread == watched:
            return "No watched seller's shop was read yet."
        if watched == 1:
            said = "The watched seller has it" if having else "The watched seller does not have it"
        else:
            said = f"{having or 'None'} of the {watched} watched sellers {'have' if having > 1 else 'has'} it"
        told = f"{said}: {count(self.of, 'offer')}." if having else f"{said}."
        return f"{told} {count(unread, 'shop')} {'was' if unread == 1 else 'were'} not read yet." if unread else told


async def find(flights: SingleFlight, user_id: UUID, release_id: int, *, wait: float) -> Found:
    """Return the offers of a release; what was seen more than six hours ago is asked for soon.

    ``wait`` is the longest wait for Discogs in seconds, as in ``prices.look``.

    Raises:
        UnknownUser
        Gone: Discogs does not know the release.
    """
    market, away = None, None
    try:
        market = await prices.look(flights, user_id, release_id, "stats", wait=wait)
    except Gone:
        raise
    except (DiscogsError, LimiterError, PermitExpired) as error:
        away = ended(str(error))
    return await asyncio.to_thread(_found, flights.resources, user_id, release_id, market, away)


def _found(resources: Resources, user_id: UUID, release_id: int, market: Seen | None, away: str | None) -> Found:
    with resources.pool.transaction() as conn:
        currency = users.find(conn, user_id).currency
        offers, of = listings.for_release(conn, user_id, currency, release_id, room=MOST)
        watched = looked(conn, user_id, offers)
    return Found(release_id, currency, market, away, watched, offers, of)


def looked(conn: Connection, user_id: UUID, seen: Sequence[Offer]) -> list[Watched]:
    """Return whom a user watches who looks at these offers: what of it is not fresh is asked for, in the background."""
    stale = listings.look(conn, [one.listing_id for one in seen[:MOST_ASKED]], fresh=FRESH)
    sellers.hasten(conn, user_id, fresh=FRESH)
    watched = sellers.watched(conn, user_id)
    if stale or any(one.seller.due_at <= one.seller.seen_at for one in watched):
        enqueue(conn, READ_SHOPS.name, origin=Origin.OPERATOR)
    return watched


def link_of(offer: Offer) -> str:
    """Return where an offer is."""
    return f"https://www.discogs.com/sell/item/{offer.listing_id}"


def market_link(release_id: int) -> str:
    """Return where Discogs shows all offers of a release."""
    return f"https://www.discogs.com/sell/release/{release_id}"
