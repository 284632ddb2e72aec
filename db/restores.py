"""Restores of this database from a backup: what they made uncertain, and when the last one was noted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db import Connection, fleet, jobs
from db.operations import cancel
from db.queries import load

_sql = load("restores")


@dataclass(frozen=True, slots=True)
class Restore:
    """A restore that was noted: the ``leases`` that were taken away, the ``walks`` that began anew, the live ``jobs``.

    ``known_until`` is the newest trace in the ledger then: what happened from there to the restore nobody here knows.
    """

    id: int
    noted_at: datetime
    noted_by: str
    body: str
    known_until: datetime | None
    fence: int
    leases: int
    walks: int
    jobs: int


@dataclass(frozen=True, slots=True)
class Uncertain:
    """What noting a restore now would touch. ``is_noted`` when that was done for these very files."""

    known_until: datetime | None
    jobs: int
    leases: int
    walks: Sequence[UUID]
    last: Restore | None
    is_noted: bool


def last(conn: Connection) -> Restore | None:
    """Return the restore that was noted last, None when this database never came from a backup."""
    row = _sql.find_last(conn)
    return None if row is None else Restore(**row)


def look(conn: Connection, *, kinds: Sequence[str], stages: Sequence[str]) -> Uncertain:
    """Say what is uncertain; ``kinds`` walk over pages while their checkpoint is at one of ``stages``.

    The walks are locked until the transaction ends.
    """
    noted = last(conn)
    return Uncertain(
        known_until=_sql.find_newest_trace(conn, gone=fleet.GONE_AFTER),
        jobs=_sql.count_live(conn),
        leases=_sql.count_leases(conn),
        walks=[row["id"] for row in _sql.find_walks(conn, kinds=list(kinds), stages=list(stages))],
        last=noted,
        is_noted=noted is not None and noted.body == _sql.identify_body(conn),
    )


def note(conn: Connection, uncertain: Uncertain, *, by: str) -> Restore:
    """Free every step, let walks begin anew, and remember the restore: from now on no earlier step writes anything.

    Jobs that nobody holds now get the higher fence with their next claim, or there would be 100,000 rows to write.
    """
    fence = _sql.find_next_fence(conn)
    freed = _sql.free_leases(conn, fence=fence)
    cancel(conn, [row["id"] for row in freed if row["is_cancelled"]])
    walks = list(uncertain.walks)
    _sql.begin_anew(conn, ids=walks)
    _sql.forget_sweeps(conn, ids=walks)
    jobs.announce_many(conn, sorted({row["id"] for row in freed} | set(walks)))
    row = _sql.note(
        conn,
        noted_by=by,
        body=_sql.identify_body(conn),
        known_until=uncertain.known_until,
        fence=fence,
        leases=len(freed),
        walks=len(walks),
        jobs=uncertain.jobs,
    )
    return Restore(**row)
