"""Idempotency keys: whoever asks for the same jobs twice under one key is given those of the first time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from db import Connection
from db.queries import load

KEPT = timedelta(hours=24)

_sql = load("idempotency")


@dataclass(frozen=True, slots=True)
class Answered:
    """What was asked for under a key, as a hash, and the jobs that were the answer, in order."""

    body_hash: bytes
    job_ids: Sequence[UUID]
    are_new: Sequence[bool]


def claim(conn: Connection, scope: str, key: str, body_hash: bytes) -> Answered | None:
    """Take a key for this transaction, or return what was answered to it within the day.

    Whoever holds it in a transaction under way is waited for; if that rolls back, the key is free.
    """
    while not _sql.claim(conn, scope=scope, key=key, body_hash=body_hash, kept=KEPT):
        row = _sql.find(conn, scope=scope, key=key)
        if row is not None:  # else it was cleared this moment, and is free
            return Answered(bytes(row["body_hash"]), row["job_ids"], row["are_new"])
    return None


def keep(conn: Connection, scope: str, key: str, *, job_ids: Sequence[UUID], are_new: Sequence[bool]) -> None:
    """Remember the answer to a key that this transaction claimed."""
    _sql.keep(conn, scope=scope, key=key, job_ids=list(job_ids), are_new=list(are_new))


def forget_old(conn: Connection, *, room: int) -> int:
    """Clear at most ``room`` keys that are older than a day; return of how many."""
    return int(_sql.forget_old(conn, kept=KEPT, room=room))
