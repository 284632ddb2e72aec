"""The door for other programs: they take a token of the fleet's budget here, and report what became of it."""

import math
import re
import time
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import Caller, Program, program
from api.answers import ResourcesNow, errors
from api.errors import ApiError, Code
from api.models.tokens import PROGRAM, ReportBody, ReportOut, TokenBody, TokenOut
from api.spent import Given, Spent
from api.waiting_room import Asked, RoomFull, WaitingRoom
from workers.limiter.errors import GateClosed, GaveUp, LimiterError, LimiterUnavailable
from workers.limiter.lanes import Lane
from workers.resources import Resources

router = APIRouter(prefix="/api/limiter/tokens", tags=["limiter"])

GRANT = re.compile(rf"({'|'.join(Lane)})-([0-9a-f]{{32}})")  # the lane is where to look, the rest nobody guesses

GrantId = Annotated[str, Path(max_length=100, description="`grant` of the token.")]


@router.post(
    "",
    status_code=201,
    summary="Take a token",
    response_description="The right to send one request to Discogs, now.",
    responses=errors(),
)
async def take(
    request: Request, response: Response, who: Program, resources: ResourcesNow, body: TokenBody
) -> TokenOut:
    """Wait in the fleet's line for the right to send one request to Discogs.

    **Send** within `send_within_seconds`; too late, hand the token back and take another. **Report** each token with
    `PUT`, a 429 above all: it closes the gate for the whole fleet. What is not reported keeps its place until
    `answer_within_seconds` are over, and one window more. Hang up while you wait, and you have left the line.

    503 with `Retry-After` when none came: reasons `too_busy`, `gate_closed` (the message says until when and why),
    `door_full`, `redis_away`, `stopping`.
    """
    room: WaitingRoom = request.app.state.waiting_room
    spent: Spent = request.app.state.spent
    user = _user(who, body)
    asked = Asked(body.lane, user or f"{PROGRAM}{body.program}", body.wait_seconds)
    try:
        grant = await room.wait(asked, request.receive, request.app.state.is_stopping)
    except RoomFull:
        raise _later("door_full", f"{room.waiting} programs wait at this door already.", 5) from None
    except LimiterError as error:
        raise refusal(error) from None
    left = grant.sendable_for()
    if left <= 0:  # this process stood still meanwhile
        await run_in_threadpool(grant.unused)
        raise _later("too_busy", "The token got too old before it could be handed out.", 1)
    named = f"{grant.lane}-{grant.id}"
    spent.give(named, Given(grant.lane, body.program, user, body.endpoint), time.monotonic())
    response.headers["Location"] = f"{router.prefix}/{named}"
    response.headers["Cache-Control"] = "no-store"
    return TokenOut(
        grant=named,
        lane=grant.lane,
        send_within_seconds=math.floor(left * 1000) / 1000,
        answer_within_seconds=resources.settings.limiter.answer_deadline_seconds,
    )


@router.put(
    "/{grant}",
    summary="Report what became of a token",
    response_description="Noted; again is the same as once.",
    responses=errors(Code.NOT_FOUND, Code.CONFLICT),
    dependencies=[Depends(program)],
)
def report(request: Request, grant: GrantId, resources: ResourcesNow, body: ReportBody) -> ReportOut:
    """Say what Discogs answered, or that nothing was sent; to any process of this API, whichever gave the token.

    404 when no such token is known: it was never given, is more than a window over, or was handed back before.
    409 `grant_over` when one that was reported, or ran out, is handed back: it may have been sent, so it counts on.
    """
    found = GRANT.fullmatch(grant)
    if found is None:
        raise _unknown()
    grant_id, lane = found[2], Lane(found[1])
    try:
        if body.unused:
            _hand_back(resources, grant_id, lane)
        elif not resources.limiter.settle(
            grant_id, lane, status=body.status, remaining=body.remaining, limit=body.limit
        ):
            raise _unknown()
    except LimiterError as error:
        raise refusal(error) from None
    spent: Spent = request.app.state.spent
    spent.settle(grant, was_sent=not body.unused)
    return ReportOut(grant=grant, outcome="unused" if body.unused else "answered")


def refusal(error: LimiterError) -> ApiError:
    """Say why there is no token, and when to come again."""
    if isinstance(error, GateClosed):
        seconds = math.ceil((error.until - datetime.now(UTC)).total_seconds())
        return _later("gate_closed", str(error), max(1, seconds))
    if isinstance(error, LimiterUnavailable):
        return _later("redis_away", "Redis is out of reach, so nobody may send to Discogs.", 5)
    if isinstance(error, GaveUp):
        return _later("too_busy", "No token came up in time: others are before you.", 1)
    return _later("stopping", "This process ends; another takes its place.", 1)


def _hand_back(resources: Resources, grant_id: str, lane: Lane) -> None:
    if resources.limiter.hand_back(grant_id, lane):
        return
    # Not held any more. A settled one would not change by this: it only tells whether the budget remembers it.
    if resources.limiter.settle(grant_id, lane, status=None, remaining=None, limit=None):
        raise ApiError(
            Code.CONFLICT,
            "This token was reported before, or ran out: it may have been sent, so it goes on counting.",
            "Nothing needs to be done.",
            reason="grant_over",
        )
    raise _unknown()


def _user(who: Caller, body: TokenBody) -> str | None:
    """Return for whom the request is: in that user's turn the token is waited for, else in the program's."""
    if who.user_id is not None and body.user not in (None, who.user_id):
        raise ApiError(Code.INVALID, "The body names another user than X-Rekkrd-User.", "Name the user once.")
    user = who.user_id or body.user
    return None if user is None else str(user)


def _later(reason: str, sentence: str, seconds: int) -> ApiError:
    return ApiError(
        Code.UNAVAILABLE,
        sentence,
        f"Ask again in {seconds} s.",
        reason=reason,
        headers={"Retry-After": str(seconds)},
    )


def _unknown() -> ApiError:
    return ApiError(
        Code.NOT_FOUND,
        "There is no such token: it was never given, was handed back, or is long over.",
        "POST /api/limiter/tokens gives a new one.",
        reason="grant_unknown",
    )
