"""How a shop is walked through: when a walk ends, what it says then, and what an offer is to us. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum, auto

from db.listings import Listing
from discogs.grades import shorten
from discogs.records.market import Listing as Shown
from services.market.pricing import CENT

PER_PAGE = 100
DEEPEST = 100  # pages of another's shop that Discogs shows
CEILING = PER_PAGE * DEEPEST

DAILY = timedelta(days=1)
WEEKLY = timedelta(days=7)
SELDOM = timedelta(days=7)  # whether a shop that is not there is there again
DOUBTED = timedelta(days=14)  # an offer that no walk saw for so long is gone, whole or not

CODE = re.compile(r"[A-Z]{3}\Z")
MOST_MONEY = Decimal(10) ** 9  # what is dearer is no price, in whatever currency


class Move(Enum):
    """What comes after a page."""

    NEXT_PAGE = auto()
    KNOWN = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands, by Discogs' own count; ``held`` is how many offers it brought."""

    page: int
    pages: int
    per_page: int
    items: int
    held: int


def is_full(swept_at: datetime | None, now: datetime) -> bool:
    """Whether a shop is to be read from end to end: what was sold or repriced stands on every page."""
    return swept_at is None or now - swept_at >= WEEKLY


def after_page(place: Place, *, is_full: bool, knows_one: bool) -> Move:
    """Decide what follows a stored page, newest offers first.

    Where one is known since a reading that came to its end, and the walk is about what is new, all that follow are.
    A short page ends nothing: the last is the one that Discogs counts last, by ``pages`` or by ``items``; or the
    100th, or an empty one.
    """
    needed = -(-place.items // max(place.per_page, 1))
    if place.page >= min(max(place.pages, needed), DEEPEST) or not place.held:
        return Move.END
    return Move.KNOWN if knows_one and not is_full else Move.NEXT_PAGE


def saw_all(seen: int, offers: int) -> bool:
    """Whether a walk to the end saw everything that Discogs shows: then what it did not see was sold."""
    return seen >= min(offers, CEILING)


def listing_of(shown: Shown) -> Listing:
    """Return what is kept of an offer. Its price is the seller's own, which is the same whoever asks."""
    money = shown.original_price or shown.price
    if money is not None and not (0 <= money.amount < MOST_MONEY and CODE.match(money.currency)):
        money = None
    return Listing(
        listing_id=shown.id,
        release_id=shown.release_id,
        media=shorten(shown.condition),
        sleeve=shorten(shown.sleeve_condition),
        price=None if money is None else money.amount.quantize(CENT, rounding=ROUND_HALF_EVEN),
        currency=None if money is None else money.currency,
        ships_from=shown.ships_from,
        posted_at=shown.posted,
    )
