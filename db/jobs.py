"""The ledger: every job is one row, and the row is the truth about it."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

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
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None

    called_until: datetime | None
    leased_until: datetime | None
    leased_by: str | None
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


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a door hands over: a job that has no row yet. ``delay_seconds`` counts from the commit of its row."""

    kind: str
    lane: str
    user_id: UUID
    args: dict[str, Any]
    unique_key: str | None
    takes_token: bool
    speaks_for_user: bool
    has_import_row: bool = False
    priority: int = 0
    delay_seconds: float = 0.0


def add(conn: Connection, new: NewJob) -> tuple[Job, bool]:
    """Put a job into the ledger, or return the live one that holds its key; True when it is new.

    The dispatchers are told in the caller's own transaction: what is rolled back was never announced.
    """
    while True:
        row = _sql.add(
            conn,
            kind=new.kind,
            lane=new.lane,
            queue=new.lane,
            user_id=new.user_id,
            args=Jsonb(new.args),
            unique_key=new.unique_key,
            priority=new.priority,
            takes_token=new.takes_token,
            speaks_for_user=new.speaks_for_user,
            delay_seconds=new.delay_seconds,
        )
        if row is not None:
            break
        row = _sql.find_live(conn, user_id=new.user_id, unique_key=new.unique_key)
        if row is not None:
            return job_of(row), False
        # The job that held the key ended between the two statements: the key is free now.
    job = job_of(row)
    hold_turn(conn, job.lane, job.user_id)
    if new.has_import_row:
        _sql.add_import_row(conn, id=job.id)
    wake_line(conn, job.lane)
    return job, True


def hold_turn(conn: Connection, lane: str, user_id: UUID) -> None:
    """Let a user with new work into the line of a lane, and keep the place until this is committed."""
    while _sql.hold_turn(conn, lane=lane, user_id=user_id) is None:
        _sql.take_a_turn(conn, lane=lane, user_id=user_id)


def wake_line(conn: Connection, lane: str) -> None:
    """Tell the dispatchers that something in this lane may be ready, when this is committed."""
    _sql.notify_line(conn, lane=lane)


def find(conn: Connection, job_id: UUID) -> Job | None:
    """One job by its id."""
    row = _sql.find(conn, id=job_id)
    return None if row is None else job_of(row)


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
    below: Job | None = None,
    room: int = 50,
) -> list[Job]:
    """Jobs newest first, at most ``room``, from below the last one of the page before.

    With an ``error_class`` and no state, those that failed of it.
    """
    where: dict[str, Any] = {
        "before_at": below.created_at if below else datetime.max.replace(tzinfo=UTC),
        "before_id": below.id if below else UUID(int=2**128 - 1),
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
    if row is None:
        return None
    announce(conn, job_id)
    return job_of(row)


def cancel_conversation(conn: Connection, user_id: UUID) -> list[Job]:
    """Cancel all that speaks for a user's account; a step under way ends first."""
    ended = [cancel(conn, row["id"]) for row in _sql.find_speaking(conn, user_id=user_id)]
    return [job for job in ended if job is not None]


def end_conversation(conn: Connection, user_id: UUID) -> list[Job]:
    """Cancel at once all that speaks for a user's account; a step under way stores nothing any more.

    It waits for a step that stores this moment. For what must be over when this returns: to forget the account.
    """
    ended = [job_of(row) for row in _sql.end_conversation(conn, user_id=user_id)]
    for job in ended:
        announce(conn, job.id)
    return ended


def announce(conn: Connection, job_id: UUID) -> None:
    """Close every transition with this: the plan's import row follows its job, and watchers are told."""
    _sql.mirror_import_row(conn, id=job_id)
    _sql.notify_job(conn, id=str(job_id))


def job_of(row: dict[str, Any]) -> Job:
    """Make a record of a row; columns that a newer release added are left aside."""
    known = {name: row[name] for name in _COLUMNS}
    return Job(**{**known, "state": State(row["state"])})


_COLUMNS = tuple(field.name for field in fields(Job))
