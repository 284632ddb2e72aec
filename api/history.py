"""History over HTTP: what became of each record, and the story of one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from actors.syncing import history
from api.access import Speaker
from api.answers import ResourcesNow, errors
from api.errors import ApiError, Code
from api.models import Moment, Whole
from api.models.history import HistoryPage
from db import users
from db.sync_log import Action, Status, Wanted
from discogs.ids import LARGEST

MOST_ON_A_PAGE = 200

router = APIRouter(prefix="/api/discogs/sync/history", tags=["sync"])


@router.get(
    "",
    summary="See what became of the records, the newest first",
    response_description="A page of lines.",
    responses=errors(Code.NOT_FOUND),
)
def show(
    *,
    user_id: Speaker,
    resources: ResourcesNow,
    album: Annotated[UUID | None, Query(description="Only this album: its story.")] = None,
    release: Annotated[Whole | None, Query(ge=1, le=LARGEST, description="Only this release, wants included.")] = None,
    action: Annotated[Action | None, Query(description="Only lines of this action.")] = None,
    status: Annotated[Status | None, Query(description="Only lines that ended like this.")] = None,
    job: Annotated[UUID | None, Query(description="Only what this job did, while its record is kept.")] = None,
    since: Annotated[Moment | None, Query(description="Only what happened at this moment or later.")] = None,
    until: Annotated[Moment | None, Query(description="Only what happened before this moment.")] = None,
    limit: Annotated[Whole, Query(ge=1, le=MOST_ON_A_PAGE)] = 50,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before.")] = None,
) -> HistoryPage:
    """Each line is one thing that happened to one record, in words and with both sides of every field that changed.

    A page without news leaves no lines. What happened to albums that were deleted since is found by `release`.
    """
    wanted = Wanted(
        release_id=release, album_id=album, action=action, status=status, job_id=job, since=since, until=until
    )
    with resources.pool.transaction() as conn:
        users.find(conn, user_id)
        found = history.page(conn, user_id, wanted, cursor=cursor, room=limit)
    if found is None:
        raise ApiError(Code.NOT_FOUND, "The cursor is no line of this history.", "Begin without a cursor.")
    return HistoryPage.of(found)
