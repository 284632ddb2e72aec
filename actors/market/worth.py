"""What a collector's records are worth: one figure with its range, what it covers, what it rests on, and since when.

Of each copy *median* is what Discogs suggests for its grade, *high* for one grade better, *low* the lesser of the
market's floor and one grade worse.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from actors.gating import lack
from actors.scheduling.nights import zone_named
from actors.wording import count
from db import Connection, enqueue, links, price_plan, rates, users, value
from db.errors import SealBroken
from db.links import Account
from db.rates import Rate
from db.users import User
from db.value import Day, Dear, Part, Said, Sum
from discogs.errors import DiscogsError, PermitExpired, Unauthorised
from services.market import capacity, exchange_rates, price_accounts, price_requests, value_gaps
from services.market.price_requests import plan_releases
from services.market.pricing import FRESH
from services.market.value_gaps import Gap, Outlook
from services.tiers import Feature
from services.wording import lasting
from workers.limiter.errors import LimiterError
from workers.resources import PERSON_WAITS_SECONDS, Resources

log = structlog.get_logger(__name__)

MOST_PARTS = 12  # of a dimension; the others stand together
MOST_DEAR = 10
MOST_PLANNED = 1_000  # releases that only the app knows, added to the price plan in one call
MOST_COUNTED = 100_000  # due prices
COMPLETE = Outlook(True, False, False, 0, 1.0, ())  # nothing waits for a price or a rate
ASK_SECONDS = PERSON_WAITS_SECONDS + 20.0

Range = Literal["30d", "90d", "1y"]
RANGES: dict[Range, timedelta] = {"30d": timedelta(days=30), "90d": timedelta(days=90), "1y": timedelta(days=366)}


@dataclass(frozen=True, slots=True)
class Worth:
    """What all of it is worth now, in ``currency``; ``said`` is Discogs' own figure, None while it told none.

    ``rates`` are those of other currencies that count.
    """

    currency: str
    sum: Sum
    parts: Sequence[Part]
    dearest: Sequence[Dear]
    rates: Sequence[Rate]
    said: Said | None
    sentence: str
    gaps: Sequence[Gap]


@dataclass(frozen=True, slots=True)
class Change:
    """Where a change of the median came from: ``total`` is the sum of the others, what was sold taken away."""

    since: date
    until: date
    total: Decimal
    bought: Decimal
    sold: Decimal
    market: Decimal
    exchange: Decimal
    better_data: Decimal


@dataclass(frozen=True, slots=True)
class Past:
    """The days of a range, all in one currency. ``left_out`` days are in another; ``change`` is None below two days."""

    currency: str
    days: Sequence[Day]
    left_out: int
    change: Change | None


def show(resources: Resources, user_id: UUID) -> Worth:
    """Return what a collection is worth, from stored prices only. Raises UnknownUser, TierTooLow."""
    with resources.pool.transaction() as conn:
        person = users.find(conn, user_id)
        refusal = lack(person.tier, Feature.VALUE)
        if refusal is not None:
            raise refusal
        found = value.sum_up(conn, user_id, person.currency)
        gaps = _gaps(conn, resources, person, found)
        return Worth(
            person.currency,
            found,
            value.parts(conn, user_id, person.currency, room=MOST_PARTS),
            value.dearest(conn, user_id, person.currency, room=MOST_DEAR),
            [rate for rate in rates.rates(conn) if rate.currency != person.currency],
            value.said(conn, user_id),
            " ".join([say(found, person.currency), *(gap.message for gap in gaps)]),
            gaps,
        )


def needs_refresh(resources: Resources, user_id: UUID) -> bool:
    """Return True if Discogs' own figure should be asked for before it is shown: none is stored, or it is old.

    Raises UnknownUser, TierTooLow.
    """
    with resources.pool.transaction() as conn:
        refusal = lack(users.find(conn, user_id).tier, Feature.VALUE)
        if refusal is not None:
            raise refusal
        link, said = links.link(conn, user_id), value.said(conn, user_id)
    is_connected = link is not None and link.state == "connected"
    return is_connected and (said is None or said.age >= FRESH)


def refresh(resources: Resources, user_id: UUID) -> None:
    """Ask for Discogs' own figure, once for all who look. If Discogs does not answer, the stored one stays."""
    with resources.pool.transaction() as conn:
        is_first = value.claim_said(conn, user_id, older_than=FRESH, seconds=ASK_SECONDS)
    if is_first:
        _ask(resources, user_id)


