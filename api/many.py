"""Jobs that have something in common, over HTTP: retried, cancelled or removed piece by piece, never for minutes."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from fastapi import APIRouter, Depends

from api.access import Acting, operator
from api.answers import ResourcesNow, errors
from api.errors import ApiError, Code
from api.models.operations import CancelBody, ManyOut, RemoveBody, RetryBody
from db import Connection, operations, users
from db.jobs import State
from db.operations import Choice
from workers.resources import Resources

PIECE = 1000  # jobs a transaction: a tenth of a second, so that nobody waits for it
SECONDS = 5.0  # after which a request begins no other piece
MOST_PIECES = 50

Act = Callable[[Connection, Sequence[UUID]], Sequence[UUID]]  # to which of them it was done
Place = tuple[State, datetime, UUID]  # the last job that was looked at

router = APIRouter(prefix="/api/jobs", tags=["operations"], dependencies=[Depends(operator)])


@router.post(
    "/retry",
    summary="Put many jobs back into the line",
    response_description="How many were put back.",
    responses=errors(Code.NOT_FOUND),
)
def retry(resources: ResourcesNow, by: Acting, body: RetryBody) -> ManyOut:
    """Put failed or cancelled jobs back that have something in common; each goes on where its checkpoint stands.

    A job is left alone while a live one of its kind and user stands for it. One request does a few seconds' worth.
    """
    return _go_through(resources, body, by=by, verb="retried", act=operations.retry)


@router.post(
    "/cancel",
    summary="Cancel many jobs",
    response_description="How many were cancelled.",
    responses=errors(Code.NOT_FOUND),
)
def cancel(resources: ResourcesNow, by: Acting, body: CancelBody) -> ManyOut:
    """Cancel live jobs that have something in common. A step under way ends first; what was imported stays."""
    return _go_through(resources, body, by=by, verb="cancelled", act=operations.cancel)


@router.post(
    "/remove",
    summary="Remove many jobs",
    response_description="How many were removed.",
    responses=errors(Code.NOT_FOUND),
)
def remove(resources: ResourcesNow, by: Acting, body: RemoveBody) -> ManyOut:
    """Remove jobs that are over, with their stories, that have something in common. What they brought stays."""
    return _go_through(resources, body, by=by, verb="removed", act=operations.remove)


def _go_through(
    resources: Resources, body: RetryBody | CancelBody | RemoveBody, *, by: str, verb: str, act: Act
) -> ManyOut:
    """Do it to one piece after the other, each with its audit row, until there are no more or the time is up."""
    with resources.pool.transaction() as conn:
        user_id = users.find(conn, body.user).id if body.user is not None else None
        choice = body.choice(tuple(dict.fromkeys(body.states)), user_id)
        if body.dry_run:
            there = operations.count(conn, choice)
            return ManyOut(matched=there, done=0, left_alone=0, more=False, cursor=None, dry_run=True)
    place = None if body.cursor is None else _place(body.cursor, choice)
    done = matched = 0
    ends = time.monotonic() + SECONDS
    for _ in range(MOST_PIECES):
        looked_at, changed, place = operations.in_piece(
            resources.pool, partial(_piece, choice=choice, place=place, by=by, verb=verb, act=act)
        )
        matched, done = matched + looked_at, done + changed
        if place is None or time.monotonic() > ends:
            break
    return ManyOut(
        matched=matched,
        done=done,
        left_alone=matched - done,
        more=place is not None,
        cursor=None if place is None else " ".join((place[0], place[1].isoformat(), str(place[2]))),
        dry_run=False,
    )


def _piece(
    conn: Connection, *, choice: Choice, place: Place | None, by: str, verb: str, act: Act
) -> tuple[int, int, Place | None]:
    """Do it to the next jobs: how many were looked at, how many changed, and the last one; None when that was all."""
    for of_state in operations.by_state(choice):
        (state,) = of_state.states
        if place is not None and place[0] is not state:
            if choice.states.index(state) < choice.states.index(place[0]):
                continue
            place = None
        after = None if place is None else place[1:]
        piece = operations.chosen(conn, of_state, after=after, room=PIECE)
        if not piece:
            continue
        changed = len(act(conn, [job_id for _, job_id in piece]))
        operations.audit(conn, by=by, action=verb, target=choice.as_plain(), jobs=changed)
        is_last = len(piece) < PIECE and state is choice.states[-1]
        return len(piece), changed, None if is_last else (state, *piece[-1])
    return 0, 0, None


def _place(cursor: str, choice: Choice) -> Place:
    """Read a cursor that we gave."""
    try:
        state, at, job_id = cursor.split(" ")
        place = (State(state), datetime.fromisoformat(at), UUID(job_id))
    except ValueError:
        place = None
    if place is None or place[0] not in choice.states or place[1].tzinfo is None:
        raise ApiError(Code.INVALID, "This cursor is none of ours.", "Send the one of the answer before, or none.")
    return place
