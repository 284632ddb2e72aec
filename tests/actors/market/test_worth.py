"""A value says what it covers and rests on; the past is told in one currency, and only what compares is added up."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from actors.market.worth import amount, change_of, say
from db.value import Day, Sum

FIRST = date(2026, 3, 1)
NOTHING = Sum(0, 0, 0, Decimal(0), Decimal(0), Decimal(0), None, None, None, 0, 0, 0, 0)


def total(**said):
    given = {field: getattr(NOTHING, field) for field in Sum.__slots__} | said
    return Sum(**given)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (NOTHING, "There are no records yet."),
        (total(copies=2, not_asked=2), "0 of 2 records valued."),
        (
            total(
                copies=430,
                valued=412,
                assumed=1,
                low=Decimal("6120.5"),
                median=Decimal(9870),
                high=Decimal(14300),
                mean_price_age=timedelta(days=2),
                oldest_price_age=timedelta(days=9),
                no_price=10,
                no_release=6,
                no_rate=2,
            ),
            (
                "412 of 430 records valued: EUR 9,870.00, between EUR 6,120.50 and EUR 14,300.00. 1 ungraded one "
                "counts as VG. Prices are 48 h old on average, the oldest 9 days."
            ),
        ),
    ],
)
def test_a_value_says_what_it_covers_and_what_it_does_not(found, sentence):
    assert say(found, "EUR") == sentence


def test_an_amount_has_its_currency():
    assert amount(Decimal("1234567.8"), "JPY") == "JPY 1,234,567.80"


def day(number, median, split=(1, 2, 3, 4, 5)):
    rest = (FIRST, *map(Decimal, split)) if split else (None,) * 6
    return Day(FIRST + timedelta(number), "EUR", Decimal(0), Decimal(median), Decimal(0), 1, 1, 0, None, None, *rest)


def test_a_change_is_the_sum_of_the_days_after_the_first():
    change = change_of([day(0, 100, None), day(1, 111), day(2, 122)])
    assert (change.since, change.until, change.total) == (FIRST, FIRST + timedelta(2), 22)
    assert (change.bought, change.sold, change.market, change.exchange, change.better_data) == (2, 4, 6, 8, 10)
    assert change.total == change.bought - change.sold + change.market + change.exchange + change.better_data


def test_what_lies_before_a_day_that_compares_with_none_is_left_out():
    change = change_of([day(0, 500), day(1, 100, None), day(2, 111)])
    assert (change.since, change.total, change.bought) == (FIRST + timedelta(1), 11, 1)


@pytest.mark.parametrize("days", [[], [day(0, 1)], [day(0, 1), day(1, 1, None)]])
def test_one_day_compares_with_nothing(days):
    assert change_of(days) is None
