"""Records without a value: why, when their prices come, and how to get them sooner."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from db.value import Sum

Reason = Literal["not_asked", "no_price", "no_release", "no_rate"]

SELLER_SETTINGS = (
    "No account here gets price suggestions. Fill in the seller settings of a connected account at discogs.com, or set "
    "DISCOGS_PERSONAL_TOKEN to the token of an account that has them."
)


@dataclass(frozen=True, slots=True)
class Gap:
    """Records without a value for one reason. ``hint`` says what helps, None if nothing does."""

    reason: Reason
    records: int
    message: str
    hint: str | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """The state of the price refresh: ``due`` prices, all users' together, at ``per_minute`` requests a minute.

    ``currencies`` are those of stored prices that have no exchange rate.
    """

    may_suggest: bool
    is_refreshing: bool
    is_requesting_rates: bool
    due: int
    per_minute: float
    currencies: Sequence[str]


def gaps(found: Sum, outlook: Outlook) -> list[Gap]:
    """Return the reasons why records have no value, each with what helps."""
    told = (
        (found.not_asked, _not_asked),
        (found.no_rate, _no_rate),
        (found.no_price, _no_price),
        (found.no_release, _no_release),
    )
    return [say(records, outlook) for records, say in told if records]


def _not_asked(records: int, outlook: Outlook) -> Gap:
    message = f"The prices of {_records(records)} have not been requested yet."
    if not outlook.may_suggest:
        return Gap("not_asked", records, message, SELLER_SETTINGS)
    minutes = max(1, ceil(outlook.due / outlook.per_minute))
    about = f"{minutes} min" if minutes < 90 else f"{round(minutes / 60)} h"
    pace = f"{_prices(outlook.due)} due, at up to {outlook.per_minute:.0f} requests a minute: about {about}."
    if outlook.is_refreshing:
        return Gap("not_asked", records, f"{message} A refresh is running: {pace}", None)
    hint = "`rekkrd schedule run refresh_prices` starts the refresh now; otherwise it starts within 10 min."
    return Gap("not_asked", records, f"{message} {pace[0].upper()}{pace[1:]}", hint)


def _no_rate(records: int, outlook: Outlook) -> Gap:
    currencies = " and ".join(outlook.currencies)
    which = f"in {currencies}, without an exchange rate" if currencies else "in a currency without an exchange rate"
    message = f"The prices of {_records(records)} are {which}."
    if outlook.is_requesting_rates:
        return Gap("no_rate", records, f"{message} The rate is being requested: about 1 min.", None)
    hint = "`rekkrd schedule run refresh_rates` requests rates now; `rekkrd rates set` stores one of your own."
    return Gap("no_rate", records, message, hint)


def _no_price(records: int, _: Outlook) -> Gap:
    return Gap("no_price", records, f"Discogs has no price for {_records(records)}.", None)


def _no_release(records: int, _: Outlook) -> Gap:
    verb = "is" if records == 1 else "are"
    message = f"{_records(records)} {verb} not linked to a Discogs release."
    return Gap("no_release", records, f"{message[0].upper()}{message[1:]}", "Store the release ID in the album.")


def _prices(number: int) -> str:
    return "1 price is" if number == 1 else f"{number:,} prices are"


def _records(number: int) -> str:
    return "1 record" if number == 1 else f"{number:,} records"
