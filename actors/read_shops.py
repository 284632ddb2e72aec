"""The shops of watched sellers are read page by page, each once for all who watch it, and what was sold goes.

Discogs lists no offers for a release, only a named seller's. A shop is read newest first: every day up to the first
offer that is known, once a week to its end. It ends when no shop is due, and after a while, for the clock to begin
anew; a shop that was begun is read to its end first.
"""

from enum import Enum, auto
from typing import TypeAlias
from uuid import UUID, uuid4

from actors import shopping
from actors.catalog import READ_SHOPS, ShopsCheckpoint
from actors.shopping import Move, Place, after_page, listing_of, saw_all
from actors.wording import count
from db import Connection, listings, sellers
from discogs.errors import Gone, Invalid, PastEnd, Unauthorised
from discogs.records.market import InventoryPage
from workers.kinds import Continue, Done, Job, NoArguments, Outcome, Progress, Step

ShopStep: TypeAlias = Step[NoArguments, ShopsCheckpoint]

MOST = 300  # pages a job, before it begins another shop: prices take turns with it, job by job
BEHIND_SECONDS = 3600.0  # until a shop is due again that could not be read


class Missed(Enum):
    """What came instead of a page."""

    PAST_END = auto()
    NOT_THERE = auto()
    NOT_SHOWN = auto()


Fetched: TypeAlias = InventoryPage | Missed | None


def fetch(step: ShopStep) -> Fetched:
    """Ask for the next page of the shop that was chosen."""
    chosen = step.checkpoint
    if not chosen.seller:
        return None
    try:
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
    if isinstance(fetched, InventoryPage):
        return _store_page(conn, was, fetched)
    if fetched is Missed.PAST_END:
        return _end(conn, was.model_copy(update={"is_steady": False}))
    return _leave(conn, was, fetched)


def _store_page(conn: Connection, was: ShopsCheckpoint, page: InventoryPage) -> Outcome:
    shown = [listing_of(one) for one in page.items if one.status in ("For Sale", "")]
    known = listings.known(conn, was.seller, [one.listing_id for one in shown])
    listings.upsert(conn, was.seller, _walk_of(was), shown)
    asked_for = was.current_page + 1
    now = was.model_copy(
        update={
            "current_page": asked_for,
            "offers": page.total_items,
            "is_steady": was.is_steady and (was.current_page == 0 or was.offers == page.total_items),
            "new": was.new + len({one.listing_id for one in shown} - known),
        }
    )
    # The walk counts for itself: a server that answers with another page than asked for would lead it in circles.
    place = Place(asked_for, page.pages, page.per_page, page.total_items, len(page.items))
    move = after_page(place, is_full=was.is_full, knows_one=bool(known))
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


def _leave(conn: Connection, was: ShopsCheckpoint, missed: Missed) -> Outcome:
    """Note that there is no such seller, or that the shop is not shown, which may be over tomorrow."""
    if missed is Missed.NOT_THERE:
        gone = listings.forget_all(conn, was.seller)
        sellers.settle(conn, was.seller, "gone", again=shopping.SELDOM)
    else:
        gone = listings.forget_unseen(conn, was.seller, _walk_of(was), older_than=shopping.DOUBTED)
        sellers.settle(conn, was.seller, "closed", again=shopping.DAILY)
    return choose(conn, was.model_copy(update={"sold": was.sold + gone}))


def choose(conn: Connection, was: ShopsCheckpoint) -> Outcome:
    """Take the shop that is due for longest; forget one that nobody watches any more."""
    stand = ShopsCheckpoint(asked=was.asked, shops=was.shops, new=was.new, sold=was.sold)
    due = sellers.next_due(conn)
    if due is None:
        return _done(stand, is_over=True)
    if stand.asked >= MOST:
        return _done(stand, is_over=False)
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
    said = f"{count(was.shops, 'shop')} read in {count(was.asked, 'page')}: {was.new:,} new, {was.sold:,} gone."
    if not is_over:
        said += " More are due; the next job of the clock goes on."
    return Done(said, _progress(was))


def _progress(was: ShopsCheckpoint) -> Progress:
    return Progress(was.asked)


JOB: Job[NoArguments, ShopsCheckpoint, Fetched] = Job(READ_SHOPS, fetch, store)
