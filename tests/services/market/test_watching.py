"""Alerts in the ledger: seen by each floor that is stored, fired once, and asked for as often as they are near."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from actors.alerting import alerts as wanted
from db import alerts, prices, rates, users
from db.pool import Pool
from db.prices import Fresh
from services.market import watching
from services.market.pricing import DAY, USUAL

RELEASE = 7
HOUR = timedelta(hours=1)


@pytest.fixture
def pool(migrated_database_url):
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def ada(pool):
    with pool.transaction() as conn:
        return users.create(conn, "ada", email="ada@example.org", tier="archivist").id


@pytest.fixture
def alert(pool, ada):
    """Set an alert, and return how to look at it."""

    def make(target="20.00", **said):
        with pool.transaction() as conn:
            made, _ = wanted.create(conn, said.pop("user", ada), RELEASE, target=Decimal(target), **said)

        def look():
            with pool.transaction() as conn:
                return alerts.find(conn, made.user_id, made.id)

        return look

    return make


@pytest.fixture
def floor(pool):
    """Store a floor in dollars, or none, so many hours after the one before; return how soon the next is due."""

    def is_(amount, *, hours=0, state="priced", every=USUAL):
        said = None if amount is None else {"value": amount, "currency": "USD"}
        figures = {"num_for_sale": 1, "lowest_price": said, "blocked_from_sale": False}
        with pool.transaction() as conn:
            conn.execute(
                "UPDATE discogs_price_alerts SET triggered_at = triggered_at - make_interval(hours => %(h)s),"
                " above_since = above_since - make_interval(hours => %(h)s)",
                {"h": hours},
            )
            fresh = Fresh(state if amount else "no_price", figures, Decimal(amount or 0), None, every)
            watching.store_price(conn, RELEASE, "stats", fresh)
            found = prices.find(conn, RELEASE, "stats")
            assert found.due_at - found.fetched_at == found.every
            return found.every

    return is_


def test_a_floor_at_the_target_fires_once_until_it_was_above_for_a_day(alert, floor):
    look = alert()
    floor("20.01")
    assert (look().triggered_at, look().last_checked_at is None) == (None, False)
    floor("20.00")
    fired = look()
    assert (fired.triggered_at is None, fired.triggered_price) == (False, Decimal("20.00"))
    floor("18.00", hours=6)
    assert look().triggered_price == Decimal("20.00")
    floor("21.00", hours=6)
    floor("21.00", hours=24)
    assert (look().triggered_at, look().triggered_price, look().above_since) == (None, None, None)
    floor("19.00")
    assert look().triggered_price == Decimal("19.00")


def test_an_alert_that_saw_nothing_for_a_week_does_not_know_that_the_floor_stayed_above(alert, floor, pool):
    look = alert()
    floor("19.00")
    floor("22.00", hours=1)
    with pool.transaction() as conn:
        conn.execute("UPDATE discogs_price_alerts SET last_checked_at = now() - interval '8 days'")
    floor("22.00", hours=200)
    assert look().triggered_at is not None
    floor("22.00", hours=25)
    assert look().triggered_at is None


def test_a_floor_beyond_what_a_row_can_hold_is_seen_all_the_same(alert, floor, pool):
    look = alert("9000000", currency="JPY")
    with pool.transaction() as conn:
        rates.keep(conn, {"JPY": Decimal("150000")}, source="operator", noted_by="ada")
    floor("9999999.99")
    assert look().last_checked_at is not None
    floor("10.00")
    assert look().triggered_price == Decimal("1500000.00")


def test_nobody_is_asked_sooner_for_whose_tier_has_no_alerts(alert, floor, pool):
    alert()
    assert floor("20.50") == 6 * HOUR
    with pool.transaction() as conn:
        conn.execute("UPDATE profiles SET tier = 'collector'")
    assert floor("20.50") == USUAL


def test_it_is_compared_in_its_own_currency_and_not_at_all_without_a_rate(alert, floor, pool):
    euros, crowns = alert(currency="EUR"), alert(currency="SEK")
    with pool.transaction() as conn:
        rates.keep(conn, {"EUR": Decimal("0.9")}, source="discogs")
    floor("22.20")
    assert euros().triggered_price == Decimal("19.98")
    assert (crowns().triggered_at, crowns().last_checked_at) == (None, None)


def test_a_new_alert_sees_a_floor_up_to_a_day_old_and_no_older_one(alert, floor, pool):
    floor("20.00")
    assert alert()().triggered_at is not None
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.prices SET fetched_at = fetched_at - interval '24 hours 1 second'")
    assert alert("21.00")().triggered_at is None


def test_who_is_off_or_has_another_tier_hears_nothing(alert, floor, pool, ada):
    look = alert()
    with pool.transaction() as conn:
        bob = users.create(conn, "bob", tier="archivist").id
    others = alert(user=bob)
    with pool.transaction() as conn:
        conn.execute("UPDATE profiles SET tier = 'curator' WHERE id = %s", [ada])
        conn.execute("UPDATE discogs_price_alerts SET is_active = user_id = %s", [ada])
    floor("10.00")
    assert (look().triggered_at, others().triggered_at) == (None, None)


@pytest.mark.parametrize(
    ("amount", "every"),
    [("40.00", DAY), ("30.00", DAY), ("24.00", DAY / 4), ("22.00", DAY / 4), ("20.00", DAY), (None, DAY)],
)
def test_the_nearer_the_target_the_sooner_it_is_asked_for_again(alert, floor, amount, every):
    alert()
    alert("1.00")
    assert floor(amount) == every


def test_what_is_due_sooner_for_another_reason_stays_so_and_without_an_alert_nothing_changes(alert, floor):
    assert floor("22.00") == USUAL
    alert()
    assert floor("22.00", every=HOUR) == HOUR


def test_a_price_that_is_alerted_says_so_in_the_plan(alert, floor, pool):
    alert()
    floor("22.00")
    with pool.transaction() as conn:
        assert "alerted" in watching.pricing.why(prices.find(conn, RELEASE, "stats"))
        assert "alerted" not in watching.pricing.why(prices.find(conn, RELEASE, "suggestions"))


def test_every_stored_price_passes_the_alerts():
    """One function stores a price. Another caller of `prices.store` would let alerts miss a lowest price."""
    root = Path(watching.__file__).parents[2]
    callers = {
        path.name
        for package in ("services", "actors", "api", "cli", "scheduler", "workers")
        for path in (root / package).rglob("*.py")
        if re.search(r"\bprices\.store\(", path.read_text(encoding="utf-8"))
    }
    assert callers == {"watching.py"}
