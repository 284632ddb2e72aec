"""The budget of the fleet as it stands, and the brake on it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from actors.operating import budget
from actors.operating.budget import Cause, Lowered
from api.models import Body, Model, Moment
from api.models.tokens import PROGRAM
from services.operations.circuit_breaker import Result
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings
from workers.limiter.snapshot import Snapshot, Waiting, Waits
from workers.terminal_text import has_control_characters


def _printable(given: str) -> str:
    """Refuse characters that would act on an operator's terminal."""
    if has_control_characters(given):
        raise ValueError("has a control character; leave it out")
    return given


Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)
]


class LoweredOut(Model):
    """One reason for spending less than the settings name."""

    cause: Cause
    limit: int = Field(description="What this alone would leave in a window.")
    sentence: str

    @classmethod
    def of(cls, lowered: Lowered) -> "LoweredOut":
        return cls(cause=lowered.cause, limit=lowered.limit, sentence=lowered.sentence)


class LimitOut(Model):
    """Requests in a window that are ours to spend."""

    now: int = Field(description="0 while nobody may send.", examples=[50])
    configured: int = Field(description="DISCOGS_REQUESTS_PER_WINDOW.", examples=[55])
    lowered_by: list[LoweredOut] = Field(description="Why it is less now; empty when it is not.")


class WaitsOut(Model):
    """How long tokens of a lane were waited for, in the whole fleet, since the budget's memory began."""

    count: int
    mean_seconds: float | None
    p50_seconds: float | None = Field(description="Half waited no longer; null when unknown, or above every bound.")
    p95_seconds: float | None

    @classmethod
    def of(cls, waits: Waits) -> "WaitsOut":
        return cls(
            count=waits.count,
            mean_seconds=round(waits.seconds / waits.count, 3) if waits.count else None,
            p50_seconds=_within(waits.quantile(0.5)),
            p95_seconds=_within(waits.quantile(0.95)),
        )


class LaneOut(Model):
    """One lane of the budget."""

    share: float = Field(description="Its part of the budget while every lane has work.")
    spent: int = Field(description="Tokens of the last window.")
    in_flight: int = Field(description="Of these, not answered yet.")
    waiting: int
    oldest_wait_seconds: float | None
    waits: WaitsOut

    @classmethod
    def of(cls, seen: Snapshot, lane: Lane) -> "LaneOut":
        waits = [each.seconds for each in seen.waiting if each.lane is lane]
        return cls(
            share=seen.shares[lane],
            spent=seen.spent_by_lane[lane],
            in_flight=seen.in_flight[lane],
            waiting=len(waits),
            oldest_wait_seconds=round(max(waits), 3) if waits else None,
            waits=WaitsOut.of(seen.waits[lane]),
        )


class WaitingOut(Model):
    """Somebody who waits for a token at this moment."""

    lane: Lane
    user: str | None = Field(
        description="The user's id; null for upkeep, and for another user than the application speaks for."
    )
    program: str | None = Field(description="The name of a program that waits at the door; null for our own work.")
    seconds: float

    @classmethod
    def of(cls, waiting: Waiting, is_known_to: Callable[[str], bool]) -> "WaitingOut":
        is_program = waiting.user.startswith(PROGRAM)
        is_shown = waiting.user and not is_program and is_known_to(waiting.user)
        return cls(
            lane=waiting.lane,
            user=waiting.user if is_shown else None,
            program=waiting.user.removeprefix(PROGRAM) if is_program else None,
            seconds=round(waiting.seconds, 3),
        )


class GateOut(Model):
    """Until when nobody may send."""

    until: datetime
    reason: str


class BrakeOut(Model):
    """The operator's brake, while it is pulled."""

    share: float = Field(description="What is left of the budget; 0 leaves nothing.")
    until: datetime
    reason: str
    by: str | None = Field(description="Who pulled it; for operators.")


class GrantsOut(Model):
    """Tokens since the budget's memory began; an emptied Redis begins anew."""

    given: int
    returned: int = Field(description="Handed back unused.")
    throttled: int = Field(description="Answered 429.")


