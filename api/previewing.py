"""A sync before it happens, over HTTP: a look at Discogs is a job, what it found is one answer."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from actors.catalog import PREVIEW_SYNC
from actors.gating import admit
from actors.operating import progress
from actors.syncing.preview import CURSOR, Cursor, Way, preview
from api.access import Speaker
from api.answers import ResourcesNow, errors, pace_of, redis_of
from api.errors import Code
from api.models import Whole
from api.models.jobs import JobAnswer, JobOut
from api.models.previewing import SyncPreviewOut
from api.roles import Role
from db import jobs, users
from workers.enqueue import enqueue

MOST_ON_A_PAGE = 200

router = APIRouter(prefix="/api/discogs/sync/preview", tags=["sync"])


@router.post(
    "",
    summary="Look at Discogs before a sync",
    response_description="The job that looks already.",
    responses={
        202: {"model": JobAnswer, "description": "The job that will look."},
        **errors(Code.NOT_FOUND, Code.NOT_CONNECTED),
    },
)
def look(user_id: Speaker, resources: ResourcesNow, response: Response) -> JobAnswer:
    """Have both lists looked at: 202, and what a sync would do can be read once the job is over. Nothing else changes.

    It replaces the look before. One request for each hundred records and wants.
    """
    with resources.pool.transaction() as conn:
        admit(conn, user_id, PREVIEW_SYNC)
        started = enqueue(conn, PREVIEW_SYNC.name, user_id)
        view = progress.view(conn, jobs.get(conn, started.job_id), pace=pace_of(resources), redis=redis_of(resources))
    response.status_code = status.HTTP_202_ACCEPTED if started.is_new else status.HTTP_200_OK
    return JobAnswer(job=JobOut.of(view, Role.APPLICATION), is_new=started.is_new, replaced=started.replaced)


@router.get(
    "",
    summary="See what a sync would do on both sides",
    response_description="Counts, and a page of what would happen.",
    responses=errors(Code.NOT_FOUND),
)
def show(
    *,
    user_id: Speaker,
    resources: ResourcesNow,
    way: Annotated[Way | None, Query(description="Only what goes this way.")] = None,
    limit: Annotated[Whole, Query(ge=1, le=MOST_ON_A_PAGE)] = 50,
    cursor: Annotated[
        str | None, Query(pattern=CURSOR.pattern, description="`next_cursor` of the page before.")
    ] = None,
) -> SyncPreviewOut:
    """What would come in, go out, be a conflict and vanish, each with before and after. Nothing is sent or changed.

    What goes out is known at once; the rest is what the last look found, and `look` says how old it is.
    """
    with resources.pool.transaction() as conn:
        users.find(conn, user_id)
        after = None if cursor is None else Cursor.read(cursor)
        return SyncPreviewOut.of(preview(conn, user_id, way=way, cursor=after, room=limit))
