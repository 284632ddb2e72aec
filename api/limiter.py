"""The budget of the fleet over HTTP: how it is spent, why it is less than it could be, and the brake on it."""

from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request, Response

from actors.operating import budget
from actors.operating.budget import Pulled
from api.access import Acting, Program, operator
from api.answers import ResourcesNow, errors
from api.errors import ApiError, Code
from api.holding import Holding
from api.models.limiter import BrakeBody, LimiterOut, ProbeOut, PulledOut, ReleasedOut
from api.roles import Role
from api.tokens import refusal
from services.operations import circuit_breaker
from services.operations.circuit_breaker import ProbeRefused
from workers.limiter.errors import LimiterError

router = APIRouter(prefix="/api/limiter", tags=["limiter"])


@router.get(
    "",
    summary="See how the budget is spent",
    response_description="The budget at this moment.",
    responses=errors(),
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
    is_operator = who.role is Role.OPERATOR
    brake = holding.known.brake if is_operator else None
    return LimiterOut.of(
        seen,
        resources.settings.limiter,
        braked_by=None if brake is None else brake.closed_by,
        is_known_to=lambda user: is_operator or user == str(who.user_id),
    )


@router.put(
    "/brake",
    summary="Pull the brake",
    response_description="The brake as it is now.",
    responses={
        202: {"model": PulledOut, "description": "It is remembered; Redis is away, nobody sends until it is back."},
        **errors(),
    },
    dependencies=[Depends(operator)],
)
def pull(by: Acting, resources: ResourcesNow, body: BrakeBody, response: Response) -> PulledOut:
    """Leave the whole fleet a share of its budget until a time, 0 for none; the last word counts.

    With 0 nobody sends: no job, no person at a screen, no other program. No job fails for waiting. It is kept in
    PostgreSQL, so a Redis that forgets does not release it.
    """
    end = body.end(datetime.now(UTC))
    pulled = budget.pull_brake(resources, share=body.share, until=end, reason=body.reason, by=by)
    response.status_code = 200 if pulled.is_shown else 202
    return _pulled(pulled)


@router.delete(
    "/brake",
    summary="Release the brake",
    response_description="Whether it was pulled.",
    responses=errors(),
    dependencies=[Depends(operator)],
)
def release(by: Acting, resources: ResourcesNow) -> ReleasedOut:
    """Let the fleet spend its whole budget again; again is the same as once. What Discogs closed stays closed."""
    return ReleasedOut(was_pulled=budget.release_brake(resources, by=by))


@router.post(
    "/probe",
    summary="Probe an open circuit breaker",
    response_description="Discogs' answer to the probe.",
    responses=errors(Code.CONFLICT),
    dependencies=[Depends(operator)],
)
def probe(by: Acting, resources: ResourcesNow) -> ProbeOut:
    """Send one request while the circuit breaker is open, and close the breaker if Discogs answers.

    At most once a minute, and never during a cooldown or an operator's pause: 409 `probe_refused`.
    """
    try:
        found = circuit_breaker.probe(resources, by=by)
    except ProbeRefused as refused:
        raise ApiError(Code.CONFLICT, str(refused), refused.next_step, reason="probe_refused") from None
    except LimiterError as error:
        raise refusal(error) from None
    return ProbeOut(result=found.result, message=found.message)


def _pulled(pulled: Pulled) -> PulledOut:
    return PulledOut(
        share=pulled.share,
        until=pulled.until.astimezone(UTC),
        reason=pulled.reason,
        sentence=budget.braked(pulled.share, pulled.until, pulled.reason),
        in_effect=pulled.is_shown,
    )
