"""The state of the system as the database knows it: its clock, whether it takes writes, and expired leases."""

from dataclasses import dataclass
from datetime import datetime

from db import Connection
from db.queries import load

_sql = load("system")


@dataclass(frozen=True, slots=True)
class Database:
    """The server at one moment, by its own clock. ``newest_at`` is the latest time that it stored as its present."""

    now: datetime
    started_at: datetime
    is_read_only: bool
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExpiredLease:
    """Leases of one worker in one queue that expired; ``expired_at`` is the first of them."""

    worker: str
    queue: str
    expired_at: datetime
    jobs: int


@dataclass(frozen=True, slots=True)
class Retrying:
    """Jobs of one queue that wait to repeat a request after a fault of Discogs; ``error`` is one of their messages."""

    queue: str
    jobs: int
    next_at: datetime
    error: str | None


def describe(conn: Connection) -> Database:
    """Return the state of the database server."""
    return Database(**_sql.describe(conn))


def expired_leases(conn: Connection) -> list[ExpiredLease]:
    """Return the leases that expired, the first one first."""
    return [ExpiredLease(**row) for row in _sql.find_expired_leases(conn)]


def retrying(conn: Connection) -> dict[str, Retrying]:
    """Return by queue the jobs that wait after a fault of Discogs."""
    return {row["queue"]: Retrying(**row) for row in _sql.find_retrying(conn)}


def write(conn: Connection) -> None:
    """Write one row. Raises DatabaseReadOnly, DatabaseFull, DatabaseAway."""
    _sql.write(conn)
