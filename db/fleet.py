"""The worker processes and the lanes they work for, as the ledger knows them, and what workers counted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from db import Connection
from db.queries import load

GONE_AFTER = timedelta(seconds=20)  # four times the pause between two signs of life
GONE_SHOWN = timedelta(hours=1)
RATE_OVER = timedelta(minutes=5)
CLOCK_SLACK_SECONDS = 2.0  # a heartbeat further ahead of the clock than this is no present one
STALE_SECONDS = 15.0  # a dispatcher or a consumer that was silent for longer does nothing any more

Figure = tuple[str, tuple[tuple[str, str], ...]]  # its name and its labels

_sql = load("fleet")


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """State of a worker as it reports it. Ages in seconds, None for what never happened.

    ``store_error`` says why the result of its last step could not be stored; None after one that was.
    """

    name: str
    host: str
    pid: int
    version: str
    lanes: Sequence[str]
    kinds: Sequence[str]
    threads: int
    busy: int
    stuck: int
    looked_ago: float | None
    asked_ago: float | None
    took_ago: float | None
    store_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker(SignOfLife):
    """A worker as it was seen last; all ages are the database's."""

    started_at: datetime
    seen_at: datetime
    seen_ago: float

    @property
    def is_alive(self) -> bool:
        """Return True after a recent heartbeat. One from the future was written before the clock was set back."""
        return -self.seen_ago <= CLOCK_SLACK_SECONDS and self.seen_ago <= GONE_AFTER.total_seconds()

    @property
    def trouble(self) -> str | None:
        """Say why it takes no work though it may be alive; None when it does."""
        if not self.is_alive:
            return "gone without a word"
        if self.looked_ago is None or self.asked_ago is None:
            return "it has only just begun"
        if _is_stale(self.looked_ago, self.seen_ago):
            return "its dispatcher does not look at the line"
        if _is_stale(self.asked_ago, self.seen_ago):
            return "its consumers do not ask Redis for work"
        if self.stuck >= self.threads:
            return "every thread hangs in a step past its deadline"
        return None

    @property
    def is_consuming(self) -> bool:
        """Whether it takes work."""
        return self.trouble is None


@dataclass(frozen=True, slots=True)
class Held:
    """A step under way."""

    worker: str
    job_id: UUID
    kind: str
    lane: str
    user_id: UUID
    is_executing: bool


@dataclass(frozen=True, slots=True)
class LinePart:
    """The live jobs of one lane in one state, by what they do now."""

    lane: str
    state: str
    ready: int
    delayed: int
    called: int
    under_way: int
    jobs: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """Jobs of one lane and kind that came to one end lately."""

    lane: str
    kind: str
    state: str
    jobs: int


@dataclass(frozen=True, slots=True)
class Tallied:
    """One figure that workers added up."""

    name: str
    labels: dict[str, str]
    value: float


def keep(conn: Connection, sign: SignOfLife) -> None:
    """Remember that a worker is there."""
    _sql.keep_worker(
        conn,
        name=sign.name,
        host=sign.host,
        pid=sign.pid,
        version=sign.version,
        lanes=list(sign.lanes),
        kinds=list(sign.kinds),
        threads=sign.threads,
        busy=sign.busy,
        stuck=sign.stuck,
        looked_ago=sign.looked_ago,
        asked_ago=sign.asked_ago,
        took_ago=sign.took_ago,
        fault=sign.store_error,
    )


def remove(conn: Connection, name: str) -> None:
    """Forget a worker that ended cleanly."""
    _sql.remove_worker(conn, name=name)


def forget_gone(conn: Connection, *, room: int) -> int:
    """Clear at most ``room`` workers that were killed more than an hour ago; return of how many."""
    return int(_sql.forget_gone(conn, age=GONE_SHOWN, room=room))


def workers(conn: Connection) -> list[Worker]:
    """Return all workers that were seen within the hour."""
    return [Worker(**row) for row in _sql.find_workers(conn, age=GONE_SHOWN)]


def has_other_version(conn: Connection, version: str) -> bool:
    """Whether a worker is alive whose code is another."""
    return bool(_sql.has_other_version(conn, version=version, age=GONE_AFTER))


def held(conn: Connection) -> list[Held]:
    """Return the steps under way."""
    return [Held(**row) for row in _sql.find_held(conn)]


def line(conn: Connection) -> list[LinePart]:
    """Return the live jobs by lane and state; what has none is missing."""
    return [LinePart(**row) for row in _sql.count_line(conn)]


def failed(conn: Connection) -> dict[str, int]:
    """Return how many jobs of each lane have failed and are still kept."""
    return {row["lane"]: row["jobs"] for row in _sql.count_failed(conn)}


def ended(conn: Connection) -> list[Ended]:
    """Return what ended within RATE_OVER."""
    return [Ended(**row) for row in _sql.count_ended(conn, age=RATE_OVER)]


def requests(conn: Connection) -> dict[str, int]:
    """Return the requests to Discogs of each lane in the last whole minutes of RATE_OVER."""
    return {row["lane"]: row["requests"] for row in _sql.count_requests(conn, age=RATE_OVER)}


def ready_lanes(conn: Connection) -> set[str]:
    """Return the lanes that have work for a worker now."""
    return {row["lane"] for row in _sql.find_ready_lanes(conn)}


def unknown_kinds(conn: Connection) -> list[str]:
    """Return the kinds of which something is due though no worker that is alive knows them.

    Empty when no worker is alive: then every lane says so.
    """
    return [row["kind"] for row in _sql.find_unknown_kinds(conn, age=GONE_AFTER)]


def add_tallies(conn: Connection, flush_id: UUID, counts: Mapping[Figure, float]) -> bool:
    """Add figures, each under its name and labels. False when this flush was added before."""
    return bool(
        _sql.add_tallies(
            conn,
            flush_id=flush_id,
            names=[name for name, _ in counts],
            labels=[json.dumps(dict(labels)) for _, labels in counts],
            amounts=list(counts.values()),
        )
    )


def tallies(conn: Connection) -> list[Tallied]:
    """Return everything that workers added up."""
    return [Tallied(**row) for row in _sql.find_tallies(conn)]


def _is_stale(age: float, seen_ago: float) -> bool:
    """Whether something had not happened for long when the worker was seen last."""
    return age - seen_ago > STALE_SECONDS
