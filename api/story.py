"""The story of one job over HTTP: what `rekkrd jobs show` has below the job itself."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from actors.operating import progress
from api.access import operator
from api.answers import ResourcesNow, errors, pace_of, redis_of
from api.errors import Code
from api.jobs import JobId, find
from api.models import Whole
from api.models.story import StoryOut
from api.operations import OPERATOR
from db import story

router = APIRouter(prefix="/api/jobs", tags=["operations"], dependencies=[Depends(operator)])


@router.get(
    "/{job_id}/story",
    summary="See what a job did and said",
    response_description="Its attempts, requests and log.",
    responses=errors(Code.NOT_FOUND),
)
def tell(
    job_id: JobId,
    resources: ResourcesNow,
    lines: Annotated[Whole, Query(ge=0, le=story.MOST_LINES, description="How many lines of its log.")] = 50,
) -> StoryOut:
    """Where it stands, how its attempts ended and why, what it asked of Discogs and how that answered, and its log."""
    with resources.pool.transaction() as conn:
        job = find(conn, job_id, OPERATOR)
        return StoryOut.of(
            progress.view(conn, job, pace=pace_of(resources), redis=redis_of(resources)),
            story.attempts(conn, job.id),
            story.requests_by_endpoint(conn, job.id),
            story.log(conn, job.id, newest=lines) if lines else [],
        )
