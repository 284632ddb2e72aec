"""A collector's price alerts: what release, at what price, beside what the market asks now, said honestly."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from actors.errors import AlertRefused
from actors.gating import require
from actors.market.worth import amount
from db import Connection, alerts, enqueue, prices, rates, users
from db.alerts import Alert
from discogs.grades import MEDIA
from discogs.money import CURRENCIES
from services.market import exchange_rates
from services.market.price_requests import plan_releases
from services.market.pricing import ALERTED_SOONEST
from services.market.watching import judge
from services.tiers import Feature
from services.wording import lasting

MOST_A_USER = 200
CHECK_ALERTS = "check_alerts"  # the job kind
FLOOR_SAYS = (
    "Discogs' floor is the cheapest copy on offer, in whatever condition and without shipping: it tells no grade."
)
LIST = "GET /api/discogs/alerts lists them, as does `rekkrd alerts list`."


@dataclass(frozen=True, slots=True)
class Said:
    """What an alert shall say from now on; ``minimum_grade`` is a short media grade, or None for any."""

    target: Decimal
    currency: str
    minimum_grade: str | None
    is_active: bool = True


def create(
    conn: Connection,
    user_id: UUID,
    release_id: int,
    *,
    target: Decimal,
    currency: str | None = None,
    minimum_grade: str | None = None,
) -> tuple[Alert, bool]:
    """Make an alert, in the user's currency unless one is named; and whether it is new.

    The same release and target again is the same alert: it is on, and has the grade that was said last.

    Raises:
        UnknownUser, TierTooLow
        AlertRefused: the user has as many as anybody may have, or the currency has no exchange rate.
    """
    require(conn, user_id, Feature.ALERTS)
    unit = currency or users.find(conn, user_id).currency
    _check(conn, unit)
    alerts.lock(conn, user_id)
    _watch(conn, release_id)
    exchange_rates.request_missing(conn, [unit])
    known = alerts.find_same(conn, user_id, release_id, target, unit)
    if known is None:
        if alerts.count(conn, user_id) >= MOST_A_USER:
            raise AlertRefused(f"There are {MOST_A_USER} alerts, and nobody may have more.", f"Remove one; {LIST}")
        made = alerts.add(conn, user_id, release_id, target, unit, minimum_grade=minimum_grade)
        return _looked(conn, user_id, made), True
    alerts.change(conn, user_id, known, target=target, currency=unit, minimum_grade=minimum_grade, is_active=True)
    return _looked(conn, user_id, known), False


def change(conn: Connection, was: Alert, said: Said) -> Alert:
    """Let an alert say something else. Another target, or one that was off, begins anew.

    Raises:
        UnknownUser
        TierTooLow: it would be on, and the tier has no alerts.
        AlertRefused: there is another alert for this release and target, or this one was removed meanwhile, or the
            currency has no exchange rate.
    """
    if said.is_active:
        require(conn, was.user_id, Feature.ALERTS)
    if said.currency != was.currency:
        _check(conn, said.currency)
        exchange_rates.request_missing(conn, [said.currency])
    alerts.lock(conn, was.user_id)
    _watch(conn, was.release_id)
    same = alerts.find_same(conn, was.user_id, was.release_id, said.target, said.currency)
    if same not in (None, was.id):
        raise AlertRefused("There is an alert for this release at this price already.", f"Change that one; {LIST}")
    is_there = alerts.change(
        conn,
        was.user_id,
        was.id,
        target=said.target,
        currency=said.currency,
        minimum_grade=said.minimum_grade,
        is_active=said.is_active,
    )
    if not is_there:
        raise AlertRefused("This alert was removed a moment ago.", LIST)
    return _looked(conn, was.user_id, was.id)


def name_of(alert: Alert) -> str:
    """Return what the release is called, as far as it is known here."""
    known = " \N{EN DASH} ".join(part for part in (alert.artist, alert.title) if part)
    return known or f"release {alert.release_id}"


def link_of(alert: Alert) -> str:
    """Return where the release is offered."""
    return f"https://www.discogs.com/sell/release/{alert.release_id}"


def sentence(alert: Alert) -> str:
    """Say how an alert stands beside the market, with the age of what is known, and what its grade is worth."""
    said = [*_ownership(alert), _market(alert)]
    if alert.minimum_grade is not None:
        said.append(_grade(alert))
    if alert.is_active and alert.checked_every is not None:
        hours = max(1, round(alert.checked_every.total_seconds() / 3600))
        said.append(f"Checked about every {hours:,} h.")
    if not alert.is_active:
        said.append("The alert is off.")
    elif alert.triggered_price is not None and alert.triggered_at is not None:
        age = lasting((alert.seen_at - alert.triggered_at).total_seconds())
        said.append(f"It fired at {amount(alert.triggered_price, alert.currency)}, {age} ago.")
    return " ".join(said)


def _ownership(alert: Alert) -> list[str]:
    """Say that the release is owned or no longer wanted, and what the alert waits for."""
    owned = [] if alert.owned_since is None else [f"You own this since {alert.owned_since:%Y-%m-%d}."]
    if alert.review == "owned_want":
        return [*owned, "The alert does not fire until you answer whether it is still wanted."]
    if alert.review == "removed_want":
        return [*owned, "The want was removed. The alert does not fire until you answer whether it stays."]
    return owned


def _market(alert: Alert) -> str:
    target = amount(alert.target, alert.currency)
    if alert.floor_at is None:
        return f"Waits for {target}; Discogs was not asked for the floor yet."
    age = f"{lasting((alert.seen_at - alert.floor_at).total_seconds())} ago"
    if alert.floor_state == "blocked":
        return f"Waits for {target}, in vain: Discogs lets nobody sell this release."
    if alert.floor_state == "gone":
        return f"Waits for {target}, in vain: Discogs does not know this release, or no longer."
    if alert.floor_said is None or alert.floor_currency is None:
        return f"Waits for {target}; nothing was on offer {age}."
    if alert.floor is None:
        floor = amount(alert.floor_said, alert.floor_currency)
        return (
            f"Waits for {target}; the floor was {floor} {age}, and there is no exchange rate for {alert.currency} yet."
        )
    converted = "" if alert.floor_currency == alert.currency else ", converted"
    met = ": met" if alert.floor <= alert.target else ""
    return f"Waits for {target}; the floor was {amount(alert.floor, alert.currency)}{converted} {age}{met}."


def _grade(alert: Alert) -> str:
    name = MEDIA.get(alert.minimum_grade or "", alert.minimum_grade)
    if alert.suggestion is None:
        return f"What a copy in {name} is worth is not known; the floor may be of a worse one."
    worth = amount(alert.suggestion, alert.currency)
    return f"Discogs suggests {worth} for a copy in {name}; the floor may be of a worse one."


def _check(conn: Connection, currency: str) -> None:
    """Refuse a currency that Discogs does not convert into and for which nobody set a rate: it would never fire."""
    if currency not in CURRENCIES and all(rate.currency != currency for rate in rates.rates(conn)):
        raise AlertRefused(
            f"There is no exchange rate for {currency}, so the alert would never fire.",
            f"Name one of {', '.join(sorted(CURRENCIES))}; or have `rekkrd rates set {currency}` set one.",
        )


def _watch(conn: Connection, release_id: int) -> None:
    """Let the release be asked for soon. First of all: who stores a price holds its row before those of alerts."""
    plan_releases(conn, [release_id])
    prices.hasten(conn, release_id, "stats", every=ALERTED_SOONEST)
    enqueue.request(conn, CHECK_ALERTS)


def _looked(conn: Connection, user_id: UUID, alert_id: UUID) -> Alert:
    """Let an alert see the floor that is known, which may be at its target already; return how it stands."""
    judge(conn, [_there(conn, user_id, alert_id)])
    return _there(conn, user_id, alert_id)


def _there(conn: Connection, user_id: UUID, alert_id: UUID) -> Alert:
    found = alerts.find(conn, user_id, alert_id)
    if found is None:
        raise LookupError("an alert that was there a moment ago")
    return found
