"""The ledger: every job is one row, and the row is the truth about it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from db import Connection
from db.queries import load

NOBODY = UUID(int=0)  # work of no user stands under the nil uuid, and takes turns like a user

_sql = load("jobs")


class State(StrEnum):
    """Where a job is in its life: pending, running, retrying between attempts, or over."""

    PENDING = "pending"
    RUNNING = "running"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_live(self) -> bool:
        """True while more may happen to the job."""
        return self in _LIVE


_LIVE = frozenset({State.PENDING, State.RUNNING, State.RETRYING})


@dataclass(frozen=True, slots=True)
class Job:
    """One row of ``rekkrd.jobs``; times are aware and UTC, counts are records or whole numbers."""

    id: UUID
    kind: str
    lane: str
    queue: str
    user_id: UUID
    args: dict[str, Any]
    unique_key: str | None
    priority: int
    takes_token: bool
    speaks_for_user: bool

    state: State
    created_at: datetime
    due_at: datetime
    follows: UUID | None
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None

    called_until: datetime | None
    leased_until: datetime | None
    leased_by: str | None
    claimed_at: datetime | None
    fence: int
    is_executing: bool

    attempts: int
    crashes: int
    steps: int
    requests: int
    checkpoint: dict[str, Any]
    total_records: int | None
    processed_records: int
    skipped_records: int

    waits_for: str | None
    outcome: str | None
    error_class: str | None
    error: str | None
    error_detail: str | None


def wake_line(conn: Connection, lane: str) -> None:
    """Tell the dispatchers that something in this lane may be ready, when this is committed."""
    _sql.notify_line(conn, lane=lane)


def find(conn: Connection, job_id: UUID) -> Job | None:
    """One job by its id."""
    row = _sql.find(conn, id=job_id)
    return None if row is None else job_of(row)


def find_many(conn: Connection, job_ids: Sequence[UUID]) -> list[Job]:
    """Return the jobs with these IDs, in no order."""
    return [job_of(row) for row in _sql.find_many(conn, ids=list(job_ids))]


def get(conn: Connection, job_id: UUID) -> Job:
    """Return a job that must be there. Raises LookupError."""
    job = find(conn, job_id)
    if job is None:
        raise LookupError(f"Job {job_id} is not there.")
    return job


def find_by_start(conn: Connection, start: str) -> list[Job]:
    """Jobs whose id starts with these hex digits, dashes or not: none, one, or two when the start is not clear.

    Raises ValueError when ``start`` is not the start of an id.
    """
    digits = start.replace("-", "")
    rows = _sql.find_between(conn, lowest=UUID(digits.ljust(32, "0")), highest=UUID(digits.ljust(32, "f")))
    return [job_of(row) for row in rows]


def page(
    conn: Connection,
    *,
    user_id: UUID | None = None,
    state: State | None = None,
    kind: str | None = None,
    error_class: str | None = None,
    newer_than: datetime | None = None,
    older_than: datetime | None = None,
    below: Job | None = None,
    room: int = 50,
) -> list[Job]:
    """Jobs newest first, at most ``room``, from below the last one of the page before.

    With an ``error_class`` and no state, those that failed of it.
    """
    before = (below.created_at, below.id) if below else (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
    if older_than is not None:
        before = min(before, (older_than, UUID(int=0)))
    where: dict[str, Any] = {
        "newer_than": newer_than or datetime.min.replace(tzinfo=UTC),
        "before_at": before[0],
        "before_id": before[1],
        "room": room,
    }
    alike = {"kind": kind, "error_class": error_class}
    if error_class is not None:
        state = state or State.FAILED  # the only one that every such job is in for long
    if user_id is not None and state is not None:
        rows = _sql.page_of_user_in_state(conn, user_id=user_id, state=state, **alike, **where)
    elif user_id is not None:
        rows = _sql.page_of_user(conn, user_id=user_id, **alike, **where)
    elif state is not None:
        rows = _sql.page_in_state(conn, state=state, **alike, **where)
    elif kind is not None:
        rows = _sql.page_of_kind(conn, kind=kind, **where)
    else:
        rows = _sql.page_all(conn, **where)
    return [job_of(row) for row in rows]


def cancel(conn: Connection, job_id: UUID) -> Job | None:
    """Cancel at once when no step is under way, else ask the job to end after its step; None when it is over."""
    row = _sql.cancel(conn, id=job_id)
    return None if row is None else job_of(row)


def cancel_conversation(conn: Connection, user_id: UUID) -> list[Job]:
    """Cancel all that speaks for a user's account; a step under way ends first."""
    return [job_of(row) for row in _sql.cancel_conversation(conn, user_id=user_id)]


def end_conversation(conn: Connection, user_id: UUID) -> list[Job]:
    """Cancel at once all that speaks for a user's account; a step under way stores nothing any more.

    It waits for a step that stores this moment. For what must be over when this returns: to forget the account.
    """
    cancelled = {job.id: job for job in cancel_conversation(conn, user_id)}
    under_way = [job.id for job in cancelled.values() if job.state.is_live]
    ended = {row["id"]: job_of(row) for row in _sql.end_steps(conn, ids=under_way)}
    announce_many(conn, list(ended))
    return list((cancelled | ended).values())


def announce(conn: Connection, job_id: UUID) -> None:
    """Close every transition with this: the plan's import row follows its job, who stood behind it comes into the
    line, and watchers are told.
    """
    _sql.announce(conn, id=job_id)


def announce_many(conn: Connection, job_ids: Sequence[UUID]) -> None:
    """Close the transitions of many jobs, in a few statements."""
    _sql.announce_many(conn, ids=list(job_ids))


def job_of(row: dict[str, Any]) -> Job:
    """Make a record of a row; columns that a newer release added are left aside."""
    known = {name: row[name] for name in _COLUMNS}
    return Job(**{**known, "state": State(row["state"])})


_COLUMNS = tuple(field.name for field in fields(Job))
