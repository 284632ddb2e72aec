"""One step of a job in the ledger: claimed under a lease, and ended in the transaction that stores its result."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from db import Connection
from db.jobs import Job, announce, job_of
from db.queries import load
from db.storable import storable

_sql = load("steps")


@dataclass(frozen=True, slots=True)
class Renewal:
    """A job's row after a renewal.

    With the fence of the asker: ``is_leased`` says whether its step still runs, or has just been stored. With another
    fence the lease was lost.
    """

    job_id: UUID
    fence: int
    is_leased: bool
    is_cancelled: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """What a step leaves in the job's row: requests it spent, and where the job stands in records."""

    requests: int
    total: int | None
    processed: int
    skipped: int


def claim(conn: Connection, job_id: UUID, *, worker: str, lease_seconds: float) -> Job | None:
    """Begin a step; None when it was not called up, or another step of its account is under way."""
    try:
        with conn.transaction():
            row = _sql.claim(conn, id=job_id, worker=worker, lease_seconds=lease_seconds)
    except UniqueViolation:  # jobs_one_conversation: the account speaks already
        _sql.uncall(conn, ids=[job_id])
        return None
    if row is None:
        return None
    announce(conn, job_id)
    return job_of(row)


def uncall(conn: Connection, job_ids: Collection[UUID]) -> None:
    """Withdraw the dispatch of steps whose messages could not be sent or followed; they may be dispatched at once."""
    _sql.uncall(conn, ids=list(job_ids))


def mark_executing(conn: Connection, job: Job) -> bool:
    """Say that the step is being executed; False when it is no longer ours."""
    return bool(_sql.mark_executing(conn, id=job.id, fence=job.fence, worker=job.leased_by) == 1)


def renew(
    conn: Connection, *, worker: str, leases: Collection[tuple[UUID, int]], lease_seconds: float
) -> list[Renewal]:
    """Renew leases, each given by job and fence, without waiting for a lock; report the row of each job."""
    rows = _sql.renew(
        conn,
        worker=worker,
        ids=[job_id for job_id, _ in leases],
        fences=[fence for _, fence in leases],
        lease_seconds=lease_seconds,
    )
    return [Renewal(row["id"], row["fence"], row["is_leased"], row["is_cancelled"]) for row in rows]


def lock(conn: Connection, job: Job) -> Job | None:
    """Hold the job's row until the transaction ends; None when the step is no longer ours: then nothing is written."""
    row = _sql.lock(conn, id=job.id, fence=job.fence, worker=job.leased_by)
    return None if row is None else job_of(row)


def advance(
    conn: Connection,
    job: Job,
    counts: Counts,
    *,
    checkpoint: dict[str, Any],
    takes_token: bool,
    after_seconds: float | None,
) -> Job:
    """End a locked step with its checkpoint; another step follows, or none when the job was asked to end."""
    row = _sql.advance(
        conn,
        id=job.id,
        requests=counts.requests,
        checkpoint=Jsonb(checkpoint),
        total_records=counts.total,
        processed_records=counts.processed,
        skipped_records=counts.skipped,
        takes_token=takes_token,
        after_seconds=after_seconds,
    )
    return _ended(conn, row)


def complete(
    conn: Connection, job: Job, counts: Counts, *, outcome: str, checkpoint: dict[str, Any] | None = None
) -> Job:
    """Complete a locked step and its job, with one sentence for the user; without a checkpoint the last one stays."""
    row = _sql.complete(
        conn,
        id=job.id,
        requests=counts.requests,
        total_records=counts.total,
        processed_records=counts.processed,
        skipped_records=counts.skipped,
        outcome=outcome,
        checkpoint=None if checkpoint is None else Jsonb(checkpoint),
    )
    return _ended(conn, row)


def fail(conn: Connection, job: Job, *, requests: int, error_class: str, error: str, detail: str | None) -> Job:
    """End the job badly; the sentence tells a person what to do."""
    row = _sql.fail(
        conn,
        id=job.id,
        requests=requests,
        error_class=error_class,
        error=storable(error),
        error_detail=None if detail is None else storable(detail),
    )
    return _ended(conn, row)


def retry_later(
    conn: Connection,
    job: Job,
    *,
    requests: int,
    after_seconds: float,
    error_class: str,
    error: str,
    detail: str | None,
) -> Job:
    """End a locked step as a failed attempt; the job is due again after the back-off."""
    row = _sql.retry_later(
        conn,
        id=job.id,
        requests=requests,
        after_seconds=after_seconds,
        error_class=error_class,
        error=storable(error),
        error_detail=None if detail is None else storable(detail),
    )
    return _ended(conn, row)


def give_back(conn: Connection, job: Job, *, requests: int, after_seconds: float, waits_for: str | None) -> Job:
    """Put a locked step back that could not begin: no attempt, and its place in the line is kept."""
    row = _sql.give_back(conn, id=job.id, requests=requests, after_seconds=after_seconds, waits_for=waits_for)
    return _ended(conn, row)


def _ended(conn: Connection, row: dict[str, Any]) -> Job:
    announce(conn, row["id"])
    return job_of(row)
