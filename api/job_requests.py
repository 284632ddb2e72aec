"""Jobs that a caller asks for: for which users they may ask, users by name, and what their tier includes.

Everything else is checked by ``rekkrd.enqueue``, as at every other entry point.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from actors.catalog import CATALOG
from actors.errors import TierTooLow
from actors.gating import refusal_of
from api.access import USER_HEADER, Caller
from api.errors import ApiError, Code
from api.models.jobs import JobBody
from api.naming import named
from api.roles import Role
from db import Connection, users
from db.errors import AmbiguousUser, EnqueueRefused, UnknownUser
from db.users import User
from workers import enqueue
from workers.enqueue import Enqueued, NewJob, Origin
from workers.kinds import Kind

MOST_NAMED = 20  # refused jobs of a request; the rest is counted


class JobRequests:
    """Jobs of one request. A single job is refused with its own error; of many jobs every refused one is named."""

    def __init__(self, who: Caller, bodies: Sequence[JobBody], *, is_alone: bool) -> None:
        self._who = who
        self._bodies = bodies
        self._is_alone = is_alone
        self._origin = Origin.OPERATOR if who.role is Role.OPERATOR else Origin.REQUEST

    def check(self, conn: Connection) -> list[NewJob]:
        """Return the jobs if all may be enqueued. Raises ApiError, UnknownUser, TierTooLow, EnqueueRefused."""
        jobs = self._allowed(conn)
        refused = enqueue.refusals(conn, jobs, origin=self._origin)
        if refused:
            error = EnqueueRefused.by_code(refused[0].code) or EnqueueRefused
            raise error(refused[0].message, refused[0].hint or "")
        return jobs

    def enqueue(self, conn: Connection) -> list[Enqueued]:
        """Enqueue all jobs or none. Raises as ``check``; ApiError if one of many is refused."""
        jobs = self._allowed(conn)
        try:
            return enqueue.enqueue_many(conn, jobs, origin=self._origin)
        except EnqueueRefused as error:
            if self._is_alone:
                raise
            why = str(error) if len(jobs) > 1 else f"jobs.0: {error}"
            raise _refused(why) from None

    def _allowed(self, conn: Connection) -> list[NewJob]:
        jobs, wrong = self._resolved(conn)
        if wrong and self._is_alone:
            raise wrong[0]
        if wrong:
            reasons = {one.place: one.message for one in enqueue.refusals(conn, jobs, origin=self._origin)}
            reasons |= {place: str(error).removesuffix(".") for place, error in wrong.items()}
            raise _refused(named([f"jobs.{place}: {why}" for place, why in sorted(reasons.items())], MOST_NAMED))
        return jobs

    def _resolved(self, conn: Connection) -> tuple[list[NewJob], dict[int, Exception]]:
        """Return the jobs with the ids of their users, and the errors of those that the caller may not ask for."""
        names = {place: name for place, body in enumerate(self._bodies) if (name := self._name(body)) is not None}
        known = users.find_named(conn, sorted(set(names.values())))
        jobs: list[NewJob] = []
        wrong: dict[int, Exception] = {}
        for place, body in enumerate(self._bodies):
            user_id: UUID | str | None = None
            try:
                kind = CATALOG.get(body.kind)
                if kind is not None and kind.speaks_for_user:
                    self._refuse_wrong_caller(body)
                    user_id = _user_id(kind, names[place], known[names[place]])
            except (ApiError, UnknownUser, TierTooLow) as error:
                wrong[place] = error
            jobs.append(_job(body, user_id))
        return jobs, wrong

    def _name(self, body: JobBody) -> str | None:
        return str(self._who.user_id) if self._who.user_id is not None else body.user

    def _refuse_wrong_caller(self, body: JobBody) -> None:
        """The header names the user, or, without it, the job does."""
        if self._who.role is Role.OPERATOR:
            if body.user is None:
                raise ApiError(Code.INVALID, "user is missing.", "Name the user by id, handle or address.")
        elif self._who.user_id is not None:
            if body.user is not None:
                raise ApiError(Code.FORBIDDEN, "user is for operators.", f"Leave it out: {USER_HEADER} says who it is.")
        elif self._is_alone:
            raise ApiError(Code.INVALID, f"{USER_HEADER} is missing.", f"Send `{USER_HEADER}` with the user's id.")
        elif not _is_id(body.user):
            raise ApiError(Code.INVALID, "user is missing or no id.", f"Name the user by id, or send `{USER_HEADER}`.")


def _job(body: JobBody, user_id: UUID | str | None) -> NewJob:
    return NewJob(body.kind, user_id, body.arguments, body.run_at, body.priority, body.if_live)


def _user_id(kind: Kind[Any, Any], name: str, found: Sequence[User]) -> UUID | str:
    """Return the id of the user. An id that nobody has is refused with the job."""
    if not found and _is_id(name):
        return name
    if not found:
        raise UnknownUser(f"There is no user {name!r}.")
    if len(found) > 1:
        raise AmbiguousUser(f"More than one user has the name {name!r}.")
    refusal = refusal_of(found[0].tier, kind)
    if refusal is not None:
        raise refusal
    return found[0].id


def _is_id(text: str | None) -> bool:
    try:
        return UUID(text or "") is not None
    except ValueError:
        return False


def _refused(why: str) -> ApiError:
    return ApiError(
        Code.INVALID,
        f"{why}.",
        "Nothing was enqueued. Correct these jobs or leave them out, then send the request again.",
        reason="jobs_wrong",
    )
