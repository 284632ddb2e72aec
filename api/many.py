"""Jobs that have something in common, over HTTP: retried, cancelled or removed piece by piece, never for minutes."""

import time
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Depends

from actors.operating import job_filter
from api.access import Acting, operator
from api.answers import ResourcesNow, errors
from api.errors import ApiError, Code
from api.models.operations import CancelBody, ManyOut, RemoveBody, RetryBody
from db import operations, users
from db.jobs import State
from db.operations import Choice, Do, Place
from workers.resources import Resources

SECONDS = 5.0  # after which a request begins no other piece
MOST_PIECES = 50

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
    return _go_through(resources, body, by=by, verb="retried", do=operations.retry)


@router.post(
    "/cancel",
    summary="Cancel many jobs",
    response_description="How many were cancelled.",
    responses=errors(Code.NOT_FOUND),
)
def cancel(resources: ResourcesNow, by: Acting, body: CancelBody) -> ManyOut:
    """Cancel live jobs that have something in common. A step under way ends first; what was imported stays."""
    return _go_through(resources, body, by=by, verb="cancelled", do=operations.cancel)


@router.post(
    "/remove",
    summary="Remove many jobs",
    response_description="How many were removed.",
    responses=errors(Code.NOT_FOUND),
)
def remove(resources: ResourcesNow, by: Acting, body: RemoveBody) -> ManyOut:
    """Remove jobs that are over, with their stories, that have something in common. What they brought stays."""
    return _go_through(resources, body, by=by, verb="removed", do=operations.remove)


def _go_through(
    resources: Resources, body: RetryBody | CancelBody | RemoveBody, *, by: str, verb: str, do: Do
) -> ManyOut:
    """Do it to one piece after the other, each with its audit row, until there are no more or the time is up."""
    with resources.pool.transaction() as conn:
        job_filter.check(conn, kind=body.kind, error_class=body.error_class)
        user_id = users.find(conn, body.user).id if body.user is not None else None
        choice = body.choice(tuple(dict.fromkeys(body.states)), user_id)
        if body.dry_run:
            there = operations.count(conn, choice)
            return ManyOut(matched=there, done=0, left_alone=0, locked=0, more=False, cursor=None, dry_run=True)
    place = None if body.cursor is None else _place(body.cursor, choice)
    done = matched = locked = 0
    ends = time.monotonic() + SECONDS
    for _ in range(MOST_PIECES):
        piece = operations.go_on(resources.pool, choice, do, by=by, verb=verb, after=place)
        matched, done, place = matched + piece.looked_at, done + piece.changed, piece.last
        locked += piece.locked
        if place is None or time.monotonic() > ends:
            break
    return ManyOut(
        matched=matched,
        done=done,
        left_alone=matched - done - locked,
        locked=locked,
        more=place is not None,
        cursor=None if place is None else " ".join((place[0], place[1].isoformat(), str(place[2]))),
        dry_run=False,
    )


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
