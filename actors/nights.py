"""When a user's night is: 03:00 to 06:00 in their own zone, once a date, whatever the clocks do there."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

BEGINS = time(3)
LASTS = timedelta(hours=3)
LATE = timedelta(hours=12)  # a night that began longer ago is over: the next one is nearer
LOOKS_EVERY = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Night:
    """A night by its date in the user's zone, and the moment at which it begins."""

    date: date
    begins_at: datetime


def zone_named(name: str) -> ZoneInfo | None:
    """Return a zone by its IANA name, None when there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a path, a folder of zones, or no name at all
        return None


def night_around(zone: ZoneInfo, now: datetime) -> Night | None:
    """Return the night that began within ``LATE``, or begins before the next look; None between two nights."""
    return night_between(zone, now - LATE, now + LOOKS_EVERY)


def night_between(zone: ZoneInfo, since: datetime, until: datetime) -> Night | None:
    """Return the newest night that begins in this stretch of time, from ``since`` on and before ``until``."""
    day, first = until.astimezone(zone).date(), since.astimezone(zone).date()
    while day >= first:
        begins_at = beginning(zone, day)
        if begins_at is not None and since <= begins_at < until:
            return Night(day, begins_at)
        day -= DAY
    return None


def beginning(zone: ZoneInfo, day: date) -> datetime | None:
    """Return when a date's night begins, None when the date does not exist there.

    Where the clocks jump over 03:00 it begins with the jump; where 03:00 comes twice, the first time (PEP 495). Whole
    dates were left out where a country changed the side of the date line.
    """
    begins_at = datetime.combine(day, BEGINS, zone).astimezone(UTC)
    return begins_at if begins_at.astimezone(zone).date() == day else None


def place_in(user_id: UUID, night: date) -> timedelta:
    """Return how far into the night a user comes: the same for one night, another one the next, even over all users."""
    drawn = sha256(user_id.bytes + night.isoformat().encode()).digest()
    return LASTS * (int.from_bytes(drawn[:4]) / 2**32)
