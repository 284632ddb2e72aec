"""The timetable as an operator sees it."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from actors.scheduling.schedule import Planned
from actors.scheduling.timetable import EntryName
from api.models import Model
from db.entry_pauses import EntryPause
from db.ticks import Sums, Tick


class TickOut(Model):
    """A time that became work."""

    due_at: datetime
    made_at: datetime
    made_by: str | None = Field(description="The operator who ran it by hand; null for the clock.")
    job_id: UUID | None
    job_state: str | None = Field(description="Null when the job is no longer kept.")
    outcome: str | None
    enqueued: int = Field(description="New jobs that came of it: its own, and those that this one enqueued.")
    missed: int = Field(description="Times between this tick and the one before.")
    skipped: int = Field(description="Those that lay too far back to be made up for.")

    @classmethod
    def of(cls, tick: Tick) -> "TickOut":
        return cls(**{name: getattr(tick, name) for name in cls.model_fields})


class SumsOut(Model):
    """What the ticks of the last day came to."""

    ticks: int
    jobs: int
    missed: int
    skipped: int

    @classmethod
    def of(cls, sums: Sums) -> "SumsOut":
        return cls(**{name: getattr(sums, name) for name in cls.model_fields})


class EntryPauseOut(Model):
    """No scheduler makes a tick of the entry until a time."""

    paused_at: datetime
    paused_until: datetime
    reason: str
    made_by: str

    @classmethod
    def of(cls, pause: EntryPause) -> "EntryPauseOut":
        return cls(**{name: getattr(pause, name) for name in cls.model_fields})


class EntryOut(Model):
    """One entry of the timetable."""

    name: EntryName
    sentence: str
    kind: str
    every_seconds: float
    lateness_seconds: float = Field(description="How long ago a missed time may be to be made up for.")
    next_at: datetime = Field(description="When a scheduler makes the next tick; now, when one is to be made up for.")
    last: TickOut | None
    overdue: int = Field(description="Times that came due since the last tick and are not made.")
    last_day: SumsOut
    pause: EntryPauseOut | None

    @classmethod
    def of(cls, planned: Planned) -> "EntryOut":
        return cls(
            name=planned.entry.name,
            sentence=planned.entry.sentence,
            kind=planned.entry.kind.name,
            every_seconds=planned.entry.every.total_seconds(),
            lateness_seconds=planned.entry.lateness.total_seconds(),
            next_at=planned.next_at,
            last=None if planned.last is None else TickOut.of(planned.last),
            overdue=planned.overdue,
            last_day=SumsOut.of(planned.lately),
            pause=None if planned.pause is None else EntryPauseOut.of(planned.pause),
        )


class Schedule(Model):
    """Every entry."""

    entries: list[EntryOut]
