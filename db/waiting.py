"""What a waiting job waits for besides its turn; asked when a person looks, never by the engine."""

from uuid import UUID

from db import Connection
from db.jobs import Job, job_of
from db.queries import load

_sql = load("waiting")


def speaking(conn: Connection, job: Job) -> Job | None:
    """Return the other job of this account that has the conversation with Discogs now, None when it is free."""
    row = _sql.find_speaking(conn, id=job.id, user_id=job.user_id)
    return None if row is None else job_of(row)


def users_by_lane(conn: Connection) -> dict[str, int]:
    """Count the users between whom each lane's tokens go round; a lane without work is missing."""
    return {row["lane"]: row["users"] for row in _sql.count_users(conn)}


def count_others(conn: Connection, lane: str, user_id: UUID) -> int:
    """Count the other users with live work in a lane: with whom this one would take turns."""
    return int(_sql.count_others(conn, lane=lane, user_id=user_id))
