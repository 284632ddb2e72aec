"""What a process counts in memory, and adds to the ledger a few times a minute.

Nobody who counts waits for the database. What was counted since the last flush is lost when the process is killed, and
nothing else: a flush keeps its id and its counts until the ledger says that it has them.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Generic, TypeVar
from uuid import UUID, uuid4

import structlog

from db import Connection
from db.errors import DatabaseError
from db.pool import Pool

log = structlog.get_logger(__name__)

MOST_ROWS = 20_000  # in memory while the database is away: six hours of a budget whose every request is another row

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class _Flush(Generic[K]):
    """Counts of so many events on their way to the ledger: the same under the same id, however often it is said."""

    id: UUID
    counts: Mapping[K, float]
    events: int


class Counting(Generic[K]):
    """The counts of one process under one name; thread-safe. Its thread begins with the first event.

    ``store`` adds a flush to the ledger, once however often it is told the same id.
    """

    def __init__(
        self,
        name: str,
        pool: Pool,
        store: Callable[[Connection, UUID, Mapping[K, float]], object],
        *,
        flush_seconds: float,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self._name = name
        self._pool = pool
        self._store = store
        self._flush_seconds = flush_seconds
        self._most_rows = most_rows
        self._lock = Lock()  # of what is counted; never held while the database is asked
        self._flushing = Lock()
        self._counts: dict[K, float] = {}
        self._events = 0
        self._dropped = 0
        self._unsaid: _Flush[K] | None = None
        self._thread: Thread | None = None
        self._end = Event()

    def add(self, counts: Mapping[K, float]) -> None:
        """Count one event, all of it or nothing. Never raises."""
        with self._lock:
            new = sum(key not in self._counts for key in counts)
            if len(self._counts) + new <= self._most_rows:
                for key, amount in counts.items():
                    self._counts[key] = self._counts.get(key, 0) + amount
                self._events += 1
            else:
                self._dropped += 1
            if self._thread is None and not self._end.is_set():
                self._thread = _started(self._run, self._name)

    def flush(self) -> bool:
        """Add everything counted so far to the ledger. False while the ledger cannot be reached: it is kept."""
        with self._flushing:
            while (flush := self._unsaid or self._taken()) is not None:
                self._unsaid = flush
                try:
                    with self._pool.transaction() as conn:
                        self._store(conn, flush.id, flush.counts)
                except DatabaseError as error:
                    # Kept whatever the reason: a table may be missing because the migration comes a moment later.
                    log.warning("counts_not_stored", of=self._name, events=flush.events, error=str(error))
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
            left = self._events + (self._unsaid.events if self._unsaid else 0)
            log.error("counts_lost", of=self._name, events=left)

    def _taken(self) -> _Flush[K] | None:
        """Take what was counted out of the hands of those who count."""
        with self._lock:
            counts, self._counts = self._counts, {}
            events, self._events = self._events, 0
            dropped, self._dropped = self._dropped, 0
        if dropped:
            log.error("counts_dropped", of=self._name, events=dropped, most_rows=self._most_rows)
        return _Flush(uuid4(), counts, events) if counts else None

    def _run(self) -> None:
        while not self._end.wait(self._flush_seconds):
            try:
                self.flush()
            except Exception:
                # The thread outlives its errors: without it everything would be lost at the process' end.
                log.exception("counts_not_stored", of=self._name)


def _started(run: Callable[[], None], name: str) -> Thread | None:
    """Start the thread, or let the next event try: nothing fails for want of a thread that counts."""
    thread = Thread(target=run, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread
