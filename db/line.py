"""The line: which ready steps are called up next, and what became of those whose worker died."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db import Connection
from db.jobs import Job, job_of
from db.queries import load

MOST_AHEAD = 1_000  # steps that are counted before a job's next one: about twenty minutes of the whole budget

_sql = load("line")


@dataclass(frozen=True, slots=True)
class Call:
    """A step that was called up: one message is to be sent for it."""

    job_id: UUID
    kind: str
    queue: str
    crashes: int


@dataclass(frozen=True, slots=True)
class Expired:
    """A step taken back from the worker that let its lease run out; ``crashed`` when it died while executing.

    ``claimed_at`` is None when a release claimed it that does not say so.
    """

    job: Job
    left_by: str
    claimed_at: datetime | None
    crashed: bool


def call_up(
    conn: Connection,
    *,
    lane: str,
    takes_token: bool,
    room: int,
    call_seconds: float,
    kinds: Collection[str] | None = None,
    worker: str | None = None,
) -> list[Call]:
    """Call up at most ``room`` steps of these kinds, or of any, from the head of a lane, in order of turns.

    ``worker`` is the process whose dispatcher sends the messages. Empty when nothing is ready or another dispatcher is
    at this lane in the same moment.
    """
    rows = _sql.call_up(
        conn,
        lane=lane,
        kinds=None if kinds is None else list(kinds),
        takes_token=takes_token,
        room=room,
        call_seconds=call_seconds,
        worker=worker,
    )
    return [Call(job_id=row["id"], kind=row["kind"], queue=row["queue"], crashes=row["crashes"]) for row in rows]


def hold_turns(conn: Connection, places: Sequence[tuple[str, UUID]]) -> None:
    """Give users a place in a queue each, and keep it until this transaction ends."""
    _sql.hold_turns(conn, lanes=[lane for lane, _ in places], user_ids=[user_id for _, user_id in places])


def release_followers(conn: Connection) -> int:
    """Let jobs go on that wait to replace another one which has no step under way; return how many there were.

    The request to replace a job may be committed after its step has ended: then nobody else does it.
    """
    return int(_sql.release_followers(conn))


def count_waiting(conn: Connection) -> dict[str, int]:
    """Steps that were called up for a token and have none yet, by lane; a lane without any is missing."""
    return {row["lane"]: row["waiting"] for row in _sql.count_waiting(conn)}


def take_back_expired(conn: Connection) -> list[Expired]:
    """Rescue every step whose lease expired and whose rows nothing else has locked, each in one dispatcher only."""
    rows = _sql.take_back_expired(conn)
    return [Expired(job_of(row), row["left_by"], row["left_at"], row["died_executing"]) for row in rows]


def forget_extensions(conn: Connection, *, room: int) -> int:
    """Delete at most ``room`` extensions of leases that ended long ago; return how many."""
    return int(_sql.forget_extensions(conn, room=room))


def count_ahead(conn: Connection, job_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many steps of its lane come before each job's next one; 0 means that it is at the head.

    MOST_AHEAD when there are as many or more. A job of which the line knows nothing is absent.
    """
    rows = _sql.count_ahead(conn, ids=list(job_ids), most=MOST_AHEAD)
    return {row["id"]: min(MOST_AHEAD, int(row["ahead"])) for row in rows}


def forget_idle_turns(conn: Connection, *, room: int) -> int:
    """Clear at most ``room`` turns of users who have nothing in the lane any more; return of how many.

    Held first, cleared by a second statement: a job enqueued in between, not yet to be seen, would lose its turn and
    never be called up.
    """
    idle = _sql.hold_idle_turns(conn, room=room)
    lanes, user_ids = [row["lane"] for row in idle], [row["user_id"] for row in idle]
    return int(_sql.forget_turns(conn, lanes=lanes, user_ids=user_ids))
