"""Prices stay fresh: of all releases that somebody has, what waits longest is asked for, once for everybody.

Each price has its own due time (services/market/pricing.py), and waits are compared beside its own interval: where
the budget does not do, all come as many times as late, and a floor near an alert by hours, not by days. Whoever waits
comes to the front: nobody starves, and nothing fresh goes before what is stale. It ends when nothing is due, and after
a while, for the clock to go on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from actors.catalog import REFRESH_PRICES
from actors.checkpoints import PriceCheckpoint
from actors.wording import count
from db import Connection, price_plan, prices
from db.price_plan import Due
from db.prices import Fresh, What
from discogs.errors import ApplicationRejected, Gone, Invalid, SellerSettings, Unauthorised
from discogs.ids import ReleaseId
from discogs.records.market import MarketplaceStats, PriceSuggestions
from services.market import price_accounts, pricing
from services.market.price_accounts import OPERATOR
from services.market.pricing import CURRENCY
from services.market.watching import store_price
from workers.kinds import Continue, Done, Job, NoArguments, Outcome, Progress, Step

PriceStep: TypeAlias = Step[NoArguments, PriceCheckpoint]

MOST = 10_000  # requests a job, hours of them: until the next one of the clock goes on, some minutes are lost
FORGOTTEN_A_STEP = 200
BEHIND_SECONDS = 3600.0  # until a side is due again whose answer did not come


@dataclass(frozen=True, slots=True)
class Refused:
    """No answer, and none will come: the release is unknown, or the account gets no suggestions."""

    is_release_gone: bool = False
    is_account_refused: bool = False


Fetched: TypeAlias = MarketplaceStats | PriceSuggestions | Refused | None


def fetch(step: PriceStep) -> Fetched:
    """Ask for the side that was chosen."""
    chosen = step.checkpoint
    if chosen.what is None:
        return None
    try:
        if chosen.what == "stats":
            return step.discogs.marketplace_stats(ReleaseId(chosen.release), currency=CURRENCY)
        return _suggestions(step, chosen)
    except Gone:
        return Refused(is_release_gone=True)
    except Invalid:
        return Refused()


def _suggestions(step: PriceStep, chosen: PriceCheckpoint) -> PriceSuggestions | Refused:
    client = None if chosen.asker is None else step.discogs_of(chosen.asker)
    if client is None:
        return Refused(is_account_refused=True)  # its owner ended it meanwhile, or its token does not open
    try:
        return client.price_suggestions(ReleaseId(chosen.release))
    except (SellerSettings, Unauthorised, ApplicationRejected):
        # Our own key is tried with every floor: here its words are about one account's token (workers/runner.py).
        return Refused(is_account_refused=True)


def store(conn: Connection, step: PriceStep, fetched: Fetched) -> Outcome:
    """Store what came, and choose what is asked for next."""
    was = store_answer(conn, step, fetched)
    if was.asked >= MOST:
        return done(was, is_over=False)
    return choose(conn, was, has_operator=step.discogs_of(OPERATOR) is not None)


def store_answer(conn: Connection, step: PriceStep, fetched: Fetched) -> PriceCheckpoint:
    """Store what came, if something was requested; return the checkpoint with its count."""
    was, what = step.checkpoint, step.checkpoint.what
    if what is None:
        return was
    was = was.model_copy(update={"asked": was.asked + 1})
    _keep(conn, was, what, fetched)
    return was


def _keep(conn: Connection, was: PriceCheckpoint, what: What, fetched: Fetched) -> None:
    if was.asker is not None:
        if isinstance(fetched, PriceSuggestions):
            price_accounts.store_seller_settings(conn, was.asker, has_them=True)
        elif isinstance(fetched, Refused) and fetched.is_account_refused:
            price_accounts.store_seller_settings(conn, was.asker, has_them=False)
    fresh = _fresh(conn, was.release, what, fetched)
    if fresh is not None:
        store_price(conn, was.release, what, fresh)


def _fresh(conn: Connection, release_id: int, what: What, fetched: Fetched) -> Fresh | None:
    known = prices.find(conn, release_id, what)
    if known is None:
        return None  # nobody has it any more
    match fetched:
        case MarketplaceStats():
            return pricing.of_stats(fetched, known, known.seen_at)
        case PriceSuggestions():
            return pricing.of_suggestions(fetched, known, known.seen_at)
        case Refused(is_release_gone=True):
            return pricing.gone()
        case _:
            return None


def choose(conn: Connection, was: PriceCheckpoint, *, has_operator: bool) -> Outcome:
    """Take the price that is next."""
    return take_next(conn, was, lambda: next_of(conn, has_operator=has_operator))


def take_next(conn: Connection, was: PriceCheckpoint, find: Callable[[], tuple[Due | None, UUID | None]]) -> Outcome:
    """Take the price that ``find`` returns with its account; forget releases that no user has any more."""
    forgotten = was.forgotten
    for _ in range(FORGOTTEN_A_STEP):
        due, asker = find()
        stand = PriceCheckpoint(asked=was.asked, forgotten=forgotten)
        if due is None:
            return done(stand, is_over=True)
        if due.is_anybodys:
            price_plan.take(conn, due.release_id, due.what, seconds=BEHIND_SECONDS)
            chosen = {"release": due.release_id, "what": due.what, "asker": asker}
            return Continue(stand.model_copy(update=chosen), _progress(stand))
        price_plan.forget(conn, due.release_id)
        forgotten += 1
    stand = PriceCheckpoint(asked=was.asked, forgotten=forgotten)
    return Continue(stand, _progress(stand), takes_token=False)


def next_of(conn: Connection, *, has_operator: bool) -> tuple[Due | None, UUID | None]:
    """Return the next price that can be requested, and the account for it; suggestions need one."""
    stats, suggestions = price_plan.next_due(conn, "stats"), price_plan.next_due(conn, "suggestions")
    if suggestions is None or (stats is not None and _order(stats) <= _order(suggestions)):
        return stats, None
    accounts = price_accounts.accounts_for(conn, suggestions.release_id, has_operator=has_operator, limit=1)
    return (suggestions, accounts[0]) if accounts else (stats, None)


def _order(due: Due) -> tuple[float, int]:
    return -due.late, due.release_id


def done(was: PriceCheckpoint, *, is_over: bool) -> Done:
    """End a job of this kind; ``is_over`` if nothing else is due."""
    said = f"{count(was.asked, 'price')} asked for anew."
    if was.forgotten:
        said += f" {count(was.forgotten, 'release')} forgotten, which nobody has any more."
    if not is_over:
        said += " More are due; the next job of the clock goes on."
    return Done(said, _progress(was))


def _progress(was: PriceCheckpoint) -> Progress:
    return Progress(was.asked)


JOB: Job[NoArguments, PriceCheckpoint, Fetched] = Job(REFRESH_PRICES, fetch, store)
