"""Gaps of a value: each reason says when the price comes and what helps."""

from dataclasses import replace
from decimal import Decimal

import pytest

from db.value import Sum
from services.market.value_gaps import SELLER_SETTINGS, Outlook, gaps

NOTHING = Sum(9, 0, 0, Decimal(0), Decimal(0), Decimal(0), None, None, None, 0, 0, 0, 0)
IDLE = Outlook(True, False, False, due=1_900, per_minute=50.0, currencies=("EUR",))


def test_complete_value_has_no_gaps():
    assert gaps(NOTHING, IDLE) == []


@pytest.mark.parametrize(
    ("outlook", "message", "hint"),
    [
        (
            IDLE,
            (
                "The prices of 950 records have not been requested yet. 1,900 prices are due, at up to 50 requests a "
                "minute: about 38 min."
            ),
            "`rekkrd schedule run refresh_prices` starts the refresh now; otherwise it starts within 10 min.",
        ),
        (
            replace(IDLE, is_refreshing=True, due=30_000),
            (
                "The prices of 950 records have not been requested yet. A refresh is running: 30,000 prices are due, "
                "at up to 50 requests a minute: about 10 h."
            ),
            None,
        ),
        (
            replace(IDLE, may_suggest=False),
            "The prices of 950 records have not been requested yet.",
            SELLER_SETTINGS,
        ),
    ],
)
def test_missing_prices_say_when_they_come(outlook, message, hint):
    (gap,) = gaps(replace(NOTHING, not_asked=950), outlook)
    assert (gap.message, gap.hint) == (message, hint)


def test_missing_rate_names_the_currency_and_the_command():
    (gap,) = gaps(replace(NOTHING, no_rate=50), IDLE)
    assert gap.message == "The prices of 50 records are in EUR, without an exchange rate."
    assert "rekkrd schedule run refresh_rates" in gap.hint
    (gap,) = gaps(replace(NOTHING, no_rate=50), replace(IDLE, is_requesting_rates=True))
    assert gap.message.endswith("The rate is being requested: about 1 min.")
    assert gap.hint is None


def test_every_reason_is_told_with_its_records():
    found = gaps(replace(NOTHING, not_asked=1, no_rate=2, no_price=3, no_release=4), IDLE)
    assert [(gap.reason, gap.records) for gap in found] == [
        ("not_asked", 1),
        ("no_rate", 2),
        ("no_price", 3),
        ("no_release", 4),
    ]