def past(resources: Resources, user_id: UUID, reach: Range, now: datetime | None = None) -> Past:
    """Return the days of a collection's value within ``reach`` of today. Raises UnknownUser, TierTooLow."""
    with resources.pool.transaction() as conn:
        person = users.find(conn, user_id)
        refusal = lack(person.tier, Feature.INSIGHTS)
        if refusal is not None:
            raise refusal
        today = (now or datetime.now(UTC)).astimezone(zone_of(person.time_zone)).date()
        found = value.days(conn, user_id, since=today - RANGES[reach])
    own = [day for day in found if day.currency == person.currency]
    return Past(person.currency, own, len(found) - len(own), change_of(own))


def change_of(days: Sequence[Day]) -> Change | None:
    """Add up where the change came from since the first of these days, or since the last that compares with none."""
    compared = list(takewhile(lambda day: day.since is not None, reversed(days[1:])))
    if not compared:
        return None
    first, last = days[-len(compared) - 1], days[-1]

    def total(part: Callable[[Day], Decimal | None]) -> Decimal:
        return sum((part(day) or Decimal(0) for day in compared), Decimal(0))

    return Change(
        since=first.day,
        until=last.day,
        total=last.median - first.median,
        bought=total(lambda day: day.bought),
        sold=total(lambda day: day.sold),
        market=total(lambda day: day.market),
        exchange=total(lambda day: day.exchange),
        better_data=total(lambda day: day.better_data),
    )


def zone_of(name: str) -> ZoneInfo:
    """Return a user's zone; UTC for one that nobody knows."""
    return zone_named(name) or ZoneInfo("UTC")


def say(found: Sum, currency: str) -> str:
    """Say a value with all that it needs to be honest: its range, its coverage, its age, what was assumed."""
    if not found.copies:
        return "There are no records yet."
    if not found.valued:
        return f"0 of {count(found.copies, 'record')} valued."
    reach = f"between {amount(found.low, currency)} and {amount(found.high, currency)}"
    covered = f"{found.valued:,} of {count(found.copies, 'record')} valued"
    said = [f"{covered}: {amount(found.median, currency)}, {reach}."]
    if found.assumed:
        said.append(f"{count(found.assumed, 'ungraded one')} {'counts' if found.assumed == 1 else 'count'} as VG.")
    if found.mean_price_age is not None and found.oldest_price_age is not None:
        mean, oldest = found.mean_price_age.total_seconds(), found.oldest_price_age.total_seconds()
        said.append(f"Prices are {lasting(mean)} old on average, the oldest {lasting(oldest)}.")
    return " ".join(said)


def amount(money: Decimal, currency: str) -> str:
    """Say an amount as Discogs' own code for the currency has it: "EUR 1,234.56"."""
    return f"{currency} {money:,.2f}"


def _gaps(conn: Connection, resources: Resources, user: User, found: Sum) -> list[Gap]:
    """Explain what has no value, and start what is missing: unplanned releases, exchange rates."""
    if not (found.not_asked or found.no_rate):
        return value_gaps.gaps(found, COMPLETE)
    if found.not_asked:
        plan_releases(conn, value.unplanned(conn, user.id, room=MOST_PLANNED))
    unrated = value.unrated(conn, user.id, user.currency) if found.no_rate else []
    if found.no_rate:
        exchange_rates.request_missing(conn, [*unrated, user.currency])
        unrated = unrated or [user.currency]
    has_operator = resources.settings.discogs.personal_token is not None
    outlook = Outlook(
        may_suggest=price_accounts.may_suggest(conn, has_operator=has_operator),
        is_refreshing=enqueue.has_live(conn, price_requests.REFRESH_PRICES),
        is_requesting_rates=enqueue.has_live(conn, exchange_rates.REFRESH_RATES),
        due=price_plan.count_due(conn, room=MOST_COUNTED),
        per_minute=capacity.per_minute(conn, resources.settings.limiter),
        currencies=unrated,
    )
    return value_gaps.gaps(found, outlook)


def _ask(resources: Resources, user_id: UUID) -> None:
    """Ask what Discogs says; when it does not answer, what it said before stays, with its age."""
    account: Account | None = None
    try:
        with resources.pool.transaction() as conn:
            account = links.account(conn, resources.keys, user_id)
        if account is None:
            return
        said = resources.discogs(account, resources.budget_for_person(str(user_id))).collection_value(account.username)
    except (DiscogsError, LimiterError, PermitExpired, SealBroken) as error:
        if account is not None and isinstance(error, Unauthorised):
            with resources.pool.transaction() as conn:
                links.mark_needs_reconnect(conn, account)
        log.warning("collection_value_not_asked", user_id=str(user_id), error=str(error))
        return
    told = [one for one in (said.median, said.minimum, said.maximum) if one is not None]
    with resources.pool.transaction() as conn:
        value.keep_said(
            conn,
            user_id,
            minimum=None if said.minimum is None else said.minimum.amount,
            median=None if said.median is None else said.median.amount,
            maximum=None if said.maximum is None else said.maximum.amount,
            currency=told[0].currency if told else None,
        )
