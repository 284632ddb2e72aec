"""The budget of the fleet over HTTP: how it is spent, why it is less than it could be, and the brake on it."""

from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request, Response

from actors import budget
from actors.budget import Pulled
from api.access import Caller, Program, Role, operator
from api.answers import ResourcesNow, errors
from api.errors import Code
from api.holding import Holding
from api.models.limiter import (
    BrakeBody,
    BrakeOut,
    GateOut,
    GrantsOut,
    LaneOut,
    LimiterOut,
    LimitOut,
    LoweredOut,
    PulledOut,
    ReleasedOut,
    WaitingOut,
    WaitsOut,
)
from api.tokens import PROGRAM, refusal
from db.gates import Gate
from workers.limiter.errors import LimiterError
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings
from workers.limiter.snapshot import Snapshot, Waiting, Waits

BY_HTTP = "an operator over HTTP"  # a token names no person

router = APIRouter(prefix="/api/limiter", tags=["limiter"])


@router.get(
    "",
    summary="See how the budget is spent",
    response_description="The budget at this moment.",
    responses=errors(Code.FORBIDDEN),
)
def show(request: Request, who: Program, resources: ResourcesNow, response: Response) -> LimiterOut:
    """Spent and free, the limit and why it is lower, who waits, the next token, gate and brake, waits by lane.

    The application sees that others wait, not who they are. 503 `redis_away`: then nobody sends.
    """
    response.headers["Cache-Control"] = "no-store"
    try:
        seen = resources.limiter.snapshot()
    except LimiterError as error:
        raise refusal(error) from None
    holding: Holding = request.app.state.holding
    return picture(seen, resources.settings.limiter, holding.known.brake, who)


@router.put(
    "/brake",
    summary="Pull the brake",
    response_description="The brake as it is now.",
    responses={
        202: {"model": PulledOut, "description": "It is remembered; Redis is away, nobody sends until it is back."},
        **errors(Code.FORBIDDEN),
    },
    dependencies=[Depends(operator)],
)
def pull(resources: ResourcesNow, body: BrakeBody, response: Response) -> PulledOut:
    """Leave the whole fleet a share of its budget until a time, 0 for none; the last word counts.

    With 0 nobody sends: no job, no person at a screen, no other program. No job fails for waiting. It is kept in
    PostgreSQL, so a Redis that forgets does not release it.
    """
    end = body.end(datetime.now(UTC))
    pulled = budget.pull_brake(resources, share=body.share, until=end, reason=body.reason, by=BY_HTTP)
    response.status_code = 200 if pulled.is_shown else 202
    return _pulled(pulled)


@router.delete(
    "/brake",
    summary="Release the brake",
    response_description="Whether it was pulled.",
    responses=errors(Code.FORBIDDEN),
    dependencies=[Depends(operator)],
)
def release(resources: ResourcesNow) -> ReleasedOut:
    """Let the fleet spend its whole budget again; again is the same as once. What Discogs closed stays closed."""
    return ReleasedOut(was_pulled=budget.release_brake(resources, by=BY_HTTP))


def picture(seen: Snapshot, settings: LimiterSettings, brake: Gate | None, who: Caller) -> LimiterOut:
    """Say how the budget stands, as far as it is for the caller's eyes."""
    by = brake.closed_by if brake is not None and who.role is Role.OPERATOR else None
    return LimiterOut(
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
        next_token_at=seen.next_token_at if seen.gate is None else max(seen.next_token_at, seen.gate.until),
        gate=None if seen.gate is None else GateOut(until=seen.gate.until, reason=seen.gate.reason),
        brake=None
        if seen.brake is None
        else BrakeOut(share=seen.brake.share, until=seen.brake.until, reason=seen.brake.reason, by=by),
        lanes={lane: _lane(seen, lane) for lane in Lane},
        waiting=[_waiting(each, who) for each in sorted(seen.waiting, key=lambda one: -one.seconds)],
        grants=GrantsOut(given=seen.granted, returned=seen.returned, throttled=seen.throttled),
    )


def _lane(seen: Snapshot, lane: Lane) -> LaneOut:
    waits = [each.seconds for each in seen.waiting if each.lane is lane]
    return LaneOut(
        share=seen.shares[lane],
        spent=seen.spent_by_lane[lane],
        in_flight=seen.in_flight[lane],
        waiting=len(waits),
        oldest_wait_seconds=round(max(waits), 3) if waits else None,
        waits=_waits(seen.waits[lane]),
    )


def _waits(waits: Waits) -> WaitsOut:
    return WaitsOut(
        count=waits.count,
        mean_seconds=round(waits.seconds / waits.count, 3) if waits.count else None,
        p50_seconds=_within(waits.quantile(0.5)),
        p95_seconds=_within(waits.quantile(0.95)),
    )


def _within(bound: float | None) -> float | None:
    return None if bound == float("inf") else bound


def _waiting(waiting: Waiting, who: Caller) -> WaitingOut:
    program = waiting.user.removeprefix(PROGRAM) if waiting.user.startswith(PROGRAM) else None
    user = waiting.user if program is None and waiting.user else None
    if user is not None and not (who.role is Role.OPERATOR or user == str(who.user_id)):
        user = None
    return WaitingOut(lane=waiting.lane, user=user, program=program, seconds=round(waiting.seconds, 3))


def _pulled(pulled: Pulled) -> PulledOut:
    return PulledOut(
        share=pulled.share,
        until=pulled.until.astimezone(UTC),
        reason=pulled.reason,
        sentence=budget.braked(pulled.share, pulled.until, pulled.reason),
        in_effect=pulled.is_shown,
    )
