"""Numbers and times inside our sentences."""

import re
from datetime import UTC, datetime

# Control signs, line ends, halves of signs, and what turns the direction of a line around.
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def on_one_line(text: str) -> str:
    """Say what others wrote on one line, as it looks: nothing in it ends a line, a header or a direction."""
    return " ".join(_HIDDEN.sub(" ", text).split())


def count(number: int, noun: str) -> str:
    """Say a number with its noun: "1 record", "1,000 records"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def ordinal(number: int) -> str:
    """Say a place: "1st", "2nd", "3rd", "11th"."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def utc(when: datetime) -> str:
    """Say a moment with its date, to the minute, in UTC: "2026-11-23 18:00 UTC". The database's zone may be another."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
