"""Operators over HTTP: what failed alike, one job put back or removed, and what operators did."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from actors.operating import progress
from api.access import Acting, Caller, operator
from api.answers import ResourcesNow, errors, pace_of, redis_of
from api.errors import ApiError, Code
from api.jobs import JobId, find
from api.models import Whole
from api.models.jobs import JobOut
from api.models.operations import ActOut, ActPage, FailureList, FailuresOut
from api.roles import Role
from db import operations
from db.jobs import State

MOST_ON_A_PAGE = 200
OPERATOR = Caller(Role.OPERATOR, None)

router = APIRouter(prefix="/api", tags=["operations"], dependencies=[Depends(operator)])


@router.get(
    "/jobs/failures",
    summary="See what failed alike",
    response_description="Groups of failed jobs.",
    responses=errors(),
)
def failures(resources: ResourcesNow, limit: Annotated[Whole, Query(ge=1, le=MOST_ON_A_PAGE)] = 50) -> FailureList:
    """Failed jobs of one kind and class of error as one line: how many, why, what to do, and the newest of them."""
    with resources.pool.transaction() as conn:
        return FailureList(failures=[FailuresOut.of(group) for group in operations.failure_groups(conn, room=limit)])


@router.get(
    "/operations/audit",
    summary="See what operators did",
    response_description="A page of acts.",
    responses=errors(),
)
def audit(
    resources: ResourcesNow,
    limit: Annotated[Whole, Query(ge=1, le=MOST_ON_A_PAGE)] = 50,
    before: Annotated[Whole | None, Query(ge=1, le=2**62, description="`next_before` of the page before.")] = None,
) -> ActPage:
    """Who did what, when, to how many jobs; the newest first."""
    with resources.pool.transaction() as conn:
        acts = operations.acts(conn, before=before, room=limit + 1)
    has_more = len(acts) > limit
    return ActPage(acts=[ActOut.of(act) for act in acts[:limit]], next_before=acts[limit - 1].id if has_more else None)


@router.post(
    "/jobs/{job_id}/retry",
    summary="Put a job back into the line",
    response_description="The job, waiting again.",
    responses=errors(Code.NOT_FOUND, Code.CONFLICT),
)
def retry(job_id: JobId, by: Acting, resources: ResourcesNow) -> JobOut:
    """Put a job that failed or was cancelled back into the line; it goes on where its checkpoint stands."""
    with resources.pool.transaction() as conn:
        was = find(conn, job_id, OPERATOR)
        if not operations.retry(conn, [job_id]):
            raise _not_retried(find(conn, job_id, OPERATOR).state)
        operations.audit(conn, by=by, action="retried", target={"id": str(was.id)}, jobs=1)
        view = progress.view(conn, find(conn, job_id, OPERATOR), pace=pace_of(resources), redis=redis_of(resources))
    return JobOut.of(view, OPERATOR.role)


@router.delete(
    "/jobs/{job_id}",
    summary="Remove a job",
    status_code=204,
    response_description="The job is gone.",
    responses=errors(Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT),
)
def remove(job_id: JobId, by: Acting, resources: ResourcesNow) -> None:
    """Remove a job that is over, with its story. What it brought stays."""
    with resources.pool.transaction() as conn:
        job = find(conn, job_id, OPERATOR)
        if not operations.remove(conn, [job_id]):
            raise ApiError(
                Code.CONFLICT,
                f"This job is {job.state}.",
                "Only jobs that are over are removed: cancel it first.",
                reason="job_live",
            )
        operations.audit(conn, by=by, action="removed", target={"id": str(job_id)}, jobs=1)


def _not_retried(state: State) -> ApiError:
    if state in operations.OVER:
        return ApiError(
            Code.CONFLICT,
            f"The job stays {state}: a live one of its kind and user stands for it.",
            "Nothing needs to be done.",
            reason="job_stood_for",
        )
    return ApiError(
        Code.CONFLICT,
        f"This job is {state}.",
        "Only failed and cancelled jobs are retried.",
        reason="job_live" if state.is_live else "job_over",
    )
