"""Work over HTTP: one job or thousands, in one transaction, and only once for one key."""

import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Header, Query, Response
from pydantic import Discriminator, Tag

from actors.catalog import CATALOG
from actors.operating import progress
from actors.operating.estimate import estimate as forecast
from api.access import Acting, Caller, Program
from api.answers import ResourcesNow, errors, pace_of, redis_of
from api.errors import ApiError, Code
from api.job_requests import JobRequests
from api.models import Flag
from api.models.jobs import AddedOut, EstimateAnswer, EstimateOut, JobAnswer, JobBody, JobOut, JobsAnswer, JobsBody
from api.roles import Role
from db import idempotency, jobs, operations
from db.errors import DatabaseBusy
from db.jobs import NOBODY
from workers.enqueue import Enqueued
from workers.resources import Resources

ONE, MANY = "one job", "many jobs"
REPLAYED = "Idempotent-Replayed"

router = APIRouter(prefix="/api/jobs", tags=["jobs"])

Asked = Annotated[
    Annotated[JobBody, Tag(ONE)] | Annotated[JobsBody, Tag(MANY)],
    Discriminator(lambda given: MANY if isinstance(given, JobsBody) or "jobs" in _keys(given) else ONE),
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="The same key and body within a day is answered with the jobs of the first time.",
    ),
]


@router.post(
    "",
    summary="Ask for a job or for many, or what one would cost",
    response_description="Jobs that stand for these already, or the estimate.",
    responses={
        202: {"model": JobAnswer | JobsAnswer, "description": "The job that will do the work, or the jobs."},
        **errors(Code.NOT_FOUND, Code.NOT_CONNECTED, Code.CONFLICT, Code.TOO_LARGE),
    },
)
def ask(
    *,
    who: Program,
    by: Acting,
    resources: ResourcesNow,
    body: Annotated[Asked, Body()],
    response: Response,
    key: Key = None,
    estimate: Annotated[
        Flag, Query(description="Only say what one job would cost: nothing is spent, nothing is enqueued.")
    ] = False,
) -> JobAnswer | JobsAnswer | EstimateAnswer:
    """Put jobs into the ledger: 202, and they will be done; all of them or none. When each is a live one that stands
    for it already: 200.

    One job with `estimate=true`: requests and minutes at the present line, before anything is spent. With an
    `Idempotency-Key`, asking again within 24 hours is answered with the first answer's jobs, 200 and
    `Idempotent-Replayed: true`.
    """
    if estimate:
        if isinstance(body, JobsBody):
            raise ApiError(Code.INVALID, "An estimate is for one job.", "Ask for each by itself.")
        return _estimate(who, body, resources)
    added, is_replay = _enqueue_once(resources, who, by, body, key)
    is_any_new = any(one.is_new for one in added)
    response.status_code = 202 if is_any_new and not is_replay else 200
    if is_replay:
        response.headers[REPLAYED] = "true"
    if isinstance(body, JobsBody):
        return JobsAnswer(
            jobs=[AddedOut(id=one.job_id, is_new=one.is_new, replaced=one.replaced) for one in added],
            new=sum(one.is_new for one in added),
        )
    (only,) = added
    response.headers["Location"] = f"{router.prefix}/{only.job_id}"
    with resources.pool.transaction() as conn:
        job = jobs.find(conn, only.job_id)
        if job is None:
            raise ApiError(Code.NOT_FOUND, "The job of this key was removed.", "Ask anew, with another key.")
        view = progress.view(conn, job, pace=pace_of(resources), redis=redis_of(resources))
    return JobAnswer(job=JobOut.of(view, who.role), is_new=only.is_new, replaced=only.replaced)


def _enqueue_once(
    resources: Resources, who: Caller, by: str, body: JobBody | JobsBody, key: str | None
) -> tuple[Sequence[Enqueued], bool]:
    """Enqueue, or return what was answered to this key before, and True."""
    given, is_alone = (body.jobs, False) if isinstance(body, JobsBody) else ([body], True)
    requests = JobRequests(who, given, is_alone=is_alone)
    scope, is_claimed = f"{who.role} {who.user_id or ''}", key is None
    body_hash = hashlib.sha256(json.dumps(body.model_dump(mode="json"), sort_keys=True).encode()).digest()
    try:
        with resources.pool.transaction() as conn:
            if key is not None:
                answered = idempotency.claim(conn, scope, key, body_hash)
                is_claimed = True
                if answered is not None:
                    return _again(answered, body_hash), True
            added = requests.enqueue(conn)
            if key is not None:
                ids, are_new = [one.job_id for one in added], [one.is_new for one in added]
                idempotency.keep(conn, scope, key, job_ids=ids, are_new=are_new)
            if who.role is Role.OPERATOR and (new := sum(one.is_new for one in added)):
                target = {"id": str(added[0].job_id)} if is_alone else {"kinds": sorted({one.kind for one in given})}
                operations.audit(conn, by=by, action="enqueued", target=target, jobs=new)
    except DatabaseBusy:
        if is_claimed:
            raise
        raise ApiError(
            Code.CONFLICT,
            "The first request with this key is under way.",
            "Ask again in a moment.",
            reason="in_progress",
        ) from None
    return added, False


def _again(answered: idempotency.Answered, body_hash: bytes) -> list[Enqueued]:
    if answered.body_hash != body_hash:
        raise ApiError(
            Code.INVALID,
            "This Idempotency-Key was used for something else.",
            "Make a key for each thing that you ask for, and repeat it only with the same body.",
            reason="idempotency_key_reused",
        )
    kept = zip(answered.job_ids, answered.are_new, strict=True)
    return [Enqueued(place, job_id, is_new, "", None) for place, (job_id, is_new) in enumerate(kept)]


def _estimate(who: Caller, body: JobBody, resources: Resources) -> EstimateAnswer:
    with resources.pool.transaction() as conn:
        (job,) = JobRequests(who, [body], is_alone=True).check(conn)
        user_id = NOBODY if job.user_id is None else UUID(str(job.user_id))
        return EstimateAnswer(estimate=EstimateOut.of(forecast(conn, CATALOG[job.kind], user_id, pace_of(resources))))


def _keys(given: Any) -> Any:
    return given if isinstance(given, dict) else ()
