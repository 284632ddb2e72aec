"""Amounts with their currency, also out of the formatted strings that Discogs gives for a collection's value."""

import re
from dataclasses import dataclass
from decimal import Decimal

# What Discogs converts into (contract §3.2); it refuses to be asked for another.
CURRENCIES = frozenset({"USD", "GBP", "EUR", "CAD", "AUD", "JPY", "CHF", "MXN", "BRL", "NZD", "SEK", "ZAR"})


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency, ISO 4217."""

    amount: Decimal
    currency: str


# Longest first: "CA$" must not be read as "$". A bare "$" is the American one, "kr" Swedish: no other krona is traded.
_SYMBOLS = {
    "US$": "USD", "CA$": "CAD", "AU$": "AUD", "MX$": "MXN", "NZ$": "NZD", "C$": "CAD", "A$": "AUD", "R$": "BRL",
    "JP¥": "JPY", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "kr.": "SEK", "kr": "SEK", "Fr.": "CHF", "R": "ZAR",
    "\uffe5": "JPY", "\u20b9": "INR", "\u0e3f": "THB",
}  # fmt: skip
_MARKS = ".,'\N{RIGHT SINGLE QUOTATION MARK}"
_MINUS = "-\N{MINUS SIGN}"
_NUMBER = re.compile(f"[0-9][0-9{_MARKS}]*")
_SPACES = re.compile(r"\s+")  # no-break and narrow no-break spaces included
_GROUPED = re.compile(rf"[0-9]{{1,3}}([{_MARKS}])[0-9]{{3}}(\1[0-9]{{3}})*")


def parse_money(text: str, *, currency: str | None = None) -> Money | None:
    """Read "€1,234.56", "1.234,56 €", "¥1,000", "CHF 1'234.50", "($5)" as -5 dollars; None rather than a guess.

    Args:
        currency: the account's, which then decides what "$" or "kr" is.
    """
    bare = _SPACES.sub("", text)
    found = _NUMBER.search(bare)
    if found is None:
        return None
    before, after = bare[: found.start()], bare[found.end() :]
    is_negative = any(sign in before for sign in _MINUS)
    if before.startswith("(") and after.endswith(")"):  # accounting's way to write a negative amount
        before, after, is_negative = before[1:], after[:-1], True
    amount = _amount(found.group())
    sign = before.strip(_MINUS) + after
    unit = _currency(sign) if sign else currency
    if amount is None or unit is None:
        return None
    unit = currency or unit
    return Money(-amount if is_negative else amount, unit)


def _currency(sign: str) -> str | None:
    if re.fullmatch(r"[A-Z]{3}", sign):
        return sign
    return _SYMBOLS.get(sign)


def _amount(digits: str) -> Decimal | None:
    """Tell the decimal mark from the one between thousands: no currency at Discogs has three decimals."""
    digits = digits.rstrip(_MARKS)
    marks = [c for c in digits if c in _MARKS]
    if not marks:
        return Decimal(digits)
    whole, mark, rest = digits.rpartition(marks[-1])
    is_decimal = mark in ".," and marks.count(mark) == 1 and (len(rest) != 3 or whole == "0")
    if not is_decimal:
        whole, rest = digits, ""
    if not (whole.isdigit() or _GROUPED.fullmatch(whole)):
        return None
    plain = "".join(c for c in whole if c.isdigit())
    return Decimal(f"{plain}.{rest}" if rest else plain)
