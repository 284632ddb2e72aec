"""How a list is walked, page by page, and when a walk may say that it saw everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from db.instances import Unseen
from db.links import List
from db.sweeps import Sweep
from services.tiers import Feature, tier_of

PER_PAGE = 100
FREE_RECORDS = 50  # what an import of the free tier brings, newest first; what came before stays

# One sort key a try. Equal keys may come in any order, and with another key other records are equal. A wantlist is
# known to take two keys only.
TRIES: Mapping[List, Sequence[tuple[str, str]]] = {
    "collection": (("added", "desc"), ("title", "asc"), ("added", "asc")),
    "wantlist": (("added", "desc"), ("label", "asc"), ("added", "asc")),
}
MOST_TRIES = 3

GUARDED_SHARE = 0.02  # a sweep that would lose more than this asks


class Move(Enum):
    """What comes after a page."""

    NEXT_PAGE = auto()
    COMPLETE = auto()
    PARTIAL = auto()
    UNREADABLE = auto()
    TRY_AGAIN = auto()
    GIVE_UP = auto()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands in its list, by Discogs' own count; ``held`` counts its entries, unreadable ones included."""

    page: int
    pages: int
    per_page: int
    items: int
    held: int


def newest_of(tier: str) -> int | None:
    """How many records an account of this tier holds, None for all of them."""
    return None if tier_of(tier).has(Feature.WHOLE) else FREE_RECORDS


def after_page(sweep: Sweep, place: Place, newest: int | None) -> Move:
    """Decide what follows a stored page.

    A short page ends nothing: the last page is the one that Discogs counts last, by ``pages`` or by ``items``,
    whichever is later. Only an empty page from there on ends a list whose count of pages runs away.
    """
    if newest is not None and place.items > newest:
        return Move.PARTIAL
    needed = -(-place.items // max(place.per_page, 1))
    is_last = place.page >= max(place.pages, needed)
    has_run_out = place.held == 0 and place.page >= needed
    return after_last(sweep) if is_last or has_run_out else Move.NEXT_PAGE


def after_last(sweep: Sweep) -> Move:
    """Decide what a walk was worth when there are no more pages."""
    if sweep.is_whole and not sweep.unreadable and sweep.seen == sweep.items:
        return Move.COMPLETE
    if sweep.is_whole and sweep.unreadable and sweep.seen + len(sweep.unreadable) >= (sweep.items or 0):
        return Move.UNREADABLE  # another try would read the same
    return Move.TRY_AGAIN if sweep.nth_try < MOST_TRIES else Move.GIVE_UP


def may_go(lost: Unseen) -> bool:
    """Whether what a complete sweep did not see may be marked missing without asking; a single record always may."""
    return lost.unseen <= max(1, int(lost.known * GUARDED_SHARE))
