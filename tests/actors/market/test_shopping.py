"""How a shop is walked through, decided on facts alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from actors.market.shopping import CEILING, Move, Place, after_page, is_full, listing_of, saw_all
from discogs.money import Money
from discogs.records.market import Listing

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PLACE = Place(page=2, pages=5, per_page=100, items=430, held=100)
SHOWN = Listing.parse({"id": 1, "release": {"id": 7}, "condition": "Mint (M)", "sleeve_condition": "As new"})


@pytest.mark.parametrize(
    ("change", "full", "knows", "move"),
    [
        ({}, True, True, Move.NEXT_PAGE),
        ({}, False, False, Move.NEXT_PAGE),
        ({}, False, True, Move.KNOWN),
        ({"held": 60}, True, False, Move.NEXT_PAGE),
        ({"held": 0}, True, False, Move.END),
        ({"page": 5}, False, True, Move.END),
        ({"page": 5, "items": 501}, True, False, Move.NEXT_PAGE),
        ({"page": 100, "pages": 130, "items": 13_000}, True, False, Move.END),
        ({"pages": 1, "items": 0, "per_page": 0}, True, False, Move.END),
    ],
)
def test_a_walk_goes_on_to_the_last_page_or_to_what_is_known(change, full, knows, move):
    assert after_page(replace(PLACE, **change), is_full=full, knows_one=knows) is move


def test_a_shop_is_read_whole_at_first_and_once_a_week():
    assert is_full(None, NOW)
    assert is_full(NOW - timedelta(days=7), NOW)
    assert not is_full(NOW - timedelta(days=6), NOW)


def test_all_was_seen_when_as_many_were_as_discogs_shows():
    assert [saw_all(seen, 430) for seen in (429, 430, 431)] == [False, True, True]
    assert [saw_all(seen, 25_000) for seen in (CEILING - 1, CEILING)] == [False, True]


def test_an_offer_is_kept_in_the_sellers_money_and_short_grades():
    kept = listing_of(replace(SHOWN, price=Money(Decimal(20), "USD"), original_price=Money(Decimal("18.505"), "EUR")))
    assert (kept.price, kept.currency, kept.media, kept.sleeve) == (Decimal("18.50"), "EUR", "M", None)
    kept = listing_of(replace(SHOWN, price=Money(Decimal(20), "USD")))
    assert (kept.price, kept.currency) == (Decimal("20.00"), "USD")


@pytest.mark.parametrize(
    ("amount", "currency"), [("-1", "USD"), ("1e10", "USD"), ("1e40", "USD"), ("1", "usd"), ("1", "USD\n"), ("1", "US")]
)
def test_a_price_that_is_none_is_not_kept(amount, currency):
    kept = listing_of(replace(SHOWN, price=Money(Decimal(amount), currency)))
    assert (kept.price, kept.currency) == (None, None)
