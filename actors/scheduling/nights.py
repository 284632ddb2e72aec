"""A user's moment of the night: from 03:00 to 06:00 in their own zone, once a date, whatever the clocks do there."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

BEGINS = time(3)
LASTS = timedelta(hours=3)
LATE = timedelta(hours=12)  # a moment missed by more is let be: the next night is nearer
LOOKS_EVERY = timedelta(minutes=10)  # and no job is enqueued longer ahead: it would stand for one that is asked for
MADE_UP_WITHIN = timedelta(hours=1)  # so that who was missed does not come at one instant
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
    """Return the night of which a moment may be due now, None between two nights; they are never nearer than that."""
    since, until = now - LATE - LASTS, now + LOOKS_EVERY
    day, first = until.astimezone(zone).date(), since.astimezone(zone).date()
    while day >= first:
        begins_at = beginning(zone, day)
        if begins_at is not None and since <= begins_at < until:
            return Night(day, begins_at)
        day -= DAY
    return None


def beginning(zone: ZoneInfo, day: date) -> datetime | None:
    """Return when a date's night begins, None when the date does not exist there.

    Where the clocks jump over 03:00 it is 03:00 by the clocks of before; where that comes twice, the first time (PEP
    495). Whole dates were left out where a country changed the side of the date line.
    """
    begins_at = datetime.combine(day, BEGINS, zone).astimezone(UTC)
    return begins_at if begins_at.astimezone(zone).date() == day else None


def is_due(user_id: UUID, night: Night, now: datetime) -> bool:
    """Whether a user's moment comes before the next look, or came within ``LATE``."""
    return now - LATE <= night.begins_at + LASTS * place_in(user_id, night.date) < now + LOOKS_EVERY


def run_at(user_id: UUID, night: Night, now: datetime) -> datetime:
    """Return when a user's sync runs: at the moment of this night, or when that was missed, soon."""
    place = place_in(user_id, night.date)
    moment = night.begins_at + LASTS * place
    return moment if moment >= now else now + MADE_UP_WITHIN * place


def place_in(user_id: UUID, night: date) -> float:
    """Return a user's place from 0 to below 1: the same for one night, another the next, and even over all users."""
    drawn = sha256(user_id.bytes + night.isoformat().encode()).digest()
    return int.from_bytes(drawn[:4]) / 2**32
