"""The shops of watched sellers are read page by page, each once for all who watch it, and what was sold goes.

Discogs lists no offers for a release, only a named seller's. A shop is read newest first: every day up to the first
offer that is known, once a week to its end. It ends when no shop is due, and after a while, for the clock to begin
anew; a shop that was begun is read to its end first.
"""

from enum import Enum, auto
from typing import TypeAlias
from uuid import UUID, uuid4

from actors.catalog import READ_SHOPS
from actors.checkpoints import ShopsCheckpoint
from actors.market import shopping
from actors.market.shopping import Move, Place, after_page, listing_of, saw_all
from actors.wording import count
from db import Connection, listings, sellers
from discogs.errors import Gone, Invalid, PastEnd, Unauthorised
from discogs.records.market import InventoryPage, Listing
from services.market import exchange_rates
from workers.kinds import Continue, Done, Job, NoArguments, Outcome, Progress, Step

ShopStep: TypeAlias = Step[NoArguments, ShopsCheckpoint]

MOST = 300  # requests a job, before it begins another shop: prices take turns with it, job by job
MOST_LOOKED = 100  # of these for single offers, while a shop is due
FOR_SALE = ("For Sale", "")
BEHIND_SECONDS = 3600.0  # until a shop is due again that could not be read


class Missed(Enum):
    """What came instead of a page."""

    PAST_END = auto()
    NOT_THERE = auto()
    NOT_SHOWN = auto()


Fetched: TypeAlias = InventoryPage | Listing | Missed | None


def fetch(step: ShopStep) -> Fetched:
    """Ask for the offer that was chosen, or for the next page of the shop."""
    chosen = step.checkpoint
    if chosen.listing is None and not chosen.seller:
        return None
    try:
        if chosen.listing is not None:
            return step.discogs.listing(chosen.listing)
        return step.discogs.inventory(chosen.name, chosen.current_page + 1, per_page=shopping.PER_PAGE)
    except PastEnd:
        return Missed.PAST_END
    except Gone:
        return Missed.NOT_THERE
    except (Invalid, Unauthorised):
        return Missed.NOT_SHOWN


def store(conn: Connection, step: ShopStep, fetched: Fetched) -> Outcome:
    """Store what came, and say what is read next."""
    was = step.checkpoint
    if fetched is None:
        return choose(conn, was)
    was = was.model_copy(update={"asked": was.asked + 1})
    if was.listing is not None:
        return _store_offer(conn, was, was.listing, fetched)
    if isinstance(fetched, InventoryPage):
        return _store_page(conn, was, fetched)
    if fetched is Missed.PAST_END:
        return _end(conn, was.model_copy(update={"is_steady": False}))
    return _leave(conn, was, is_gone=fetched is Missed.NOT_THERE)


def _store_offer(conn: Connection, was: ShopsCheckpoint, number: int, fetched: Fetched) -> Outcome:
    """Store how an offer stands that somebody looked at. Only what Discogs says was sold is forgotten."""
    sold = 0
    if isinstance(fetched, Listing) and fetched.status in FOR_SALE:
        listings.refresh(conn, listing_of(fetched))
    elif isinstance(fetched, Listing) or fetched is Missed.NOT_THERE:
        sold = listings.forget(conn, number)
    return choose(conn, was.model_copy(update={"looked": was.looked + 1, "sold": was.sold + sold}))


def _store_page(conn: Connection, was: ShopsCheckpoint, page: InventoryPage) -> Outcome:
    shown = [listing_of(one) for one in page.items if one.status in FOR_SALE]
    known = listings.known(conn, was.seller, [one.listing_id for one in shown])
    listings.upsert(conn, was.seller, _walk_of(was), shown)
    exchange_rates.request_missing(conn, {one.currency for one in shown if one.currency is not None})
    asked_for = was.current_page + 1
    now = was.model_copy(
        update={
            "current_page": asked_for,
            "offers": page.total_items,
            "unreadable": was.unreadable + len(page.unreadable),
            "is_steady": was.is_steady
            and not page.unreadable
            and (was.current_page == 0 or was.offers == page.total_items),
            "new": was.new + len({one.listing_id for one in shown} - known.keys()),
        }
    )
    # The walk counts for itself: a server that answers with another page than asked for would lead it in circles.
    place = Place(asked_for, page.pages, page.per_page, page.total_items, len(page.items) + len(page.unreadable))
    move = after_page(place, is_full=was.is_full, knows_one=any(known.values()))
    if move is Move.NEXT_PAGE:
        return Continue(now, _progress(now))
    currency = next((one.currency for one in shown if one.currency), None)
    return _end(conn, now, currency, is_swept=move is Move.END)


