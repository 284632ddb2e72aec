"""Jobs over HTTP: list them, see how one goes, cancel it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from actors.operating import job_filter, progress
from api.access import Acting, Caller, CallerNow
from api.answers import ResourcesNow, errors, pace_of, redis_of
from api.errors import ApiError, Code
from api.models import Moment, Whole
from api.models.jobs import JobOut, JobPage
from api.roles import Role
from db import Connection, jobs, operations, users
from db.jobs import Job, State

MOST_ON_A_PAGE = 200

router = APIRouter(prefix="/api/jobs", tags=["jobs"])

JobId = Annotated[UUID, Path(description="The job's id.")]


@router.get(
    "",
    summary="List jobs, the newest first",
    response_description="A page of jobs.",
    responses=errors(Code.NOT_FOUND),
)
def list_jobs(
    *,
    who: CallerNow,
    resources: ResourcesNow,
    user: Annotated[
        str | None, Query(max_length=200, description="For operators: only this user's, by id, handle or address.")
    ] = None,
    state: Annotated[State | None, Query(description="Only jobs in this state.")] = None,
    kind: Annotated[str | None, Query(max_length=200, description="Only jobs of this kind.")] = None,
    error_class: Annotated[str | None, Query(max_length=200, description="Only jobs that failed of this.")] = None,
    newer_than: Annotated[Moment | None, Query(description="Only jobs asked for after this moment.")] = None,
    older_than: Annotated[Moment | None, Query(description="Only jobs asked for before this moment.")] = None,
    limit: Annotated[Whole, Query(ge=1, le=MOST_ON_A_PAGE)] = 50,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before.")] = None,
) -> JobPage:
    """The application sees the jobs of the user for whom it speaks, an operator sees all."""
    if user is not None and who.role is not Role.OPERATOR:
        raise _only_for_operators("user")
    with resources.pool.transaction() as conn:
        job_filter.check(conn, kind=kind, error_class=error_class)
        user_id = users.find(conn, user).id if user is not None else who.user_id
        below = None if cursor is None else find(conn, cursor, who)
        found = jobs.page(
            conn,
            user_id=user_id,
            state=state,
            kind=kind,
            error_class=error_class,
            newer_than=newer_than,
            older_than=older_than,
            below=below,
            room=limit + 1,
        )
        views = progress.views(conn, found[:limit], pace=pace_of(resources), redis=redis_of(resources))
    return JobPage(
        jobs=[JobOut.of(view, who.role) for view in views],
        next_cursor=str(found[limit - 1].id) if len(found) > limit else None,
    )


@router.get(
    "/{job_id}",
    summary="See how a job goes",
    response_description="The job: where it stands, what it waits for, when it ends.",
    responses=errors(Code.NOT_FOUND),
)
def show(job_id: JobId, who: CallerNow, resources: ResourcesNow) -> JobOut:
    """Progress, rate and end, and what it waits for in words."""
    with resources.pool.transaction() as conn:
        return JobOut.of(
            progress.view(conn, find(conn, job_id, who), pace=pace_of(resources), redis=redis_of(resources)), who.role
        )


@router.post(
    "/{job_id}/cancel",
    summary="Cancel a job",
    response_description="The job, cancelled.",
    responses={
        202: {"model": JobOut, "description": "The job ends after the step that is under way."},
        **errors(Code.NOT_FOUND, Code.CONFLICT),
    },
)
def cancel(job_id: JobId, who: CallerNow, by: Acting, resources: ResourcesNow, response: Response) -> JobOut:
    """End a job. A step under way ends first; what was imported stays. Again is the same as once."""
    with resources.pool.transaction() as conn:
        job = find(conn, job_id, who)
        asked = jobs.cancel(conn, job_id)
        cancelled = asked or find(conn, job_id, who)
        if asked is not None and who.role is Role.OPERATOR:
            operations.audit(conn, by=by, action="cancelled", target={"id": str(job_id)}, jobs=1)
        view = progress.view(conn, cancelled, pace=pace_of(resources), redis=redis_of(resources))
    if cancelled.state in (State.COMPLETED, State.FAILED):
        raise ApiError(
            Code.CONFLICT,
            f"This job is over already: {cancelled.state}.",
            "Nothing needs to be done.",
            reason="job_over",
        )
    response.status_code = 202 if job.state.is_live and cancelled.state.is_live else 200
    return JobOut.of(view, who.role)


def find(conn: Connection, job_id: UUID, who: Caller) -> Job:
    """Return a job that the caller may see. Whether another's job exists is nobody's business: it is not found."""
    job = jobs.find(conn, job_id)
    if job is None or not who.may_see(job.user_id):
        raise no_such_job()
    return job


def no_such_job() -> ApiError:
    """Return the answer for a job that does not exist, or is not for the caller to see."""
    return ApiError(Code.NOT_FOUND, "There is no such job.", "GET /api/jobs lists those that there are.")


def _only_for_operators(what: str) -> ApiError:
    return ApiError(Code.FORBIDDEN, f"{what} is for operators.", "Leave it out: X-Rekkrd-User says who it is.")
