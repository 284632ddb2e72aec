"""Rows of jobs for tests: inserted by ``rekkrd.add_jobs`` without the checks of ``rekkrd.enqueue``.

A test that is not about these checks needs no connected user, and may use kinds that only exist in the test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from db import Connection
from db.jobs import Job, job_of
from workers.kinds import Kind, Plain

ADD = "SELECT a.is_new, a.replaced, (a.job).* FROM rekkrd.add_jobs(%s) AS a ORDER BY a.place"


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job without a row. Without ``run_at``, or with a past one, it is due at once."""

    kind: str
    lane: str
    user_id: UUID
    args: dict[str, Any]
    unique_key: str | None
    takes_token: bool
    speaks_for_user: bool
    has_import_row: bool = False
    priority: int = 0
    run_at: datetime | None = None
    if_live: str = "return"


@dataclass(frozen=True, slots=True)
class Added:
    """The job that is there now; ``is_new`` is False if it was before."""

    job: Job
    is_new: bool
    replaced: UUID | None

    @property
    def job_id(self) -> UUID:
        """The id of the job."""
        return self.job.id


def add(conn: Connection, new: NewJob) -> tuple[Job, Added]:
    """Insert a job, or meet the live one that has its key."""
    (added,) = add_many(conn, [new])
    return added.job, added


def add_many(conn: Connection, new: Sequence[NewJob]) -> list[Added]:
    """Insert jobs; what became of each, in order."""
    rows = conn.execute(ADD, [Jsonb([_plain(place, one) for place, one in enumerate(new)])]).fetchall()
    return [Added(job_of(row), row["is_new"], row["replaced"]) for row in rows]


def enqueue(
    conn: Connection,
    kind: Kind[Any, Any],
    user_id: UUID,
    arguments: Plain | None = None,
    *,
    run_at: datetime | None = None,
    priority: int = 0,
    if_live: str = "return",
) -> Added:
    """Insert a job of a kind."""
    new = of(kind, user_id, arguments, run_at=run_at, priority=priority, if_live=if_live)
    return add(conn, new)[1]


def of(
    kind: Kind[Any, Any],
    user_id: UUID,
    arguments: Plain | None = None,
    *,
    run_at: datetime | None = None,
    priority: int = 0,
    if_live: str = "return",
) -> NewJob:
    """Return a job of a kind."""
    return NewJob(
        kind=kind.name,
        lane=kind.lane,
        user_id=user_id,
        args=(arguments or kind.arguments()).model_dump(mode="json"),
        unique_key=kind.unique,
        takes_token=kind.takes_token,
        speaks_for_user=kind.speaks_for_user,
        has_import_row=kind.is_import,
        priority=priority,
        run_at=run_at,
        if_live=if_live,
    )


def _plain(place: int, one: NewJob) -> dict[str, Any]:
    return {
        "place": place,
        "id": str(uuid4()),
        "kind": one.kind,
        "lane": one.lane,
        "user_id": str(one.user_id),
        "args": one.args,
        "unique_key": one.unique_key,
        "priority": one.priority,
        "takes_token": one.takes_token,
        "speaks_for_user": one.speaks_for_user,
        "has_import_row": one.has_import_row,
        "run_at": one.run_at and one.run_at.isoformat(),
        "if_live": one.if_live,
    }
