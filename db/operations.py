"""What operators do to the ledger: to one job, or to all that have something in common; each leaves an audit row."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from db import Connection, Row, jobs, line
from db.errors import DatabaseBusy
from db.jobs import State
from db.pool import Pool
from db.queries import load

OVER = (State.FAILED, State.CANCELLED)  # and may be put back
ENDED = (*OVER, State.COMPLETED)
LIVE = (State.PENDING, State.RUNNING, State.RETRYING)
TRIES = 3
PIECE = 1000  # jobs a transaction: a tenth of a second, so that nobody waits for it
LOCK_SECONDS = 0.5  # a longer wait for a lock is given up, and tried again without the others
LOCKED_SECONDS = 5.0  # jobs that stay locked for longer are reported
LOCKED_PAUSE_SECONDS = 0.1
ONE_LIVE = "jobs_one_live"  # of one user's jobs with one key

_sql = load("operations")
T = TypeVar("T")

Do: TypeAlias = Callable[[Connection, Sequence[UUID]], Sequence[UUID]]  # to which of them it was done
Place: TypeAlias = tuple[State, datetime, UUID]  # of a choice, the last job that was looked at


@dataclass(frozen=True, slots=True)
class Choice:
    """Jobs that have all of this in common; what is None does not matter."""

    states: tuple[State, ...]
    kind: str | None = None
    user_id: UUID | None = None
    error_class: str | None = None
    newer_than: datetime | None = None
    older_than: datetime | None = None

    def as_plain(self) -> dict[str, Any]:
        """Say it for an audit row; what does not matter is left out."""
        given = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "states"}
        plain = {name: str(value) for name, value in given.items() if value is not None}
        return {"states": [str(state) for state in self.states], **plain}


@dataclass(frozen=True, slots=True)
class Piece:
    """Jobs looked at and changed, the last one looked at (None at the end), and how many another transaction locked."""

    looked_at: int
    changed: int
    last: Place | None
    locked: int = 0


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failed jobs of one kind with one class of error, and the newest of them."""

    error_class: str
    kind: str
    jobs: int
    oldest_at: datetime
    newest_at: datetime
    newest_id: UUID
    error: str


@dataclass(frozen=True, slots=True)
class Act:
    """One audit row: what an operator did, and to how many jobs."""

    id: int
    made_at: datetime
    made_by: str
    action: str
    target: dict[str, Any]
    jobs: int


def count(conn: Connection, choice: Choice) -> int:
    """How many jobs a choice has now."""
    return sum(_sql.count_chosen(conn, state=state, **_rest(choice)) for state in choice.states)


def chosen(
    conn: Connection, choice: Choice, *, after: tuple[datetime, UUID] | None, room: int
) -> list[tuple[datetime, UUID]]:
    """Return at most ``room`` of a choice of one state, the oldest first, from behind the last one; time and id."""
    after_at, after_id = after or (datetime.min.replace(tzinfo=UTC), UUID(int=0))
    (state,) = choice.states
    found = _sql.find_chosen(conn, state=state, after_at=after_at, after_id=after_id, room=room, **_rest(choice))
    return [(row["created_at"], row["id"]) for row in found]


def go_on(pool: Pool, choice: Choice, do: Do, *, by: str, verb: str, after: Place | None) -> Piece:
    """Do something to the next jobs of a choice, from behind a place, with an audit row for each transaction.

    A caller that starts again from the last piece's ``last`` skips nothing but ``locked`` jobs: those that another
    transaction held for longer than LOCKED_SECONDS.
    """
    found, is_last, state = _next(pool, choice, after)
    if not found:
        return Piece(0, 0, None)

    def apply(conn: Connection, job_ids: Sequence[UUID]) -> int:
        changed = len(do(conn, job_ids))
        audit(conn, by=by, action=verb, target=choice.as_plain(), jobs=changed)
        return changed

    changed, locked = _apply_to_available(pool, [job_id for _, job_id in found], apply)
    return Piece(len(found), changed, None if is_last else (state, *found[-1]), locked)


def _next(pool: Pool, choice: Choice, after: Place | None) -> tuple[list[tuple[datetime, UUID]], bool, State]:
    """Return the next jobs of a choice, whether they are the last, and their state."""
    begins = 0 if after is None else choice.states.index(after[0])
    state = choice.states[begins]
    found: list[tuple[datetime, UUID]] = []
    with pool.transaction() as conn:
        for state in choice.states[begins:]:
            behind = after[1:] if after is not None and after[0] is state else None
            found = chosen(conn, replace(choice, states=(state,)), after=behind, room=PIECE)
            if found:
                break
    return found, len(found) < PIECE and state is choice.states[-1], state


