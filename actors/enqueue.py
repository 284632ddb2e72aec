"""The face shown upstairs: a door hands over a job in the transaction of its own change."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from db import Connection, jobs
from db.jobs import Job, NewJob
from workers.kinds import Kind, Plain


@dataclass(frozen=True, slots=True)
class Enqueued:
    """The job that will do the work; ``is_new`` is False when a live one was there already and stands for it."""

    job: Job
    is_new: bool


def enqueue(
    conn: Connection,
    kind: Kind[Any, Any],
    user_id: UUID,
    arguments: Plain | None = None,
    *,
    delay: timedelta = timedelta(0),
) -> Enqueued:
    """Put a job of this kind into the ledger. It happens with the caller's commit, or not at all.

    ``arguments`` may be left out for a kind that has none. Nothing touches Redis here: the dispatchers hear of the row
    when it is committed, and find it a moment later if they did not hear.
    """
    job, is_new = jobs.add(
        conn,
        NewJob(
            kind=kind.name,
            lane=kind.lane,
            user_id=user_id,
            args=(arguments or kind.arguments()).model_dump(mode="json"),
            unique_key=kind.unique,
            takes_token=kind.takes_token,
            speaks_for_user=kind.speaks_for_user,
            has_import_row=kind.is_import,
            delay_seconds=delay.total_seconds(),
        ),
    )
    return Enqueued(job, is_new)
