"""Prices: all begin in USD and are told in other currencies by fixed rates."""

from decimal import Decimal

RATES = {
    "USD": Decimal(1),
    "GBP": Decimal("0.74"),
    "EUR": Decimal("0.87"),
    "CAD": Decimal("1.37"),
    "AUD": Decimal("1.52"),
    "JPY": Decimal("147.5"),
    "CHF": Decimal("0.80"),
    "MXN": Decimal("18.6"),
    "BRL": Decimal("5.5"),
    "NZD": Decimal("1.68"),
    "SEK": Decimal("9.6"),
    "ZAR": Decimal("17.7"),
}
SYMBOLS = {
    "USD": "$",
    "GBP": "£",
    "EUR": "€",
    "CAD": "CA$",
    "AUD": "A$",
    "JPY": "¥",
    "CHF": "CHF",
    "MXN": "MX$",
    "BRL": "R$",
    "NZD": "NZ$",
    "SEK": "SEK",
    "ZAR": "ZAR",
}


def in_currency(dollars: Decimal, currency: str) -> Decimal:
    """Convert, with all digits that the rate makes."""
    return dollars * RATES[currency]


def formatted(amount: Decimal, currency: str) -> str:
    """Write an amount as the collection's value is written: symbol, thousands, no decimals in yen."""
    return f"{SYMBOLS[currency]}{amount:,.{0 if currency == 'JPY' else 2}f}"
