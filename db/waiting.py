"""What a waiting job waits for besides its turn; asked when a person looks, never by the engine."""

from collections.abc import Collection
from uuid import UUID

from db import Connection
from db.jobs import Job, job_of
from db.queries import load

_sql = load("waiting")


def speaking(conn: Connection, waiting: Collection[Job]) -> dict[UUID, Job]:
    """Return for each of these jobs, by its id, the other of its account that has the conversation with Discogs now.

    A job for which it is free is absent.
    """
    user_ids = sorted({job.user_id for job in waiting})
    busy = [job_of(row) for row in _sql.find_speaking(conn, user_ids=user_ids)] if user_ids else []
    found = {}
    for job in waiting:
        other = next((each for each in busy if each.user_id == job.user_id and each.id != job.id), None)
        if other is not None:
            found[job.id] = other
    return found


def users_by_lane(conn: Connection) -> dict[str, int]:
    """Count the users between whom each lane's tokens go round; a lane without work is missing."""
    return {row["lane"]: row["users"] for row in _sql.count_users(conn)}


def count_others(conn: Connection, lane: str, user_id: UUID) -> int:
    """Count the other users with live work in a lane: with whom this one would take turns."""
    return int(_sql.count_others(conn, lane=lane, user_id=user_id))
