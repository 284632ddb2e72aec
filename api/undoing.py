"""Undo of the last sync, over HTTP: a preview, and a job that does it once."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from actors.catalog import UNDO_SYNC
from actors.gating import admit
from actors.operating import progress
from actors.syncing.undo_sync import begin, preview_undo
from api.access import Acting, Speaker
from api.answers import ResourcesNow, errors, pace_of, redis_of
from api.errors import ApiError, Code
from api.models import Whole
from api.models.jobs import JobAnswer, JobOut
from api.models.undoing import UndoAnswer, UndoOut
from api.roles import Role
from db import Connection, jobs, sync_log, users

MOST_ON_A_PAGE = 200

router = APIRouter(prefix="/api/discogs/sync/undo", tags=["sync"])


@router.get(
    "",
    summary="See what an undo of the last sync would do",
    response_description="The sync, and a page of what would be undone and what would not.",
    responses=errors(Code.NOT_FOUND),
)
def show(
    *,
    user_id: Speaker,
    resources: ResourcesNow,
    limit: Annotated[Whole, Query(ge=1, le=MOST_ON_A_PAGE)] = 50,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before.")] = None,
) -> UndoOut:
    """List the local effects of an undo, where nothing changed since. Nothing happens yet.

    Jobs that ran together, or within five minutes of each other, are one sync.
    """
    with resources.pool.transaction() as conn:
        users.find(conn, user_id)
        return UndoOut.of(preview_undo(conn, user_id), below=_place(conn, user_id, cursor), limit=limit)


@router.post(
    "",
    summary="Undo the last sync",
    response_description="Nothing is to be done, or a job does it already.",
    responses={
        202: {"model": UndoAnswer, "description": "The job that will do it."},
        **errors(Code.NOT_FOUND, Code.NOT_CONNECTED),
    },
)
def undo(user_id: Speaker, by: Acting, resources: ResourcesNow, response: Response) -> UndoAnswer:
    """Undo the last sync here, once: 202; if it is undone already, 200 without a job.

    Nothing changes on Discogs. Imports and pushes are then paused until `POST /api/discogs/sync/resume`.
    """
    with resources.pool.transaction() as conn:
        admit(conn, user_id, UNDO_SYNC)
        found, started = begin(conn, user_id, by=by)
        if started is None:
            return UndoAnswer(job=None, state=found.state, sentence=found.sentence)
        view = progress.view(conn, jobs.get(conn, started.job_id), pace=pace_of(resources), redis=redis_of(resources))
    response.status_code = status.HTTP_202_ACCEPTED if started.is_new else status.HTTP_200_OK
    job = JobAnswer(job=JobOut.of(view, Role.APPLICATION), is_new=started.is_new, replaced=started.replaced)
    return UndoAnswer(job=job, state=found.state, sentence=found.sentence)


def _place(conn: Connection, user_id: UUID, cursor: UUID | None) -> tuple[datetime, UUID] | None:
    place = None if cursor is None else sync_log.place_of(conn, user_id, cursor)
    if cursor is not None and place is None:
        raise ApiError(Code.NOT_FOUND, "The cursor is no line of this history.", "Begin without a cursor.")
    return place
