"""Numbers and times inside our sentences."""

from datetime import UTC, datetime, tzinfo


def count(number: int, noun: str) -> str:
    """Say a number with its noun: "1 record", "1,000 records"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def ended(text: str) -> str:
    """End a text as a sentence does; what ends already stays."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def ordinal(number: int) -> str:
    """Say a place: "1st", "2nd", "3rd", "11th"."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def lasting(seconds: float) -> str:
    """Say how long something takes, no finer than it can be known: "4 s", "2 min", "1 h 20 min", "9 days"."""
    whole = max(1, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours >= 72:
        return f"{round(minutes / 1440)} days"
    return f"{hours} h {rest:02} min" if rest else f"{hours} h"


def utc(when: datetime) -> str:
    """Say a moment with its date, to the minute, in UTC: "2026-11-23 18:00 UTC". The database's zone may be another."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def clock(when: datetime, now: datetime, zone: tzinfo = UTC) -> str:
    """Say a moment by the reader's clock, with the date only when it is another day."""
    local = when.astimezone(zone)
    form = "%H:%M:%S" if local.date() == now.astimezone(zone).date() else "%Y-%m-%d %H:%M:%S"
    return local.strftime(form) + (" UTC" if zone is UTC else "")