def _end(conn: Connection, was: ShopsCheckpoint, currency: str | None = None, *, is_swept: bool = True) -> Outcome:
    """Close the walk through a shop. Only one that saw everything says that all else was sold."""
    sold = 0
    if is_swept:
        walk = _walk_of(was)
        is_whole = was.is_steady and saw_all(listings.count_seen(conn, was.seller, walk), was.offers)
        sold = (
            listings.forget_unseen(conn, was.seller, walk)
            if is_whole
            else listings.forget_unseen(conn, was.seller, walk, older_than=shopping.DOUBTED)
        )
    sellers.settle(
        conn,
        was.seller,
        "open",
        again=shopping.DAILY,
        offers=was.offers,
        currency=currency,
        is_swept=is_swept,
    )
    return choose(conn, was.model_copy(update={"shops": was.shops + 1, "sold": was.sold + sold}))


def _leave(conn: Connection, was: ShopsCheckpoint, *, is_gone: bool) -> Outcome:
    """Note that there is no such seller, or that the shop is not shown, which may be over tomorrow."""
    if is_gone:
        gone = listings.forget_all(conn, was.seller)
        sellers.settle(conn, was.seller, "gone", again=shopping.SELDOM)
    else:
        gone = listings.forget_unseen(conn, was.seller, _walk_of(was), older_than=shopping.DOUBTED)
        sellers.settle(conn, was.seller, "closed", again=shopping.DAILY)
    return choose(conn, was.model_copy(update={"sold": was.sold + gone}))


def choose(conn: Connection, was: ShopsCheckpoint) -> Outcome:
    """Take the offer that somebody waits for, else the shop that is due for longest.

    A shop that nobody watches any more is forgotten.
    """
    counts = ("asked", "shops", "looked", "new", "sold", "unreadable")
    stand = ShopsCheckpoint(**{name: getattr(was, name) for name in counts})
    number, due = listings.next_looked(conn), sellers.next_due(conn)
    if stand.asked >= MOST and (number is not None or due is not None):
        return _done(stand, is_over=False)
    if number is not None and (due is None or stand.looked < MOST_LOOKED):
        listings.take(conn, number)
        return Continue(stand.model_copy(update={"listing": number}), _progress(stand))
    if due is None:
        return _done(stand, is_over=True)
    if not due.is_watched:
        sellers.forget(conn, due.seller.seller)
        return Continue(stand, _progress(stand), takes_token=False)
    sellers.take(conn, due.seller.seller, seconds=BEHIND_SECONDS)
    chosen = {
        "seller": due.seller.seller,
        "name": due.seller.name,
        "walk": uuid4(),
        "is_full": shopping.is_full(due.seller.swept_at, due.seller.seen_at),
    }
    return Continue(stand.model_copy(update=chosen), _progress(stand))


def _walk_of(checkpoint: ShopsCheckpoint) -> UUID:
    """Return the walk of a checkpoint that names a shop."""
    if checkpoint.walk is None:
        raise LookupError("no shop was chosen yet, so no walk has begun")
    return checkpoint.walk


def _done(was: ShopsCheckpoint, *, is_over: bool) -> Done:
    said = f"{count(was.shops, 'shop')} read in {count(was.asked - was.looked, 'page')}"
    if was.looked:
        said += f", {count(was.looked, 'offer')} looked at again"
    said += f": {was.new:,} new, {was.sold:,} gone."
    if was.unreadable:
        said += f" {count(was.unreadable, 'offer')} could not be read; their shops' others were kept."
    if not is_over:
        said += " More are due; the next job of the clock goes on."
    return Done(said, _progress(was))


def _progress(was: ShopsCheckpoint) -> Progress:
    return Progress(was.asked)


JOB: Job[NoArguments, ShopsCheckpoint, Fetched] = Job(READ_SHOPS, fetch, store)
