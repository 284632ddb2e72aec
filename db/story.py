"""A job's story, for whoever asks what became of it: its attempts, what was logged, what it asked of Discogs.

All of it is written in the transaction that ends a step, and not at all by a step that simply goes on in silence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from db import Connection
from db.jobs import Job, State
from db.line import Expired
from db.queries import load
from db.storable import storable

MOST_ATTEMPTS = 200  # that are kept of a job, the newest
MOST_LINES = 500

NO_ANSWER = 0  # in the column of statuses, which is part of a key

_sql = load("story")


class EndedAs(StrEnum):
    """How an attempt ended. Crashed: its worker died executing it. Left: its worker died before it began."""

    RETRIED = "retried"
    CRASHED = "crashed"
    LEFT = "left"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a step. ``worker`` is None where the job was given up between two claims.

    ``requests`` is None when the worker took the number along, ``began_at`` when an older release claimed the step.
    """

    fence: int
    step: int
    nth: int
    began_at: datetime | None
    ended_at: datetime
    worker: str | None
    ended_as: EndedAs
    error_class: str | None
    error: str | None
    error_detail: str | None
    requests: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log: an event and its facts, plain values without secrets."""

    logged_at: datetime
    level: str
    event: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LoggedLine:
    """A line as it is kept, with the step in which it was logged and who did so."""

    step: int
    logged_at: datetime
    level: str
    event: str
    worker: str | None
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that left: the method with the path's template, the answer's status if one came, and the wait."""

    endpoint: str
    status: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class EndpointUse:
    """What a job asked of one endpoint: how often it was answered how (None: not at all), and the mean wait."""

    endpoint: str
    requests: int
    by_status: dict[int | None, int]
    mean_seconds: float


_ENDED_AS = {
    State.RETRYING: EndedAs.RETRIED,
    State.COMPLETED: EndedAs.COMPLETED,
    State.FAILED: EndedAs.FAILED,
    State.CANCELLED: EndedAs.CANCELLED,
}


def end_attempt(conn: Connection, was: Job, ended: Job, *, requests: int, has_failed: bool) -> bool:
    """Remember an attempt by the job's row before and after it. False when the job simply goes on: nothing is kept.

    ``has_failed`` tells whether the row's error is of this attempt; one that was given back shows an earlier one's.
    """
    if ended.state not in _ENDED_AS:
        return False
    _sql.add_attempt(
        conn,
        job_id=was.id,
        fence=was.fence,
        step=was.steps + 1,
        nth=was.attempts + was.crashes + 1,
        began_at=was.claimed_at,
        worker=was.leased_by,
        ended_as=_ENDED_AS[ended.state],
        error_class=ended.error_class if has_failed else None,
        error=ended.error if has_failed else None,
        error_detail=ended.error_detail if has_failed else None,
        requests=requests,
        most=MOST_ATTEMPTS,
    )
    return True


def end_crashed(conn: Connection, expired: Expired) -> None:
    """Remember an attempt whose worker died, or slept through its lease."""
    job = expired.job
    _sql.add_attempt(
        conn,
        job_id=job.id,
        fence=job.fence - 1,  # taking it back moved the fence
        step=job.steps + 1,
        nth=job.attempts + job.crashes + (0 if expired.crashed else 1),
        began_at=expired.claimed_at,
        worker=expired.left_by,
        ended_as=EndedAs.CRASHED if expired.crashed else EndedAs.LEFT,
        error_class=None,
        error=None,
        error_detail=None,
        requests=None,
        most=MOST_ATTEMPTS,
    )


def add_lines(conn: Connection, job: Job, lines: Sequence[Line]) -> None:
    """Keep what was logged in a step, as its job's row was when it was claimed; nothing is asked when there is none."""
    if not lines:
        return
    _sql.add_lines(
        conn,
        job_id=job.id,
        fence=job.fence,
        step=job.steps + 1,
        worker=job.leased_by,
        logged_ats=[line.logged_at for line in lines],
        levels=[line.level for line in lines],
        events=[storable(line.event) for line in lines],
        facts=[Jsonb(line.facts) for line in lines],
        most=MOST_LINES,
    )


def add_requests(conn: Connection, job_id: UUID, asked: Sequence[Asked]) -> None:
    """Count what a step asked of Discogs; nothing is asked of the database when it is nothing."""
    if not asked:
        return
    _sql.add_requests(
        conn,
        job_id=job_id,
        endpoints=[storable(one.endpoint) for one in asked],
        statuses=[NO_ANSWER if one.status is None else one.status for one in asked],
        seconds=[one.seconds for one in asked],
    )


def attempts(conn: Connection, job_id: UUID, *, newest: int = MOST_ATTEMPTS) -> list[Attempt]:
    """Return how a job's newest attempts ended, in their order."""
    rows = _sql.find_attempts(conn, job_id=job_id, room=newest)
    return [Attempt(**{**row, "ended_as": EndedAs(row["ended_as"])}) for row in reversed(rows)]


def log(conn: Connection, job_id: UUID, *, newest: int = MOST_LINES) -> list[LoggedLine]:
    """Return the newest lines of a job's log, in their order."""
    return [LoggedLine(**row) for row in reversed(_sql.find_lines(conn, job_id=job_id, room=newest))]


def requests_by_endpoint(conn: Connection, job_id: UUID) -> list[EndpointUse]:
    """Return what a job asked of Discogs, the most frequent endpoint first. Requests of lost steps are not known."""
    by_endpoint: dict[str, list[dict[str, Any]]] = {}
    for row in _sql.count_requests(conn, job_id=job_id):
        by_endpoint.setdefault(row["endpoint"], []).append(row)
    uses = [_use(endpoint, rows) for endpoint, rows in by_endpoint.items()]
    return sorted(uses, key=lambda use: (-use.requests, use.endpoint))


def _use(endpoint: str, rows: Sequence[Mapping[str, Any]]) -> EndpointUse:
    requests = sum(row["requests"] for row in rows)
    by_status = {row["status"] or None: row["requests"] for row in rows}
    return EndpointUse(endpoint, requests, by_status, sum(row["seconds"] for row in rows) / requests)