def _apply_to_available(
    pool: Pool, job_ids: Sequence[UUID], apply: Callable[[Connection, Sequence[UUID]], int]
) -> tuple[int, int]:
    """Apply a change to the jobs that nothing else has locked, then to the others as they become free.

    A running step locks its row for a moment, an application's open transaction for as long as it likes. Return how
    many jobs were changed, and how many stayed locked.
    """
    deadline = time.monotonic() + LOCKED_SECONDS
    left = list(job_ids)
    changed, left = _apply(pool, left, apply, deadline)
    while left and time.monotonic() < deadline:
        time.sleep(LOCKED_PAUSE_SECONDS)
        more, left = _apply(pool, left, apply, deadline)
        changed += more
    return changed, len(left)


def _apply(
    pool: Pool, job_ids: list[UUID], apply: Callable[[Connection, Sequence[UUID]], int], deadline: float
) -> tuple[int, list[UUID]]:
    """Apply a change in one transaction; return how many jobs it changed, and those that were locked.

    Some waits can't be seen beforehand, such as for a uniqueness key that an open transaction has just taken. The jobs
    are then halved until the one that waits is alone.
    """
    try:
        with pool.transaction(lock_seconds=LOCK_SECONDS) as conn:
            available = [row["id"] for row in _sql.lock_available(conn, ids=job_ids)]
            changed = apply(conn, available) if available else 0
    except DatabaseBusy:
        if len(job_ids) == 1 or time.monotonic() > deadline:
            return 0, job_ids
        half = len(job_ids) // 2
        first, left = _apply(pool, job_ids[:half], apply, deadline)
        second, also_left = _apply(pool, job_ids[half:], apply, deadline)
        return first + second, left + also_left
    return changed, sorted(set(job_ids) - set(available))


def in_piece(pool: Pool, do: Callable[[Connection], T]) -> T:
    """Do it in a transaction, and again when workers at the same jobs got in its way: of a deadlock one side loses.

    Raises DatabaseBusy when that did not help.
    """
    for _ in range(TRIES - 1):
        try:
            with pool.transaction() as conn:
                return do(conn)
        except DatabaseBusy:
            continue
    with pool.transaction() as conn:
        return do(conn)


def retry(conn: Connection, job_ids: Sequence[UUID]) -> list[UUID]:
    """Put jobs that failed or were cancelled back into the line, where their checkpoints stand; return which.

    Left out: jobs that are not over or are completed, and those that a live job of the same user and key stands for,
    also when that one came this moment: the others are put back all the same.
    """
    while (rows := _retried(conn, job_ids)) is None:
        continue
    line.hold_turns(conn, sorted({(row["lane"], row["user_id"]) for row in rows}))
    jobs.announce_many(conn, [row["id"] for row in rows])
    for lane in sorted({row["lane"] for row in rows}):
        jobs.wake_line(conn, lane)
    return [row["id"] for row in rows]


def _retried(conn: Connection, job_ids: Sequence[UUID]) -> list[Row] | None:
    """None when a live job took one of the keys meanwhile: the next look sees it, and leaves that one out."""
    try:
        with conn.transaction():  # a savepoint
            return list(_sql.retry(conn, ids=list(job_ids)))
    except UniqueViolation as error:
        if error.diag.constraint_name != ONE_LIVE:
            raise
        return None


def cancel(conn: Connection, job_ids: Sequence[UUID]) -> list[UUID]:
    """Cancel live jobs, those with a step under way after it; return which. What is over is left alone."""
    return [row["id"] for row in _sql.cancel(conn, ids=list(job_ids))]


def remove(conn: Connection, job_ids: Sequence[UUID]) -> list[UUID]:
    """Remove jobs that are over from the ledger, with their stories; return which. Live ones are left alone.

    What they brought stays, and so do the rows of ``discogs_import_jobs``: those are the collector's own history.
    """
    return [row["id"] for row in _sql.remove(conn, ids=list(job_ids))]


def failure_groups(conn: Connection, room: int = 50) -> list[FailureGroup]:
    """Return what failed alike, the most frequent first."""
    return [FailureGroup(**row) for row in _sql.group_failures(conn, room=room)]


def error_classes(conn: Connection) -> list[str]:
    """Return each error class that a stored job has."""
    return [row["error_class"] for row in _sql.error_classes(conn)]


def audit(conn: Connection, *, by: str, action: str, target: dict[str, Any], jobs: int) -> None:
    """Remember what an operator did, in the transaction that does it."""
    _sql.audit(conn, made_by=by, action=action, target=Jsonb(target), jobs=jobs)


def acts(conn: Connection, *, before: int | None = None, room: int = 50) -> list[Act]:
    """Return what operators did, the newest first."""
    return [Act(**row) for row in _sql.find_audit(conn, before_id=before or 2**62, room=room)]


def _rest(choice: Choice) -> dict[str, Any]:
    return {field.name: getattr(choice, field.name) for field in fields(choice) if field.name != "states"}
