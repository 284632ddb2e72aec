"""Requests to Discogs are counted here, in memory, and added to the ledger a few times a minute.

No request waits for the database. What a process counted since its last flush is lost when it is killed, and nothing
else: a flush keeps its id and its counts until the ledger says that it has them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from uuid import UUID, uuid4

import structlog

from db import usage
from db.errors import DatabaseError
from db.pool import Pool
from db.storable import storable
from db.usage import Use

log = structlog.get_logger(__name__)

MOST_ROWS = 20_000  # in memory while the database is away: six hours of a budget whose every request is another row
LONGEST_NAME = 200  # of a kind or an endpoint, which another program may have chosen


@dataclass(frozen=True, slots=True)
class _Flush:
    """Counts on their way to the ledger: the same under the same id, however often it is said."""

    id: UUID
    counts: Mapping[Use, int]

    @property
    def requests(self) -> int:
        return sum(self.counts.values())


class Tally:
    """The requests of one process; thread-safe. Its thread begins with the first request."""

    def __init__(
        self,
        pool: Pool,
        *,
        flush_seconds: float,
        most_rows: int = MOST_ROWS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._flush_seconds = flush_seconds
        self._most_rows = most_rows
        self._now = now
        self._lock = Lock()  # of what is counted; never held while the database is asked
        self._flushing = Lock()
        self._counts: dict[Use, int] = {}
        self._dropped = 0
        self._unsaid: _Flush | None = None
        self._thread: Thread | None = None
        self._end = Event()

    def count(self, endpoint: str, *, user: str | None, lane: str, kind: str) -> None:
        """Count one request that left. ``user`` is an id as text; anything else is nobody. Never raises.

        ``kind`` is that of the job, "door" for somebody at a screen, "program:NAME" for another program.
        """
        minute = self._now().replace(second=0, microsecond=0)
        use = Use(minute, _id_of(user), str(lane), _name(kind), _name(endpoint))
        with self._lock:
            if use in self._counts or len(self._counts) < self._most_rows:
                self._counts[use] = self._counts.get(use, 0) + 1
            else:
                self._dropped += 1
            if self._thread is None and not self._end.is_set():
                self._thread = _started(self._run)

    def flush(self) -> bool:
        """Add everything counted so far to the ledger. False while the ledger cannot be reached: it is kept."""
        with self._flushing:
            while (flush := self._unsaid or self._taken()) is not None:
                self._unsaid = flush
                try:
                    with self._pool.transaction() as conn:
                        usage.add(conn, flush.id, flush.counts)
                except DatabaseError as error:
                    # Kept whatever the reason: a table may be missing because the migration comes a moment later.
                    log.warning("usage_not_stored", requests=flush.requests, error=str(error))
                    return False
                self._unsaid = None
            return True

    def close(self) -> None:
        """Flush for the last time; one try, for the process wants to end."""
        self._end.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()
        if not self.flush():
            left = sum(self._counts.values()) + (self._unsaid.requests if self._unsaid else 0)
            log.error("usage_lost", requests=left)

    def _taken(self) -> _Flush | None:
        """Take what was counted out of the hands of those who count."""
        with self._lock:
            counts, self._counts = self._counts, {}
            dropped, self._dropped = self._dropped, 0
        if dropped:
            log.error("usage_dropped", requests=dropped, most_rows=self._most_rows)
        return _Flush(uuid4(), counts) if counts else None

    def _run(self) -> None:
        while not self._end.wait(self._flush_seconds):
            try:
                self.flush()
            except Exception:
                # The thread outlives its errors: without it everything would be lost at the process' end.
                log.exception("usage_not_stored")


def _started(run: Callable[[], None]) -> Thread | None:
    """Start the thread, or let the next request try: no answer of Discogs is lost for want of a thread."""
    thread = Thread(target=run, name="usage", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


def _id_of(user: str | None) -> UUID | None:
    try:
        return UUID(user) if user else None
    except ValueError:
        return None


def _name(text: str) -> str:
    return storable(text[:LONGEST_NAME])
