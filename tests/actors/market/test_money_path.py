"""From Discogs' answer to ours: an amount is rounded to a cent once, is never a binary fraction, keeps its currency."""

import json
from decimal import ROUND_HALF_EVEN, Decimal

from hypothesis import given
from hypothesis import strategies as st

from actors.capacity.classes import NOW
from api.models.prices import MoneyOut
from discogs.grades import MEDIA
from discogs.money import Money
from discogs.records.market import MarketplaceStats, PriceSuggestions
from services.market import pricing

currencies = st.sampled_from(["USD", "GBP", "EUR", "CAD", "AUD", "JPY", "CHF", "MXN", "BRL", "NZD", "SEK", "ZAR"])
halves = st.integers(0, 10**7).map(lambda number: (10 * number + 5) * Decimal("0.001"))  # between two cents
amounts = st.decimals(0, 9_999_999, places=14) | halves.filter(lambda amount: amount < 9_999_999)


def numbers(value):
    """Go through every number in what is kept as JSON."""
    if isinstance(value, dict):
        for one in value.values():
            yield from numbers(one)
    elif not isinstance(value, (str, bool)) and value is not None:
        yield value


@given(st.dictionaries(st.sampled_from(list(MEDIA)), amounts, min_size=1), currencies)
def test_suggestions_are_kept_to_the_cent_through_json_and_back(by_grade, currency):
    said = PriceSuggestions({grade: Money(amount, currency) for grade, amount in by_grade.items()})
    fresh = pricing.of_suggestions(said, None, NOW)
    kept = json.loads(json.dumps(fresh.figures))
    assert list(numbers(kept)) == []
    assert pricing.suggestions_in(kept) == {
        grade: Money(amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN), currency) for grade, amount in by_grade.items()
    }
    assert (
        fresh.amount
        == pricing.suggestions_in(kept).get("VG+", next(iter(pricing.suggestions_in(kept).values()))).amount
    )


@given(amounts, currencies, st.integers(0, 10**6))
def test_a_floor_is_kept_to_the_cent_through_json_and_back(amount, currency, offers):
    fresh = pricing.of_stats(MarketplaceStats(offers, Money(amount, currency), blocked=False), None, NOW)
    kept = json.loads(json.dumps(fresh.figures))
    assert list(numbers(kept)) == [offers]
    floor = pricing.market_in(kept).lowest
    assert floor == Money(amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN), currency)
    assert floor.amount == fresh.amount


@given(st.decimals(Decimal("9999999.996"), 10**20, places=14), currencies)
def test_what_nobody_could_pay_is_no_price(amount, currency):
    stats = pricing.of_stats(MarketplaceStats(1, Money(amount, currency), blocked=False), None, NOW)
    assert (stats.state, stats.amount, pricing.market_in(stats.figures).lowest) == ("no_price", None, None)
    suggestions = pricing.of_suggestions(PriceSuggestions({"NM": Money(amount, currency)}), None, NOW)
    assert (suggestions.state, pricing.suggestions_in(suggestions.figures)) == ("no_price", {})


@given(st.decimals(0, 10**9, places=2), st.decimals(0, 10**9, places=2))
def test_what_a_price_moved_by_is_a_decimal_and_the_same_for_any_unit(before, after):
    moved = pricing.moved(Money(before, "EUR"), Money(after, "EUR"))
    if not before:
        assert moved is None
        return
    assert type(moved) is Decimal
    in_cents = pricing.moved(Money(before * 100, "EUR"), Money(after * 100, "EUR"))
    assert moved == in_cents
    assert pricing.moved(Money(before, "EUR"), Money(after, "USD")) is None


@given(st.decimals(0, 10**12, places=2), currencies)
def test_an_answer_of_ours_says_an_amount_in_digits_and_as_a_string(amount, currency):
    said = json.loads(MoneyOut(amount=amount, currency=currency).model_dump_json())
    assert said == {"amount": f"{amount:f}", "currency": currency}
