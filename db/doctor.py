"""What `rekkrd doctor` asks of the database: looks only, each on a connection of its own, in READ ONLY transactions."""

import secrets
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import psycopg

from db import Connection
from db.errors import DatabaseAway, translated
from db.links import TOKEN
from db.listen import Listener
from db.pool import connect
from db.queries import load
from db.sealing import Keys, unseal

OLDEST_SERVER = 150_000
PINGS = 5
CHANNEL = "rekkrd_doctor"

# As migration 0004 has it: the plan's tables in public, those of which a user reads own rows, and what in profiles is
# nobody's but ours.
OWN_ROWS = (
    "discogs_import_jobs",
    "discogs_sync_log",
    "discogs_value_history",
    "discogs_price_alerts",
    "discogs_usage",
)
PLAN_TABLES = (*OWN_ROWS, "discogs_price_cache")
SECRET = ("discogs_oauth_token", "discogs_oauth_secret")
TOLD_BY_DISCOGS = (*SECRET, "discogs_username", "discogs_user_id", "discogs_connected_at")

Trouble = Literal["lease_over", "call_over", "unknown_kind", "cancelling", "crashing", "running_long", "orphaned"]

_sql = load("doctor")


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL as it answered. ``ahead_seconds`` is its clock less ours, ``seconds`` one round trip, a median."""

    version: str
    number: int
    is_read_only: bool
    name: str
    started_at: datetime
    size: int
    most_connections: int
    connections: int
    seconds: float
    ahead_seconds: float


@dataclass(frozen=True, slots=True)
class MissingRight:
    """What our role may not do with a relation of ours; ``is_hidden`` when row-level security hides rows from it."""

    relation: str
    privileges: str
    is_hidden: bool
    our_role: str


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """What a stranger may do and should not, and the statement that ends it."""

    role: str
    privilege: str
    door: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Seal:
    """How many users' tokens a key sealed, and one of these users."""

    key_id: str
    users: int
    user_id: UUID


@dataclass(frozen=True, slots=True)
class Failed:
    """Failed jobs that are kept, and those that failed lately."""

    kept: int
    lately: int


@dataclass(frozen=True, slots=True)
class Ticks:
    """The last time that a scheduler enqueued something, and since when it could have.

    ``ahead_until`` is the latest run that is stored for the future: a clock was wrong when it was written.
    """

    newest_at: datetime | None
    ahead_until: datetime | None
    possible_since: datetime


@dataclass(frozen=True, slots=True)
class Stuck:
    """Jobs with one trouble: how many, since when the first of them, and which that is."""

    trouble: Trouble
    jobs: int
    since: datetime
    job_id: UUID


@contextmanager
def looking(url: str, *, seconds: float) -> Iterator[Connection]:
    """Give a connection in a READ ONLY transaction. Raises DatabaseError, with the server's own reason."""
    try:
        conn = connect(url, timeout_seconds=seconds)
    except psycopg.Error as error:
        # What libpq says of several addresses begins with the first one's.
        raise DatabaseAway(f"{str(error).partition(chr(10))[0].rstrip('.')}.") from None
    try:
        conn.execute(f"BEGIN READ ONLY; SET LOCAL statement_timeout = {int(seconds * 1000)}".encode())
        yield conn
        conn.rollback()
    except psycopg.Error as error:
        raise translated(error) from None
    finally:
        conn.close()


def server(conn: Connection) -> Server:
    """Say which server this is, how far it is away, and what its clock says."""
    took, ahead = [], []
    for _ in range(PINGS):
        began, sent_at = time.monotonic(), datetime.now(UTC)
        told_at = _sql.tell_time(conn)
        took.append(time.monotonic() - began)
        ahead.append((told_at - sent_at).total_seconds() - took[-1] / 2)
    row = _sql.describe_server(conn)
    return Server(**row, seconds=statistics.median(took), ahead_seconds=statistics.median(ahead))


def hears(listening_url: str, telling_url: str, *, seconds: float) -> float | None:
    """Say how long news took from one address to a listener at the other; None when none came in time."""
    word = secrets.token_hex(8)
    with Listener(listening_url, (CHANNEL,)) as ear:
        deadline = time.monotonic() + seconds
        ear.wait(seconds)  # it connects, and says so
        if not ear.is_listening:
            return None
        with looking(telling_url, seconds=seconds) as conn:
            _sql.say(conn, channel=CHANNEL, payload=word)
            conn.commit()
        said = time.monotonic()
        while (left := deadline - time.monotonic()) > 0:
            if any(news.payload == word for news in ear.wait(left)):
                return time.monotonic() - said
    return None


def missing_rights(conn: Connection) -> list[MissingRight]:
    """Return what our own role may not do with what is ours."""
    found = [MissingRight(**row) for row in _sql.find_missing_rights(conn, plan_tables=list(PLAN_TABLES))]
    uncallable = [
        MissingRight(row["function"], "EXECUTE", is_hidden=False, our_role=row["our_role"])
        for row in _sql.find_uncallable(conn)
    ]
    return found + uncallable


def open_doors(conn: Connection) -> list[OpenDoor]:
    """Return what PUBLIC, anon and authenticated may do that they should not."""
    rows = _sql.find_open_doors(
        conn,
        plan_tables=list(PLAN_TABLES),
        own_rows=list(OWN_ROWS),
        secret=list(SECRET),
        told_by_discogs=list(TOLD_BY_DISCOGS),
    )
    return [OpenDoor(**row) for row in rows]


def seals(conn: Connection) -> list[Seal]:
    """Return with which keys the stored tokens are sealed, the most used first."""
    return [Seal(**row) for row in _sql.find_seals(conn)]


def try_seal(conn: Connection, keys: Keys, seal: Seal) -> None:
    """Open one token of a seal and forget it. Raises SealBroken, WrongKey."""
    row = _sql.find_sealed(conn, user_id=seal.user_id)
    if row is not None and row["sealed"] is not None:  # else it was disconnected this moment
        unseal(keys, row["id"], TOKEN, row["sealed"])


def links(conn: Connection) -> dict[str, int]:
    """Return how many users' connections stand how."""
    return {row["state"]: row["users"] for row in _sql.count_links(conn)}


def failed(conn: Connection, *, lately: timedelta) -> Failed:
    """Return how many failed jobs there are."""
    return Failed(**_sql.count_failed(conn, age=lately))


def ticks(conn: Connection) -> Ticks:
    """Return when a scheduler enqueued something last."""
    return Ticks(**_sql.find_newest_tick(conn))


def stuck(conn: Connection, *, patience: timedelta, long: timedelta, kinds: Sequence[str]) -> list[Stuck]:
    """Return live jobs that do not go on; ``kinds`` are those that the workers know."""
    return [Stuck(**row) for row in _sql.find_stuck(conn, patience=patience, long=long, kinds=list(kinds))]
