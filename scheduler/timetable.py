"""The timetable: what the clock enqueues, when, and why, one entry a sentence."""

from dataclasses import dataclass
from typing import Any

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

from actors.catalog import UPKEEP
from workers.kinds import Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timetable. All times are UTC: no hour is missing or doubled when clocks change."""

    name: str
    sentence: str
    trigger: BaseTrigger
    kind: Kind[Any, Any]


TIMETABLE: tuple[Entry, ...] = (
    Entry(
        name="upkeep",
        sentence="Clears jobs that were kept long enough, turns of users without work, and ticks of long ago.",
        trigger=CronTrigger(minute="*/10", timezone="UTC"),
        kind=UPKEEP,
    ),
)
