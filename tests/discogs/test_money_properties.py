"""Whatever amount is written in whatever country's way is read to the last digit, and what is no amount is None."""

import json
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from discogs.answers import as_json
from discogs.exchange import Answer
from discogs.money import Money, parse_money
from discogs.records.collection import CollectionValue
from discogs.records.market import MarketplaceStats, PriceSuggestions
from simulator.money import SYMBOLS, formatted

CURRENCIES = sorted(SYMBOLS)  # the twelve that Discogs trades in
NARROW, NO_BREAK = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
GRADES = ("Mint (M)", "Near Mint (NM or M-)", "Very Good Plus (VG+)", "Poor (P)")

currencies = st.sampled_from(CURRENCIES)
cents = st.integers(0, 10**19)  # beyond what a binary fraction holds
# Marks of thousands and of decimals, and where the sign stands; with "." or "," for one, the other is none of both.
countries = st.sampled_from([(",", "."), (".", ","), ("'", "."), ("\N{RIGHT SINGLE QUOTATION MARK}", "."), ("", "."),
                             ("", ","), (NARROW, ","), (NO_BREAK, ","), (" ", ",")])  # fmt: skip
places = st.sampled_from(["{sign}{number}", "{sign} {number}", "{number} {sign}", "{number}" + NO_BREAK + "{sign}"])


def worth(smallest, currency):
    """So many of a currency's smallest coins; a yen has no smaller one."""
    return Decimal(smallest) if currency == "JPY" else Decimal(smallest).scaleb(-2)


def written(hundredths, country, *, has_decimals):
    """Write an amount by hand: the digits of an integer, cut where the marks stand. No Decimal and no float."""
    thousands, decimal = country
    digits, rest = str(hundredths // 100), f"{hundredths % 100:02}"
    groups = []
    while digits:
        groups.insert(0, digits[-3:])
        digits = digits[:-3]
    return thousands.join(groups) + (decimal + rest if has_decimals else "")


@given(cents, currencies)
@example(145_887, "EUR")
@example(250, "GBP")
@example(0, "USD")
def test_what_discogs_writes_is_read_again_in_all_its_currencies(hundredths, currency):
    amount = worth(hundredths, currency)
    read = parse_money(formatted(amount, currency))
    assert read == Money(amount, currency)
    assert str(read.amount) == str(amount)


@given(cents, currencies, countries, places, st.sampled_from(["", "-", MINUS]))
@example(10**19 - 1, "JPY", ("", "."), "{sign}{number}", "")
@example(10**19 - 1, "BRL", (".", ","), "{sign} {number}", "-")
def test_each_countrys_way_of_writing_is_read_to_the_last_digit(hundredths, currency, country, place, minus):
    has_decimals = currency != "JPY"
    number = written(hundredths, country, has_decimals=has_decimals)
    text = minus + place.format(sign=SYMBOLS[currency], number=number)
    read = parse_money(text)
    whole = Decimal(hundredths).scaleb(-2) if has_decimals else Decimal(hundredths // 100)
    assert read == Money(-whole if minus else whole, currency)


@given(cents, currencies, currencies)
def test_the_accounts_currency_is_believed_over_the_sign(hundredths, currency, account):
    read = parse_money(formatted(Decimal(hundredths), currency), currency=account)
    assert read == Money(Decimal(hundredths), account)


@given(st.text(alphabet=st.sampled_from("0123456789.,'-€$£¥ RkrCHFUSDA" + NO_BREAK + MINUS), max_size=20) | st.text())
def test_any_text_is_an_amount_with_its_own_digits_or_none(text):
    read = parse_money(text)
    if read is not None:
        assert type(read.amount) is Decimal
        assert read.amount.is_finite()
        assert len(read.currency) == 3
        digits = [c for c in text if c in "0123456789"]
        assert "".join(c for c in str(abs(read.amount)) if c.isdigit()).lstrip("0") == "".join(digits).lstrip("0")


@given(st.decimals(0, 10**7, places=14), currencies)
def test_no_digit_of_a_number_in_json_is_lost_on_its_way_to_a_record(amount, currency):
    """Discogs converts to fourteen digits and more; a binary fraction has room for fifteen to seventeen in all."""
    value = f'{{"currency": "{currency}", "value": {amount:f}}}'
    ladder = ", ".join(f'"{grade}": {value}' for grade in GRADES)
    suggested = PriceSuggestions.parse(told(f"{{{ladder}}}"))
    stats = MarketplaceStats.parse(told(f'{{"num_for_sale": 1, "lowest_price": {value}, "blocked_from_sale": false}}'))
    found = [*suggested.by_grade.values(), stats.lowest]
    assert len(found) == len(GRADES) + 1
    for money in found:
        assert type(money.amount) is Decimal
        assert (f"{money.amount:f}", money.currency) == (f"{amount:f}", currency)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "true", '"1.0"', "null", "[]"])
def test_what_is_no_number_in_json_is_no_amount(value):
    stats = MarketplaceStats.parse(
        told(f'{{"num_for_sale": 1, "lowest_price": {{"currency": "EUR", "value": {value}}}}}')
    )
    assert stats.lowest is None


@given(st.lists(cents, min_size=3, max_size=3), currencies)
def test_a_collections_value_is_read_and_kept_as_it_was_said(hundredths, currency):
    names = ("minimum", "median", "maximum")
    amounts = [worth(one, currency) for one in hundredths]
    said = [formatted(amount, currency) for amount in amounts]
    value = CollectionValue.parse(told(json.dumps(dict(zip(names, said, strict=True)))))
    assert [value.minimum_text, value.median_text, value.maximum_text] == said
    assert [value.minimum, value.median, value.maximum] == [Money(amount, currency) for amount in amounts]


def told(body):
    """Decode a body as every answer of Discogs is decoded."""
    return as_json(Answer(200, "application/json", body.encode()), "GET /anything")
