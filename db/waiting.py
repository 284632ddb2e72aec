"""What a waiting job waits for besides its turn; asked when a person looks, never by the engine."""

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
