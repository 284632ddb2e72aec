"""The door into the ledger: what is to be done becomes rows, once, and its users come into the line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from db import Connection
from db.jobs import Job, job_of
from db.queries import load

_sql = load("adding")


class IfLive(StrEnum):
    """What becomes of a job whose key a live one holds: that one stands for it, or is replaced by it."""

    RETURN = "return"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a door hands over: a job that has no row yet. Without ``run_at``, or with a past one, it is due at once."""

    kind: str
    lane: str
    user_id: UUID
    args: dict[str, Any]
    unique_key: str | None
    takes_token: bool
    speaks_for_user: bool
    has_import_row: bool = False
    priority: int = 0
    run_at: datetime | None = None
    if_live: IfLive = IfLive.RETURN


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a job that was handed over. ``is_new`` is False when a live one stands for it: ``job_id`` is that.

    ``replaced`` is the job in whose place it came; while a step of that one is under way the new one follows it.
    """

    job_id: UUID
    is_new: bool
    replaced: UUID | None


def add(conn: Connection, new: NewJob) -> tuple[Job, Added]:
    """Put a job into the ledger, or meet the live one that holds its key; the row as it is now, and what became of it.

    The dispatchers are told in the caller's own transaction: what is rolled back was never announced.
    """
    (row,) = _sql.add(conn, new_jobs=_plain([new]))
    return job_of(row), _added(row)


def add_many(conn: Connection, new: Sequence[NewJob]) -> list[Added]:
    """Put jobs into the ledger in one statement; what became of each, in order.

    Two of ``new`` with one user and key become one job. The rows stay where they are: reading ten thousand of them
    back takes longer than writing them.
    """
    return [_added(row) for row in _sql.add_many(conn, new_jobs=_plain(new))]


def request(conn: Connection, kind: str, *, quiet: timedelta = timedelta(0)) -> bool:
    """Enqueue a job that belongs to no user, by the name of its kind.

    Return False if one is live or sent requests within ``quiet``.
    """
    return _sql.request(conn, kind=kind, quiet=quiet) is not None


def has_live(conn: Connection, kind: str) -> bool:
    """Return whether such a job is unfinished."""
    found: bool = _sql.has_live(conn, kind=kind)
    return found


def _added(row: dict[str, Any]) -> Added:
    return Added(row["id"], row["is_new"], row["replaced"])


def _plain(new: Sequence[NewJob]) -> Jsonb:
    """Say jobs in the words of ``rekkrd.add_jobs``."""
    return Jsonb(
        [
            {
                "place": place,
                "id": str(uuid4()),
                "kind": one.kind,
                "lane": one.lane,
                "user_id": str(one.user_id),
                "args": one.args,
                "unique_key": one.unique_key,
                "priority": one.priority,
                "takes_token": one.takes_token,
                "speaks_for_user": one.speaks_for_user,
                "has_import_row": one.has_import_row,
                "run_at": one.run_at and one.run_at.isoformat(),
                "if_live": one.if_live,
            }
            for place, one in enumerate(new)
        ]
    )


def hold_turns(conn: Connection, places: Sequence[tuple[str, UUID]]) -> None:
    """Let users with new work into the line, each of a lane, and keep their places until this is committed."""
    _sql.hold_turns(conn, lanes=[lane for lane, _ in places], user_ids=[user_id for _, user_id in places])
