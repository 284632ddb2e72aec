"""Formatted amounts of a collection's value, by account currency."""

from decimal import Decimal

import pytest

from discogs.money import Money, parse_money


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("€1,458.87", "1458.87", "EUR"),
        ("€240.16", "240.16", "EUR"),
        ("€1.234,56", "1234.56", "EUR"),
        ("1.234,56 €", "1234.56", "EUR"),
        ("1.234,56\N{NO-BREAK SPACE}€", "1234.56", "EUR"),
        ("€1\N{NARROW NO-BREAK SPACE}234,56", "1234.56", "EUR"),
        ("£2.50", "2.50", "GBP"),
        ("$0.00", "0.00", "USD"),
        ("$1,234,567.89", "1234567.89", "USD"),
        ("1.234.567,89 €", "1234567.89", "EUR"),
        ("CA$1,234.50", "1234.50", "CAD"),
        ("A$12.00", "12.00", "AUD"),
        ("MX$12.00", "12.00", "MXN"),
        ("NZ$12.00", "12.00", "NZD"),
        ("R$12,00", "12.00", "BRL"),
        ("R12.00", "12.00", "ZAR"),
        ("¥1,000", "1000", "JPY"),
        ("¥1.000", "1000", "JPY"),
        ("¥12", "12", "JPY"),
        ("SEK 1,234.50", "1234.50", "SEK"),
        ("1 234,50 kr", "1234.50", "SEK"),
        ("kr1.234,50", "1234.50", "SEK"),
        ("CHF 1'234.50", "1234.50", "CHF"),
        ("CHF1\N{RIGHT SINGLE QUOTATION MARK}234.50", "1234.50", "CHF"),
        ("€1,234", "1234", "EUR"),
        ("€1,234,567", "1234567", "EUR"),
        ("€0,123", "0.123", "EUR"),
        ("€5", "5", "EUR"),
        ("-€5.00", "-5.00", "EUR"),
        ("€-5.00", "-5.00", "EUR"),
    ],
)
def test_an_amount_is_read_in_its_countrys_way(text, amount, currency):
    """Defect of others: €1.234,56 is read as 1.23456."""
    assert parse_money(text) == Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "€",
        "free",
        "Rs 1,234.50",
        "12.00",
        "€1,23,456.00",
        "€1.2.3",
        "€1,234.567",
        "€1,234.567,89",
        "€12,3456,789",
        "?12.00",
        "€1 to €2",
        "€٣",
    ],
)
def test_what_is_not_surely_an_amount_is_none_and_no_guess(text):
    assert parse_money(text) is None


def test_the_accounts_currency_decides_what_a_dollar_is():
    assert parse_money("$12.00", currency="AUD") == Money(Decimal("12.00"), "AUD")


def test_the_accounts_currency_makes_no_amount_of_what_is_none():
    assert parse_money("12.00", currency="AUD") == Money(Decimal("12.00"), "AUD")
    assert parse_money("€1 to €2", currency="EUR") is None


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("\uffe51,000", "1000", "JPY"),
        ("\u0e3f99.00", "99.00", "THB"),
        ("($5.00)", "-5.00", "USD"),
    ],
)
def test_rarer_signs_and_accounting_negatives_are_read(text, amount, currency):
    assert parse_money(text) == Money(Decimal(amount), currency)
