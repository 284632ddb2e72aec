"""Exchange rates, once a day: Discogs converts the floor of one release into every currency that somebody has.

The release is the one with most on offer, and its floor in dollars is asked before and after: only while it stood still
are the others what Discogs converts by. A currency that Discogs does not convert into, which anybody may name, costs
nobody else a rate.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from actors.catalog import REFRESH_RATES
from actors.checkpoints import RatesCheckpoint
from actors.wording import count
from db import Connection, rates
from discogs.errors import Gone
from discogs.ids import ReleaseId
from discogs.money import CURRENCIES, Money
from services.market import pricing
from services.market.watching import store_price
from workers.kinds import Continue, Done, Job, NoArguments, Outcome, Progress, Step

DOLLAR = "USD"
MOST_TRIES = 3
DAILY = timedelta(hours=23)
KEPT_DIGITS = Decimal("0.0000000001")


@dataclass(frozen=True, slots=True)
class Missing:
    """Discogs does not know the release any more."""


def ask(step: Step[NoArguments, RatesCheckpoint]) -> Money | Missing | None:
    """Ask for the floor in the currency whose turn it is; nothing in the first step, which chooses."""
    was = step.checkpoint
    if was.release_id is None:
        return None
    try:
        return step.discogs.marketplace_stats(ReleaseId(was.release_id), currency=was.left[0]).lowest
    except Gone:
        return Missing()


def store(conn: Connection, step: Step[NoArguments, RatesCheckpoint], floor: Money | Missing | None) -> Outcome:
    """Choose the release, then keep each floor; in the end the rates."""
    was = step.checkpoint
    if was.release_id is None:
        return _begin(conn)
    if isinstance(floor, Missing):
        store_price(conn, was.release_id, "stats", pricing.gone())
        return _begin(conn)  # with another release: this one is no longer among those that have a price
    currency, left, said = was.left[0], was.left[1:], dict(was.said)
    if floor is not None and floor.currency == currency and floor.amount:
        said[currency] = floor.amount
    elif currency == DOLLAR:
        return Done("Discogs gave no floor in USD: the rates stay as they were.", _progress(was))
    if currency == DOLLAR and was.said.get(DOLLAR, said[DOLLAR]) != said[DOLLAR]:
        return _again(was)
    checkpoint = was.model_copy(update={"left": left, "said": said})
    if left:
        return Continue(checkpoint, _progress(checkpoint))
    dollars = said.pop(DOLLAR)
    rates.keep(
        conn,
        {currency: (amount / dollars).quantize(KEPT_DIGITS) for currency, amount in said.items()},
        source="discogs",
    )
    return Done(f"{count(len(said), 'exchange rate')} kept, by release {was.release_id}.", _progress(checkpoint))


JOB = Job(REFRESH_RATES, ask, store)


def _begin(conn: Connection) -> Outcome:
    currencies = [one for one in rates.wanted(conn, age=DAILY) if one in CURRENCIES]
    if not currencies:
        return Done("Every rate that somebody needs and Discogs has is of today.", Progress(0))
    release_id = rates.liquid_release(conn)
    if release_id is None:
        return Done("No release with a floor is known yet, so nothing could be converted.", Progress(0))
    checkpoint = RatesCheckpoint(release_id=release_id, currencies=tuple(currencies), left=_round(currencies))
    return Continue(checkpoint, _progress(checkpoint))


def _again(was: RatesCheckpoint) -> Outcome:
    """Begin the round anew: the floor moved under it."""
    if was.nth_try >= MOST_TRIES:
        return Done("The floor moved in each of three rounds: the rates stay as they were.", _progress(was))
    checkpoint = was.model_copy(update={"nth_try": was.nth_try + 1, "left": _round(was.currencies), "said": {}})
    return Continue(checkpoint, _progress(checkpoint))


def _round(currencies: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (DOLLAR, *currencies, DOLLAR)


def _progress(at: RatesCheckpoint) -> Progress:
    return Progress(len(at.currencies) + 2 - len(at.left), total=len(at.currencies) + 2)
