"""The timetable: what the clock enqueues, when, and why, one entry a sentence.

It stands here and not beside the clock because programs and people at a terminal see and hold it too.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from actors.catalog import (
    CHECK_ALERTS,
    NIGHTLY_SYNC,
    PUSH_CHANGES,
    READ_SHOPS,
    REFRESH_PRICES,
    REFRESH_RATES,
    UPKEEP,
    VALUE_SNAPSHOTS,
)
from actors.scheduling import nights
from workers.kinds import Kind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class EntryName(StrEnum):
    """What the entries go by."""

    UPKEEP = "upkeep"
    NIGHTLY_SYNC = "nightly_sync"
    PUSH_CHANGES = "push_changes"
    REFRESH_PRICES = "refresh_prices"
    CHECK_ALERTS = "check_alerts"
    REFRESH_RATES = "refresh_rates"
    READ_SHOPS = "read_shops"
    VALUE_SNAPSHOTS = "value_snapshots"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timetable. It comes due ``every`` so long, counted in UTC: no hour is missing or doubled.

    A time that was missed is made up for while it is no more than ``lateness`` ago, and several of them once.
    """

    name: EntryName
    sentence: str
    kind: Kind[Any, Any]
    every: timedelta
    lateness: timedelta

    def last_due(self, now: datetime) -> datetime:
        """Return when it came due last; ``now`` counts."""
        return EPOCH + (now - EPOCH) // self.every * self.every

    def times_between(self, after: datetime, before: datetime) -> int:
        """Count how often it comes due between two moments, which do not count."""
        first, beyond = (after - EPOCH) // self.every + 1, -((EPOCH - before) // self.every)
        return max(0, beyond - first)

    def next_at(self, made: datetime | None, free_from: datetime) -> datetime:
        """Return when a scheduler makes the next tick: at once if one was missed or the task never ran.

        ``made`` is the newest time that became a tick, None before the first; ``free_from`` is now, or when the pause
        ends.
        """
        due_at = self.last_due(free_from)
        is_open = (made is None or made < due_at) and free_from - due_at <= self.lateness
        return free_from if is_open else due_at + self.every


TIMETABLE: tuple[Entry, ...] = (
    Entry(
        name=EntryName.UPKEEP,
        sentence="Clears jobs that were kept long enough, turns of users without work, and ticks of long ago.",
        kind=UPKEEP,
        every=timedelta(minutes=10),
        lateness=timedelta(minutes=10),
    ),
    Entry(
        name=EntryName.NIGHTLY_SYNC,
        sentence="Enqueues the sync of archivists: each has a moment a night, from 03:00 to 06:00 where they live.",
        kind=NIGHTLY_SYNC,
        every=nights.LOOKS_EVERY,
        lateness=nights.LATE,
    ),
    Entry(
        name=EntryName.PUSH_CHANGES,
        sentence="Enqueues the push of archivists who changed something here a moment ago, if it goes out by itself.",
        kind=PUSH_CHANGES,
        every=timedelta(minutes=2),
        lateness=timedelta(minutes=2),
    ),
    Entry(
        name=EntryName.REFRESH_PRICES,
        sentence="Asks Discogs for the prices that are due, once for everybody, with what the budget leaves over.",
        kind=REFRESH_PRICES,
        every=timedelta(minutes=10),
        lateness=timedelta(minutes=10),
    ),
    Entry(
        name=EntryName.CHECK_ALERTS,
        sentence="Requests the lowest prices that alerts wait for, each at its own time.",
        kind=CHECK_ALERTS,
        every=timedelta(minutes=10),
        lateness=timedelta(minutes=10),
    ),
    Entry(
        name=EntryName.REFRESH_RATES,
        sentence="Asks Discogs how it converts into the currencies that somebody has, once a day each.",
        kind=REFRESH_RATES,
        every=timedelta(hours=1),
        lateness=timedelta(hours=1),
    ),
    Entry(
        name=EntryName.READ_SHOPS,
        sentence="Reads the shops of watched sellers that are due: each at its own time, what is new every day.",
        kind=READ_SHOPS,
        every=timedelta(minutes=10),
        lateness=timedelta(minutes=10),
    ),
    Entry(
        name=EntryName.VALUE_SNAPSHOTS,
        sentence="Keeps what each collection is worth, once a day, in the morning of where its owner lives.",
        kind=VALUE_SNAPSHOTS,
        every=timedelta(hours=1),
        lateness=timedelta(hours=1),
    ),
)


def entry_of(name: EntryName) -> Entry:
    """Return the entry of this name."""
    return next(entry for entry in TIMETABLE if entry.name == name)
