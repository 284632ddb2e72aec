"""Alerts see each floor: in the transaction that stores it, so that no price passes them by, and nobody asks twice."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import structlog

from db import Connection, alerts, floors, mails, prices, users
from db.alerts import Alert, Judged
from db.prices import Fresh, What
from services.market import exchange_rates, pricing
from services.market.crossing import Stand, after, fires
from services.tiers import Feature, tier_of

log = structlog.get_logger(__name__)

USABLE = timedelta(hours=24)  # a floor older than this decides nothing
AWAY = timedelta(days=7)  # an alert that saw no floor for so long does not know that it stayed above the target
LONGEST = Decimal("9999999999.99")  # what a row can hold; a currency of small units may say more
GATHER = timedelta(minutes=5)  # how long a mail waits for what else fires, to tell it all at once


def store_price(conn: Connection, release_id: int, what: What, fresh: Fresh) -> None:
    """Store what Discogs said of a release, and request a missing exchange rate.

    A lowest price is also stored for its day, checked against alerts, and due again sooner where an alert is near.
    """
    prices.store(conn, release_id, what, fresh)
    if what != "stats":
        exchange_rates.request_missing(conn, {one.currency for one in pricing.suggestions_in(fresh.figures).values()})
        return
    lowest = None if fresh.figures is None else pricing.market_in(fresh.figures).lowest
    amount, currency = (None, None) if lowest is None else (lowest.amount, lowest.currency)
    floors.note(conn, release_id, amount, currency)
    watching = alerts.watching(conn, release_id)
    if not watching:
        return
    hearing = _hearing(conn, watching)
    _judge(conn, hearing)
    if hearing and fresh.state in ("priced", "no_price"):
        prices.hasten(conn, release_id, what, every=pricing.alerted_every(nearest(hearing)))


def judge(conn: Connection, watching: Sequence[Alert]) -> None:
    """Let alerts see the floor beside which they stand, if it is fresh enough and their owners' tiers have alerts."""
    _judge(conn, _hearing(conn, watching))


def _hearing(conn: Connection, watching: Sequence[Alert]) -> list[Alert]:
    """Return those whose owners' tiers have alerts: for others nobody is asked, and nothing fires."""
    tiers = {user.id: tier_of(user.tier) for user in users.find_many(conn, sorted({one.user_id for one in watching}))}
    return [one for one in watching if one.user_id in tiers and tiers[one.user_id].has(Feature.ALERTS)]


def _judge(conn: Connection, hearing: Sequence[Alert]) -> None:
    seeing = [one for one in hearing if _is_usable(one)]
    judged = [_judged(one) for one in seeing]
    fired = [now.id for was, now in zip(seeing, judged, strict=True) if now.triggered_at and not was.triggered_at]
    if fired:
        mails.fire(conn, fired, gather=GATHER)  # first: it tells what floor was seen before
        log.info("alerts_fired", alerts=len(fired), release_id=seeing[0].release_id)
    if judged:
        alerts.keep(conn, judged)


def nearest(watching: Sequence[Alert]) -> Decimal | None:
    """Return by which share the floor is above the nearest target that is waited for; None when none compares."""
    above = [one.floor / one.target - 1 for one in watching if one.floor is not None and one.triggered_at is None]
    return min(above, default=None)


def _is_usable(alert: Alert) -> bool:
    """Whether its floor decides anything: fresh, and nothing on offer or comparable by a rate."""
    if alert.review is not None:
        return False  # the user decides first whether the release is still wanted
    if not alert.is_active or alert.floor_at is None or alert.seen_at - alert.floor_at > USABLE:
        return False
    return alert.floor_said is None or alert.floor is not None


def _judged(alert: Alert) -> Judged:
    was_away = alert.last_checked_at is None or alert.seen_at - alert.last_checked_at > AWAY
    before = Stand(alert.triggered_at, None if was_away else alert.above_since)
    now = after(before, target=alert.target, floor=alert.floor, now=alert.seen_at)
    floor = None if alert.floor is None else min(alert.floor, LONGEST)
    price = floor if fires(before, now) else alert.triggered_price if now.fired_at else None
    return Judged(alert.id, now.fired_at, price, now.above_since, floor)