class LimiterOut(Model):
    """The budget at one moment."""

    sentence: str = Field(examples=["38 of 55 spent in the last 60 s, 17 free, next token in 0.7 s."])
    taken_at: datetime
    window_seconds: float
    limit: LimitOut
    spent: int = Field(description="In the last window.")
    free: int = Field(description="What nobody has used of this window.")
    in_flight: int = Field(description="Sent, or about to be, and not answered yet.")
    foreign: int = Field(description="Requests of others on our address in a window, by Discogs' own count.")
    next_token_at: datetime
    gate: GateOut | None = Field(description="Null while requests may go out.")
    brake: BrakeOut | None
    lanes: dict[Lane, LaneOut]
    waiting: list[WaitingOut] = Field(description="Who waits for a token, longest first; jobs in line are not here.")
    grants: GrantsOut

    @classmethod
    def of(
        cls,
        seen: Snapshot,
        settings: LimiterSettings,
        *,
        braked_by: str | None = None,
        is_known_to: Callable[[str], bool] = lambda _: True,
    ) -> "LimiterOut":
        """Say how the budget stands. ``is_known_to`` says whether a user's id is for the reader's eyes."""
        brake = seen.brake
        return cls(
            sentence=budget.sentence(seen, settings),
            taken_at=seen.taken_at,
            window_seconds=seen.window_seconds,
            limit=LimitOut(
                now=budget.limit_now(seen, settings),
                configured=settings.requests_per_window,
                lowered_by=[LoweredOut.of(each) for each in budget.lowered(seen, settings)],
            ),
            spent=seen.spent,
            free=seen.free,
            in_flight=sum(seen.in_flight.values()),
            foreign=seen.foreign,
            next_token_at=max(seen.next_token_at, seen.gate.until) if seen.gate else seen.next_token_at,
            gate=GateOut(until=seen.gate.until, reason=seen.gate.reason) if seen.gate else None,
            brake=BrakeOut(share=brake.share, until=brake.until, reason=brake.reason, by=braked_by) if brake else None,
            lanes={lane: LaneOut.of(seen, lane) for lane in Lane},
            waiting=[WaitingOut.of(each, is_known_to) for each in sorted(seen.waiting, key=lambda one: -one.seconds)],
            grants=GrantsOut(given=seen.granted, returned=seen.returned, throttled=seen.throttled),
        )


class BrakeBody(Body):
    """How hard to brake, for how long, and why."""

    share: float = Field(default=0.0, ge=0, lt=1, description="What is left of the budget: 0 nothing, 0.5 half.")
    until: Moment | None = Field(default=None, description="When it ends by itself; a week ahead at most.")
    for_seconds: float | None = Field(default=None, gt=0, le=700_000, description="The same as a length from now.")
    reason: Reason = Field(
        description="For everybody whose job waits meanwhile.", examples=["Discogs asked us to be gentle today"]
    )

    @model_validator(mode="after")
    def _ends_once(self) -> "BrakeBody":
        if (self.until is None) == (self.for_seconds is None):
            raise ValueError("name the end once: until, or for_seconds")
        return self

    def end(self, now: datetime) -> datetime:
        """Return the moment at which the brake ends by itself."""
        return self.until if self.until is not None else now + timedelta(seconds=self.for_seconds or 0)


class PulledOut(Model):
    """The brake as it was pulled."""

    share: float
    until: datetime
    reason: str
    sentence: str = Field(
        examples=["Nobody sends to Discogs until 18:00:00 UTC, people at screens included: the database moves."]
    )
    in_effect: bool = Field(description="False while Redis is away: nobody sends then, and it takes effect afterwards.")


class ReleasedOut(Model):
    """Whether there was a brake to release."""

    was_pulled: bool


def _within(bound: float | None) -> float | None:
    return None if bound == float("inf") else bound


class ProbeOut(Model):
    """A probe of the circuit breaker."""

    result: Result = Field(description="`closed`: requests continue. Else the breaker stays open, or a cooldown began.")
    message: str
