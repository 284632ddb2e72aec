"""Jobs over HTTP: ask for one, what it would cost, see how it goes, cancel it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import ValidationError

from actors import progress
from actors.catalog import CATALOG
from actors.connect import require_connected
from actors.enqueue import enqueue
from actors.estimate import estimate as forecast
from api.access import Caller, CallerNow, Role
from api.answers import ResourcesNow, errors, pace_of
from api.errors import ApiError, Code
from api.models.jobs import EstimateAnswer, EstimateOut, JobAnswer, JobBody, JobOut, JobPage
from db import Connection, jobs, users
from db.jobs import NOBODY, Job, State
from workers.kinds import Kind, Plain

MOST_ON_A_PAGE = 200

router = APIRouter(prefix="/api/jobs", tags=["jobs"])

JobId = Annotated[UUID, Path(description="The job's id.")]


@router.post(
    "",
    summary="Ask for a job, or what it would cost",
    response_description="The job that stands for this one already, or the estimate.",
    responses={
        202: {"model": JobAnswer, "description": "The job that will do the work."},
        **errors(Code.FORBIDDEN, Code.NOT_FOUND, Code.NOT_CONNECTED),
    },
)
def ask(
    who: CallerNow,
    resources: ResourcesNow,
    body: JobBody,
    response: Response,
    estimate: Annotated[
        bool, Query(description="Only say what it would cost: nothing is spent, nothing is enqueued.")
    ] = False,
) -> JobAnswer | EstimateAnswer:
    """Put a job into the ledger: 202, and it will be done. A live one of its kind stands for it: 200, and that one.

    With `estimate=1`: requests and minutes at the present line, before anything is spent.
    """
    kind = _kind(body.kind, who)
    arguments = _arguments(kind, body.arguments)
    with resources.pool.transaction() as conn:
        user_id = _user_id(conn, who, body.user, kind)
        if kind.speaks_for_user:
            require_connected(conn, user_id)
        if estimate:
            return EstimateAnswer(estimate=EstimateOut.of(forecast(conn, kind, user_id, pace_of(resources))))
        enqueued = enqueue(conn, kind, user_id, arguments)
        view = progress.view(conn, enqueued.job, pace=pace_of(resources))
    response.status_code = 202 if enqueued.is_new else 200
    response.headers["Location"] = f"{router.prefix}/{enqueued.job.id}"
    return JobAnswer(job=JobOut.of(view, who.role), is_new=enqueued.is_new)


@router.get(
    "",
    summary="List jobs, the newest first",
    response_description="A page of jobs.",
    responses=errors(Code.FORBIDDEN, Code.NOT_FOUND),
)
def list_jobs(
    *,
    who: CallerNow,
    resources: ResourcesNow,
    user: Annotated[
        str | None, Query(max_length=200, description="For operators: only this user's, by id, handle or address.")
    ] = None,
    state: Annotated[State | None, Query(description="Only jobs in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ON_A_PAGE)] = 50,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before.")] = None,
) -> JobPage:
    """The application sees the jobs of the user for whom it speaks, an operator sees all."""
    if user is not None and who.role is not Role.OPERATOR:
        raise _only_for_operators("user")
    with resources.pool.transaction() as conn:
        user_id = users.find(conn, user).id if user is not None else who.user_id
        below = None if cursor is None else find(conn, cursor, who)
        found = jobs.page(conn, user_id=user_id, state=state, below=below, room=limit + 1)
        views = progress.views(conn, found[:limit], pace=pace_of(resources))
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
        return JobOut.of(progress.view(conn, find(conn, job_id, who), pace=pace_of(resources)), who.role)


@router.post(
    "/{job_id}/cancel",
    summary="Cancel a job",
    response_description="The job, cancelled.",
    responses={
        202: {"model": JobOut, "description": "The job ends after the step that is under way."},
        **errors(Code.NOT_FOUND, Code.CONFLICT),
    },
)
def cancel(job_id: JobId, who: CallerNow, resources: ResourcesNow, response: Response) -> JobOut:
    """End a job. A step under way ends first; what was imported stays. Again is the same as once."""
    with resources.pool.transaction() as conn:
        job = find(conn, job_id, who)
        cancelled = jobs.cancel(conn, job_id) or find(conn, job_id, who)
        view = progress.view(conn, cancelled, pace=pace_of(resources))
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
        raise ApiError(Code.NOT_FOUND, "There is no such job.", "GET /api/jobs lists those that there are.")
    return job


def _kind(name: str, who: Caller) -> Kind[Any, Any]:
    """Find a kind by its name; the application only knows those that work for a user."""
    known = {one: kind for one, kind in CATALOG.items() if kind.speaks_for_user or who.role is Role.OPERATOR}
    kind = known.get(name)
    if kind is None:
        raise ApiError(Code.INVALID, "There is no such kind of job.", f"There are: {', '.join(sorted(known))}.")
    return kind


def _arguments(kind: Kind[Any, Any], given: dict[str, Any]) -> Plain:
    try:
        arguments: Plain = kind.arguments.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)
        )
        raise ApiError(Code.INVALID, f"The arguments do not fit: {wrong}.", "Mend them and send again.") from None
    return arguments


def _user_id(conn: Connection, who: Caller, named: str | None, kind: Kind[Any, Any]) -> UUID:
    """Return for whom the work is: the user of the application, whom the operator names, or nobody."""
    if who.user_id is not None:
        if named is not None:
            raise _only_for_operators("user")
        return who.user_id
    if not kind.speaks_for_user:
        return NOBODY
    if named is None:
        raise ApiError(Code.INVALID, "user is missing.", "Name the user by id, handle or address.")
    return users.find(conn, named).id


def _only_for_operators(what: str) -> ApiError:
    return ApiError(Code.FORBIDDEN, f"{what} is for operators.", "Leave it out: X-Rekkrd-User says who it is.")
