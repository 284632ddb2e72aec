"""What Discogs' answers mean as prices: which figures are kept, in which currency, and how soon they are due again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from db.prices import Price
from discogs.money import Money
from discogs.records.market import MarketplaceStats, PriceSuggestions
from services.market import pricing
from services.market.pricing import DAY, FRESH, LATELY, SELDOM, USUAL, WATCHED, again_after, moved

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEFORE = Price(
    release_id=1,
    what="suggestions",
    state="priced",
    fetched_at=NOW - 8 * DAY,
    looked_at=None,
    amount=Decimal("50.00"),
    moved=None,
    every=USUAL,
    due_at=NOW,
    claim=uuid4(),
    claimed_until=None,
    failed=None,
    figures={"VG+": {"value": "50.00", "currency": "USD"}},
    seen_at=NOW,
)
AMOUNTS = some.decimals(min_value=0, max_value=10_000, places=2)


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def test_suggestions_are_kept_by_grade_to_the_cent_with_their_currency():
    said = PriceSuggestions({"M": usd("145.79866227900087"), "VG+": usd("99.75697945405324")})
    fresh = pricing.of_suggestions(said, None, NOW)
    assert fresh.figures == {
        "M": {"value": "145.80", "currency": "USD"},
        "VG+": {"value": "99.76", "currency": "USD"},
    }
    assert (fresh.state, fresh.amount) == ("priced", Decimal("99.76"))
    assert pricing.suggestions_in(fresh.figures) == {"M": usd("145.80"), "VG+": usd("99.76")}


def test_no_suggestion_at_all_is_a_state():
    fresh = pricing.of_suggestions(PriceSuggestions({}), BEFORE, NOW)
    assert (fresh.state, fresh.figures, fresh.amount) == ("no_price", {}, None)


def test_a_floor_none_for_sale_and_a_release_that_nobody_may_sell_are_three_states():
    floor = pricing.of_stats(MarketplaceStats(11, usd("7.679804607882764"), blocked=False), None, NOW)
    nothing = pricing.of_stats(MarketplaceStats(0, None, blocked=False), None, NOW)
    unknown = pricing.of_stats(MarketplaceStats(None, None, blocked=False), None, NOW)
    blocked = pricing.of_stats(MarketplaceStats(None, None, blocked=True), None, NOW)
    assert [one.state for one in (floor, nothing, unknown, blocked)] == ["priced", "no_price", "no_price", "blocked"]
    assert pricing.market_in(floor.figures) == pricing.Market(11, usd("7.68"), is_blocked=False)
    assert pricing.market_in(blocked.figures) == pricing.Market(None, None, is_blocked=True)
    assert blocked.every == SELDOM == pricing.gone().every


def test_amounts_of_two_currencies_are_not_compared():
    assert moved(usd("50"), usd("60")) == Decimal("0.2")
    assert moved(usd("50"), Money(Decimal(60), "EUR")) is None
    assert moved(usd("0"), usd("60")) is None
    fresh = pricing.of_suggestions(PriceSuggestions({"VG+": Money(Decimal(60), "EUR")}), BEFORE, NOW)
    assert fresh.moved is None


def test_what_is_looked_at_dear_or_moving_comes_sooner_and_what_keeps_still_later():
    def every(what="stats", **changed):
        known = {"looked_at": None, "amount": Decimal(20), "moved": None, "now": NOW} | changed
        return again_after(what, **known)

    assert every() == USUAL
    assert every(looked_at=NOW - DAY) == WATCHED
    assert every(looked_at=NOW - LATELY) == USUAL
    assert every("suggestions", looked_at=NOW - DAY) == USUAL
    assert every(amount=Decimal(100)) == USUAL / 2
    assert every(moved=Decimal("0.1")) == USUAL / 2
    assert every(moved=Decimal("0.001")) == 2 * USUAL
    assert every(looked_at=NOW, moved=Decimal("0.001")) == WATCHED


@given(
    some.sampled_from(["suggestions", "stats"]),
    some.none() | some.timedeltas(timedelta(0), timedelta(days=90)),
    some.none() | AMOUNTS,
    some.none() | AMOUNTS,
)
def test_nothing_is_due_again_sooner_than_it_is_stale_or_later_than_two_weeks(what, ago, amount, change):
    looked_at = None if ago is None else NOW - ago
    every = again_after(what, looked_at=looked_at, amount=amount, moved=change, now=NOW)
    assert FRESH <= every <= 14 * DAY


@given(AMOUNTS, AMOUNTS)
def test_how_much_an_amount_moved_always_fits_its_column(before, after):
    share = moved(Money(before, "USD"), Money(after, "USD"))
    assert share is None or 0 <= share <= 9999


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "as usual"),
        ({"looked_at": NOW - DAY, "amount": Decimal(150), "moved": Decimal("0.12")}, "looked at, dear, moved 12%"),
        ({"moved": Decimal(0)}, "steady"),
        ({"state": "blocked"}, "blocked"),
        ({"state": None, "fetched_at": None}, "never asked"),
    ],
)
def test_the_plan_says_why_a_price_is_due_as_often_as_it_is(changed, said):
    assert pricing.why(replace(BEFORE, **changed)) == said
