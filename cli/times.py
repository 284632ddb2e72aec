"""Times as a person types them: "30m", "18:00", "2026-12-01 06:30"; in this machine's zone unless said otherwise."""

import re
from datetime import UTC, datetime, timedelta

from cli.errors import CommandFailed

LONGEST_AGE = timedelta(days=36_500)  # longer ago than any calendar here reaches

_LENGTH = re.compile(r"(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?")
_CLOCK = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})")


class BadTime(CommandFailed):
    """What was typed is no time, or none that makes sense here."""


def moment(typed: str, now: datetime) -> datetime:
    """Read a moment to come: a length from now, a time of the clock, or a date with its time.

    ``now`` is aware, and its zone is the reader's. A time of the clock that has passed today is tomorrow's.

    Raises:
        BadTime: it cannot be read, or is past.
    """
    text = typed.strip()
    if not text:
        raise BadTime("No time was given.", "Say when it ends: 30m, 18:00, or 2026-12-01T06:30.")
    until = _after(text, now) or _by_the_clock(text, now) or _by_the_calendar(text, now)
    if until is None:
        raise BadTime(f"{typed!r} is no time.", "Say 30m, 2h, 1d, 18:00, or 2026-12-01T06:30.")
    if until <= now:
        raise BadTime(f"{until:%Y-%m-%d %H:%M} is past.", "Say a time to come.")
    return until.astimezone(UTC)


def age(typed: str) -> timedelta:
    """Read a length of time, such as 30m, 2h or 3d. Raises BadTime."""
    length = _length(typed)
    if not length or length > LONGEST_AGE:
        raise BadTime(f"{typed!r} is no length of time.", "Say 30m, 2h, or 3d.")
    return length


def _after(text: str, now: datetime) -> datetime | None:
    length = _length(text)
    return None if length is None else now.astimezone(UTC) + length


def _length(text: str) -> timedelta | None:
    matched = _LENGTH.fullmatch(text.lower().replace(" ", ""))
    if matched is None:
        return None
    parts = {name: int(number) for name, number in matched.groupdict().items() if number is not None}
    return timedelta(**{name: min(number, 10**6) for name, number in parts.items()})


def _by_the_clock(text: str, now: datetime) -> datetime | None:
    matched = _CLOCK.fullmatch(text)
    if matched is None or int(matched["hour"]) > 23 or int(matched["minute"]) > 59:
        return None
    today = now.replace(hour=int(matched["hour"]), minute=int(matched["minute"]), second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _by_the_calendar(text: str, now: datetime) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo is not None else when.replace(tzinfo=now.tzinfo)
