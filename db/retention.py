"""How long jobs are kept: those that ended go a piece at a time, with their stories.

What is known elsewhere stays: the sync log, usage, and the row of ``discogs_import_jobs``, which is the collector's own
history of imports.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from db import Connection
from db.queries import load

_sql = load("retention")


@dataclass(frozen=True, slots=True)
class Place:
    """A job that was looked at, by when it ended: what ended later comes next."""

    at: datetime
    job_id: UUID


START = Place(datetime.min.replace(tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Piece:
    """How many jobs went, and the last one looked at; None when there were no more."""

    cleared: int
    last: Place | None


def clear_ended(conn: Connection, *, kept: timedelta, failed_kept: timedelta, after: Place, room: int) -> Piece:
    """Look at the next ``room`` jobs that ended, and remove those that were kept long enough.

    Never one that is live, nor one that another stands behind.
    """
    row = _sql.clear_ended(
        conn, kept=kept, failed_kept=failed_kept, after_at=after.at, after_id=after.job_id, room=room
    )
    if row is None:
        return Piece(0, None)
    return Piece(row["cleared"], Place(row["finished_at"], row["id"]))
