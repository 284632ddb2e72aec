"""The face shown upstairs: a door hands over jobs in the transaction of its own change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from db import Connection, adding
from db.adding import Added, IfLive, NewJob
from db.jobs import Job
from workers.kinds import Kind, Plain

__all__ = ["Added", "Enqueued", "IfLive", "Wanted", "enqueue", "enqueue_many"]


@dataclass(frozen=True, slots=True)
class Enqueued:
    """The job that will do the work; ``is_new`` is False when a live one was there already and stands for it.

    ``replaced`` is the job in whose place it came; while a step of that one is under way ``job`` follows it.
    """

    job: Job
    is_new: bool
    replaced: UUID | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A job to be done. ``arguments`` may be left out for a kind that has none.

    ``run_at`` is aware; without it, or in the past, the job is due at once. ``priority`` orders the jobs of one user in
    a lane, the highest first; no job comes before another user's for it. ``if_live`` says what becomes of a live job of
    this user and kind, for kinds that allow one: it stands for this one, or gives way to it.
    """

    kind: Kind[Any, Any]
    user_id: UUID
    arguments: Plain | None = None
    run_at: datetime | None = None
    priority: int = 0
    if_live: IfLive = IfLive.RETURN


def enqueue(
    conn: Connection,
    kind: Kind[Any, Any],
    user_id: UUID,
    arguments: Plain | None = None,
    *,
    run_at: datetime | None = None,
    priority: int = 0,
    if_live: IfLive = IfLive.RETURN,
) -> Enqueued:
    """Put a job of this kind into the ledger. It happens with the caller's commit, or not at all.

    Nothing touches Redis here: the dispatchers hear of the row when it is committed, and find it a moment later if they
    did not hear. With ``if_live`` "replace" a job that waits is cancelled; a step under way ends first, and the new job
    follows it.
    """
    job, added = adding.add(conn, _new(Wanted(kind, user_id, arguments, run_at, priority, if_live)))
    return Enqueued(job, added.is_new, added.replaced)


def enqueue_many(conn: Connection, wanted: Sequence[Wanted]) -> list[Added]:
    """Put many jobs into the ledger in one statement: all of them or none. What became of each comes back in order."""
    return adding.add_many(conn, [_new(one) for one in wanted])


def _new(one: Wanted) -> NewJob:
    return NewJob(
        kind=one.kind.name,
        lane=one.kind.lane,
        user_id=one.user_id,
        args=(one.arguments or one.kind.arguments()).model_dump(mode="json"),
        unique_key=one.kind.unique,
        takes_token=one.kind.takes_token,
        speaks_for_user=one.kind.speaks_for_user,
        has_import_row=one.kind.is_import,
        priority=one.priority,
        run_at=one.run_at,
        if_live=one.if_live,
    )
