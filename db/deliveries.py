"""Webhooks that are due: a row an end of a job, written by ``rekkrd.announce_many`` in the transaction that ends it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db import Connection
from db.queries import load
from db.storable import storable

_sql = load("deliveries")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook to be sent. ``id`` stays the same however often; ``attempts`` counts this one."""

    id: UUID
    body: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How the webhooks stand."""

    waiting: int
    oldest_at: datetime | None
    given_up: int


@dataclass(frozen=True, slots=True)
class Troubled:
    """A webhook that went wrong and is tried again, or was given up. ``status`` is None when no answer came."""

    id: UUID
    job_id: UUID
    event: str
    ended_at: datetime
    due_at: datetime
    attempts: int
    given_up_at: datetime | None
    status: int | None
    error: str


def want(conn: Connection, url: str) -> None:
    """From now on each end of a user's job leaves a delivery for this address, and for no other one."""
    _sql.forget_others(conn, url=url)
    _sql.want(conn, url=url)


def wanted(conn: Connection) -> list[str]:
    """Return the addresses for which ends leave deliveries: one, or none."""
    return [row["url"] for row in _sql.find_wanted(conn)]


def turn_off(conn: Connection) -> bool:
    """From now on no end leaves a delivery, until a worker that has an address starts. False when none did."""
    return bool(_sql.turn_off(conn))


def claim(conn: Connection, *, seconds: float) -> Delivery | None:
    """Take the delivery that has been due longest; should we die, another may after ``seconds``."""
    row = _sql.claim(conn, seconds=seconds)
    return None if row is None else Delivery(**row)


def mark_delivered(conn: Connection, delivery_id: UUID, *, status: int) -> None:
    """Remember that the app has it."""
    _sql.mark_delivered(conn, id=delivery_id, status=status)


def mark_failed(
    conn: Connection, delivery_id: UUID, *, status: int | None, error: str, seconds: float, gives_up: bool
) -> None:
    """Remember that the app has it not: it is due again in ``seconds``, unless the app or the time says never."""
    _sql.mark_failed(conn, id=delivery_id, status=status, error=storable(error), seconds=seconds, gives_up=gives_up)


def counts(conn: Connection) -> Standing:
    """Say how many wait and were given up."""
    return Standing(**_sql.count_states(conn))


def troubled(conn: Connection, *, room: int = 20) -> list[Troubled]:
    """Return webhooks that went wrong, those that are tried again first."""
    return [Troubled(**row) for row in _sql.find_troubled(conn, room=room)]


def retry_now(conn: Connection) -> int:
    """Send again now what was given up or waits for its next attempt; return how many."""
    return int(_sql.retry_now(conn))
