"""Enqueue jobs in the transaction of the caller: the one implementation in Python, a wrapper over the SQL function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_jsonable_python

from db import enqueue as statements
from db.enqueue import AnyConnection, Enqueued, Origin, Refusal
from db.errors import ArgumentsRefused

__all__ = ["AnyConnection", "Enqueued", "NewJob", "Origin", "Refusal", "enqueue", "enqueue_many", "refusals"]


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to enqueue. Leave out ``user_id`` for kinds of the system.

    ``run_at`` is an aware time, at most a year ahead; without it, or in the past, the job is due at once. ``priority``
    (-100 to 100) orders the jobs of one user in a queue, the highest first. ``if_live`` decides about a live job of
    this user and kind: "return" it, or "replace" it.
    """

    kind: str
    user_id: UUID | str | None = None
    arguments: Mapping[str, Any] | BaseModel | None = None
    run_at: datetime | None = None
    priority: int = 0
    if_live: str = "return"


def enqueue(
    conn: AnyConnection,
    kind: str,
    user_id: UUID | str | None = None,
    arguments: Mapping[str, Any] | BaseModel | None = None,
    *,
    run_at: datetime | None = None,
    priority: int = 0,
    if_live: str = "return",
    origin: Origin = Origin.REQUEST,
) -> Enqueued:
    """Enqueue a job; it is there with the caller's commit, or not at all. The parameters are those of NewJob.

    ``conn`` is any psycopg connection. Nothing here begins or ends a transaction, and nothing touches Redis: the
    dispatchers find the row once it is committed. A user's request for now ends the back-off of the live job that it
    meets; an automatic one does not.

    Raises:
        UnknownKind, ArgumentsRefused, UnknownJobUser, NotConnected, OutOfBounds: nothing was enqueued, and the
            transaction is aborted.
    """
    job = NewJob(kind, user_id, arguments, run_at, priority, if_live)
    (enqueued,) = enqueue_many(conn, [job], origin=origin)
    return enqueued


def enqueue_many(conn: AnyConnection, jobs: Sequence[NewJob], *, origin: Origin = Origin.REQUEST) -> list[Enqueued]:
    """Enqueue jobs in one statement, all of them or none; what became of each, in order.

    Of automatic jobs those of users without a connection are left out. Raises EnqueueRefused.
    """
    return statements.enqueue_many(conn, [_plain(job) for job in jobs], origin=origin)


def refusals(conn: AnyConnection, jobs: Sequence[NewJob], *, origin: Origin) -> list[Refusal]:
    """Return the jobs that ``enqueue_many`` would refuse, each with the first reason."""
    return statements.refusals(conn, [_plain(job) for job in jobs], origin=origin)


def _plain(job: NewJob) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": job.kind, "priority": job.priority, "if_live": job.if_live}
    if job.user_id is not None:
        plain["user_id"] = str(job.user_id)
    if job.arguments is not None:
        try:
            plain["arguments"] = to_jsonable_python(job.arguments)
        except PydanticSerializationError as error:
            raise ArgumentsRefused(f"The arguments do not fit: {error}", "Arguments are plain JSON values.") from None
    if job.run_at is not None:
        # A time without a zone is refused where all other bounds are checked.
        plain["run_at"] = job.run_at.isoformat() if isinstance(job.run_at, datetime) else job.run_at
    return plain
