"""What prices mean: Discogs' answers as figures that are kept, and how soon each is asked for again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from db.prices import Fresh, Price, What
from db.storable import Json
from discogs.grades import MEDIA
from discogs.money import Money
from discogs.records.market import MarketplaceStats, PriceSuggestions

CURRENCY = "USD"  # of floors, for everybody; suggestions come as the asking account sells
CENT = Decimal("0.01")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

FRESH = timedelta(hours=6)  # what is older is refreshed when somebody looks (Discogs contract §7)
USUAL = 7 * DAY
WATCHED = DAY  # floors that a person looked at lately
LATELY = 30 * DAY
ALERTED = DAY  # floors on which somebody set an alert; the nearer to the target, the sooner
ALERTED_SOONEST = 6 * HOUR
NEAR = Decimal("0.2")  # above the target
SELDOM = 30 * DAY  # blocked and gone mostly stay so
DEAR = Decimal(100)
MOST = Decimal("9999999.99")  # what is dearer is no price but a joke, in whatever currency
MOVING, STEADY = Decimal("0.1"), Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Market:
    """What is offered of a release; ``lowest`` is the world's floor without shipping, in whatever condition."""

    num_for_sale: int | None
    lowest: Money | None
    is_blocked: bool


def of_suggestions(said: PriceSuggestions, was: Price | None, now: datetime) -> Fresh:
    """Say what is kept of suggestions: a price by grade, in short grades. The middle of them stands for the release."""
    if not said.is_told and was is not None:
        said = PriceSuggestions(suggestions_in(was.figures))
    rounded = {grade: _rounded(said.by_grade[grade]) for grade in MEDIA if grade in said.by_grade}
    prices = {grade: money for grade, money in rounded.items() if money is not None}
    figures: dict[str, Json] = {grade: _as_json(money) for grade, money in prices.items()}
    middle = prices.get("VG+") or next(iter(prices.values()), None)
    before = None if was is None else middle_of(was)
    return _fresh("suggestions", figures, before=before, after=middle, was=was, now=now)


def of_stats(said: MarketplaceStats, was: Price | None, now: datetime) -> Fresh:
    """Say what is kept of the market's figures."""
    known = market_in({} if was is None or was.figures is None else was.figures)
    told = said.lowest if said.is_price_told else known.lowest
    lowest = None if told is None else _rounded(told)
    figures: dict[str, Json] = {
        "num_for_sale": said.num_for_sale if said.is_count_told else known.num_for_sale,
        "lowest_price": None if lowest is None else _as_json(lowest),
        "blocked_from_sale": said.blocked,
    }
    if said.blocked:
        return Fresh("blocked", figures, None, None, SELDOM)
    return _fresh("stats", figures, before=known.lowest, after=lowest, was=was, now=now)


def gone() -> Fresh:
    """Say what is kept of a release that Discogs does not know, or no longer."""
    return Fresh("gone", None, None, None, SELDOM)


def suggestions_in(figures: Mapping[str, Json] | None) -> dict[str, Money]:
    """Return the prices by short grade, the best first."""
    found = {} if figures is None else {grade: _money(figures.get(grade)) for grade in MEDIA}
    return {grade: money for grade, money in found.items() if money is not None}


def market_in(figures: Mapping[str, Json]) -> Market:
    """Return the market's figures."""
    count = figures.get("num_for_sale")
    return Market(
        count if isinstance(count, int) else None,
        _money(figures.get("lowest_price")),
        figures.get("blocked_from_sale") is True,
    )


def middle_of(price: Price) -> Money | None:
    """Return the suggestion that stands for a release: VG+, or the best there is."""
    prices = suggestions_in(price.figures)
    return prices.get("VG+") or next(iter(prices.values()), None)


def moved(before: Money | None, after: Money | None) -> Decimal | None:
    """Return by which share an amount changed; None where there is nothing to compare, or in another currency."""
    if before is None or after is None or before.currency != after.currency or not before.amount:
        return None
    share = abs(after.amount - before.amount) / before.amount
    return min(share, Decimal(9999)).quantize(Decimal("0.0001"))


def again_after(
    what: What, *, looked_at: datetime | None, amount: Decimal | None, moved: Decimal | None, now: datetime
) -> timedelta:
    """Decide how soon a price is due again: sooner what is looked at, dear or moving, later what keeps still."""
    is_watched = looked_at is not None and now - looked_at < LATELY
    every = WATCHED if what == "stats" and is_watched else USUAL
    if amount is not None and amount >= DEAR:
        every /= 2
    if moved is not None and moved >= MOVING:
        every /= 2
    elif moved is not None and moved < STEADY and not is_watched:
        every *= 2
    return every


def alerted_every(above: Decimal | None) -> timedelta:
    """Decide how soon a floor is due again that is so far above the nearest target, as a share.

    None when nobody waits for it to come down: it is looked at to arm alerts again, or nothing is on offer.
    """
    return ALERTED_SOONEST if above is not None and 0 < above <= NEAR else ALERTED


def why(price: Price) -> str:
    """Say in words why a price is due as often as it is."""
    reasons = []
    if price.state in ("blocked", "gone"):
        reasons.append(str(price.state))
    if price.looked_at is not None and price.seen_at - price.looked_at < LATELY:
        reasons.append("looked at")
    if price.is_alerted:
        reasons.append("alerted")
    if price.amount is not None and price.amount >= DEAR:
        reasons.append("dear")
    if price.moved is not None and price.moved >= MOVING:
        reasons.append(f"moved {price.moved:.0%}")
    elif price.moved is not None and price.moved < STEADY:
        reasons.append("steady")
    if price.fetched_at is None:
        reasons.append("never asked")
    return ", ".join(reasons) or "as usual"


def _fresh(
    what: What,
    figures: Mapping[str, Json],
    *,
    before: Money | None,
    after: Money | None,
    was: Price | None,
    now: datetime,
) -> Fresh:
    change = moved(before, after)
    amount = None if after is None else after.amount
    looked_at = None if was is None else was.looked_at
    every = again_after(what, looked_at=looked_at, amount=amount, moved=change, now=now)
    return Fresh("no_price" if after is None else "priced", figures, amount, change, every)


def _rounded(money: Money) -> Money | None:
    """Round what Discogs converted to fourteen digits; None of what is no price."""
    amount = money.amount.quantize(CENT, ROUND_HALF_EVEN)
    return Money(amount, money.currency) if amount <= MOST else None


def _as_json(money: Money) -> dict[str, Json]:
    return {"value": str(money.amount), "currency": money.currency}


def _money(source: Json) -> Money | None:
    if not isinstance(source, Mapping):
        return None
    value, currency = source.get("value"), source.get("currency")
    return Money(Decimal(value), currency) if isinstance(value, str) and isinstance(currency, str) else None
