"""Requests to Discogs are counted here by whom they were made for; no request waits for the database."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from db import Connection, usage
from db.pool import Pool
from db.storable import storable
from db.story import Asked
from db.usage import Use
from workers.counting import MOST_ROWS, Counting

UNREPORTED = 0  # another program sent the request, and did not report its status
LONGEST_NAME = 200  # of a kind or an endpoint, which another program may have chosen


class Tally:
    """The requests of one process; thread-safe."""

    def __init__(
        self,
        pool: Pool,
        *,
        flush_seconds: float,
        most_rows: int = MOST_ROWS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._counting = Counting[Use]("usage", pool, _store, flush_seconds=flush_seconds, most_rows=most_rows)
        self._now = now

    def count(self, endpoint: str, *, user: str | None, lane: str, kind: str, status: int | None = UNREPORTED) -> None:
        """Count one request that left. ``user`` is an ID as text, anything else no user. Never raises.

        ``status`` is that of Discogs' answer, None without an answer.

        ``kind`` is that of the job, "door" for somebody at a screen, "program:NAME" for another program.
        """
        has_failed = status is None or status >= 500
        minute = self._now().replace(second=0, microsecond=0)
        self._counting.add({Use(minute, _id_of(user), str(lane), _name(kind), _name(endpoint), has_failed): 1})

    def count_answer(self, asked: Asked, *, user: str | None, lane: str, kind: str) -> None:
        """Count one request of ours with Discogs' answer. Never raises."""
        self.count(asked.endpoint, user=user, lane=lane, kind=kind, status=asked.status)

    def flush(self) -> bool:
        """Add everything counted so far to the ledger. False while the ledger cannot be reached: it is kept."""
        return self._counting.flush()

    def close(self) -> None:
        """Flush for the last time; one try, for the process wants to end."""
        self._counting.close()


def _store(conn: Connection, flush_id: UUID, counts: Mapping[Use, float]) -> None:
    usage.add(conn, flush_id, {use: int(requests) for use, requests in counts.items()})


def _id_of(user: str | None) -> UUID | None:
    try:
        return UUID(user) if user else None
    except ValueError:
        return None


def _name(text: str) -> str:
    return storable(text[:LONGEST_NAME])
