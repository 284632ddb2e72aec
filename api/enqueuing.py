"""Work over HTTP: one job or thousands, in one transaction, and only once for one key."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Header, Query, Response
from pydantic import Discriminator, Tag, ValidationError

from actors.catalog import CATALOG
from actors.enqueue import Added, Wanted, enqueue_many
from actors.gating import admit, refusal_of
from actors.operating import progress
from actors.operating.estimate import estimate as forecast
from api.access import USER_HEADER, Acting, Caller, Program
from api.answers import ResourcesNow, errors, pace_of, redis_of
from api.errors import ApiError, Code
from api.models import Flag, refuse_converted
from api.models.jobs import AddedOut, EstimateAnswer, EstimateOut, JobAnswer, JobBody, JobOut, JobsAnswer, JobsBody
from api.naming import named, where_and_why
from api.roles import Role
from db import Connection, idempotency, jobs, links, operations, users
from db.errors import DatabaseBusy
from db.jobs import NOBODY
from services.sync import pause
from workers.kinds import Kind, Plain
from workers.resources import Resources

MOST_NAMED = 20  # of what is wrong with many jobs; the rest is counted
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
) -> tuple[Sequence[Added], bool]:
    """Enqueue, or return what was answered to this key before, and True."""
    given, is_alone = (body.jobs, False) if isinstance(body, JobsBody) else ([body], True)
    wanted = _Reading(who, is_alone=is_alone).kinds(given)
    scope, is_claimed = f"{who.role} {who.user_id or ''}", key is None
    body_hash = hashlib.sha256(json.dumps(body.model_dump(mode="json"), sort_keys=True).encode()).digest()
    try:
        with resources.pool.transaction() as conn:
            if key is not None:
                answered = idempotency.claim(conn, scope, key, body_hash)
                is_claimed = True
                if answered is not None:
                    return _again(answered, body_hash), True
            added = enqueue_many(conn, wanted.for_users(conn))
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


def _again(answered: idempotency.Answered, body_hash: bytes) -> list[Added]:
    if answered.body_hash != body_hash:
        raise ApiError(
            Code.INVALID,
            "This Idempotency-Key was used for something else.",
            "Make a key for each thing that you ask for, and repeat it only with the same body.",
            reason="idempotency_key_reused",
        )
    return [Added(job_id, is_new, None) for job_id, is_new in zip(answered.job_ids, answered.are_new, strict=True)]


def _estimate(who: Caller, body: JobBody, resources: Resources) -> EstimateAnswer:
    reading = _Reading(who, is_alone=True).kinds([body])
    with resources.pool.transaction() as conn:
        (one,) = reading.for_users(conn)
        return EstimateAnswer(estimate=EstimateOut.of(forecast(conn, one.kind, one.user_id, pace_of(resources))))


class _Reading:
    """Reads what was asked for. One job is refused in its own words; of many, everything that is wrong is named."""

    def __init__(self, who: Caller, *, is_alone: bool) -> None:
        self._who = who
        self._is_alone = is_alone
        self._wrong: dict[int, str] = {}
        self._jobs: list[tuple[JobBody, Wanted]] = []

    def kinds(self, given: Sequence[JobBody]) -> "_Reading":
        """Read all that needs no database. Raises ApiError."""
        for place, body in enumerate(given):
            try:
                kind = _kind(body.kind, self._who)
                arguments = _arguments(kind, body.arguments)
                self._refuse_wrong_caller(body, kind)
            except ApiError as error:
                self._note(place, error)
                continue
            wanted = Wanted(kind, NOBODY, arguments, run_at=body.run_at, priority=body.priority, if_live=body.if_live)
            self._jobs.append((body, wanted))
        self._refuse()
        return self

    def for_users(self, conn: Connection) -> list[Wanted]:
        """Find for whom the work is, in one question. Raises ApiError, UnknownUser, NotConnected, TierTooLow."""
        if self._is_alone:
            return [self._for_user(conn, body, one) for body, one in self._jobs]
        names = sorted({self._name(body) for body, one in self._jobs if one.kind.speaks_for_user})
        known = users.find_named(conn, names)
        standing = links.links(conn, [user.id for found in known.values() for user in found])
        ready = []
        for place, (body, one) in enumerate(self._jobs):
            if not one.kind.speaks_for_user:
                ready.append(one)
                continue
            found = known[self._name(body)]
            link = standing.get(found[0].id) if len(found) == 1 else None
            if len(found) != 1:
                self._wrong[place] = "there is no such user" if not found else "more than one user goes by this name"
            elif link is None or link.state == "disconnected":
                self._wrong[place] = "this user has no Discogs account connected"
            elif link.state != "connected":
                self._wrong[place] = "this user must connect the Discogs account again"
            elif (refusal := refusal_of(link.tier, one.kind) or pause.refusal_of(link, one.kind.name)) is not None:
                self._wrong[place] = str(refusal).removesuffix(".")
            ready.append(replace(one, user_id=found[0].id if found else NOBODY))
        self._refuse()
        return ready

    def _for_user(self, conn: Connection, body: JobBody, one: Wanted) -> Wanted:
        if not one.kind.speaks_for_user:
            return one
        user_id = self._who.user_id or users.find(conn, self._name(body)).id
        admit(conn, user_id, one.kind)
        return replace(one, user_id=user_id)

    def _name(self, body: JobBody) -> str:
        return str(self._who.user_id) if self._who.user_id is not None else body.user or ""

    def _refuse_wrong_caller(self, body: JobBody, kind: Kind[Any, Any]) -> None:
        """The user is whom the header names, or, without it, whom the job does."""
        if self._who.role is Role.OPERATOR:
            if kind.speaks_for_user and body.user is None:
                raise ApiError(Code.INVALID, "user is missing.", "Name the user by id, handle or address.")
        elif self._who.user_id is not None:
            if body.user is not None:
                raise ApiError(Code.FORBIDDEN, "user is for operators.", f"Leave it out: {USER_HEADER} says who it is.")
        elif self._is_alone:
            raise ApiError(Code.INVALID, f"{USER_HEADER} is missing.", f"Send `{USER_HEADER}` with the user's id.")
        elif not _is_id(body.user):
            raise ApiError(Code.INVALID, "user is missing, or no id.", f"Name the user by id, or send `{USER_HEADER}`.")

    def _note(self, place: int, error: ApiError) -> None:
        if self._is_alone:
            raise error
        self._wrong[place] = str(error).removesuffix(".")

    def _refuse(self) -> None:
        if self._wrong:
            said = [f"jobs.{place}: {why}" for place, why in sorted(self._wrong.items())]
            raise ApiError(
                Code.INVALID,
                f"{named(said, MOST_NAMED)}.",
                "Nothing was enqueued. Mend these, or leave them out, and send again.",
                reason="jobs_wrong",
            )


def _keys(given: Any) -> Any:
    return given if isinstance(given, dict) else ()


def _is_id(text: str | None) -> bool:
    try:
        return UUID(text or "") is not None
    except ValueError:
        return False


def _kind(name: str, who: Caller) -> Kind[Any, Any]:
    """Find a kind by its name; the application only knows those that work for a user."""
    known = {one: kind for one, kind in CATALOG.items() if kind.speaks_for_user or who.role is Role.OPERATOR}
    kind = known.get(name)
    if kind is None:
        raise ApiError(Code.INVALID, "There is no such kind of job.", f"There are: {', '.join(sorted(known))}.")
    return kind


def _arguments(kind: Kind[Any, Any], given: dict[str, Any]) -> Plain:
    try:
        refuse_converted(kind.arguments, given)
        arguments: Plain = kind.arguments.model_validate(given)
    except ValidationError as error:
        wrong = [where_and_why(one) for one in error.errors(include_input=False)]
        raise _misfit(named(wrong, MOST_NAMED)) from None
    except ValueError as error:
        raise _misfit(str(error)) from None
    return arguments


def _misfit(why: str) -> ApiError:
    return ApiError(Code.INVALID, f"The arguments do not fit: {why}.", "Mend them and send again.")
