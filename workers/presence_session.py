"""The presence session of one worker process: its end tells the other workers of this one's death, within seconds.

It is the direct connection that listens for work. Without DATABASE_DIRECT_URL, or where a pooler hides behind that,
nothing is registered, and only the leases tell who is dead.
"""

import time
from collections import deque
from collections.abc import Callable
from threading import Event, Thread

import structlog

from db import Connection, presence
from db.listen import Listener
from db.pool import transaction_on
from db.presence import SHORTENED_SECONDS, Session
from workers.decide import CRASHES_BEFORE_FAILED
from workers.leases import LeaseKeeper

log = structlog.get_logger(__name__)

WATCH_SECONDS = 0.25  # between two looks at the others' sessions, and at most until the end of our own is noticed
STATEMENT_SECONDS = 1.0
PAUSED_SECONDS = 3.0  # a thread that slept for longer was stopped, and so may all others have been


class PresenceSession:
    """One thread a worker process: listens for work, registers its session, and watches those of the other workers.

    ``on_work`` is called when there may be something to dispatch or to rescue.
    """

    def __init__(
        self, listener: Listener, leases: LeaseKeeper, *, worker: str, lease_seconds: float, on_work: Callable[[], None]
    ) -> None:
        self._listener = listener
        self._leases = leases
        self._worker = worker
        self._lease_seconds = lease_seconds
        self._on_work = on_work
        self._conn: Connection | None = None
        self._session: Session | None = None
        self._trusted_from = self._turned_at = time.monotonic()
        self._rescues: deque[float] = deque()  # when the leases that we shortened end
        self._end = Event()
        self._thread = Thread(target=self._run, name="presence-session", daemon=True)

    def start(self) -> None:
        """Connect and register."""
        self._thread.start()

    def stop(self) -> None:
        """Unregister and disconnect: after the last step, for the end of a session shortens the leases."""
        self._end.set()
        self._listener.close()
        self._thread.join()

    def _run(self) -> None:
        with self._listener:
            while not self._end.is_set():
                try:
                    self.turn()
                except Exception:
                    # The thread outlives its errors: a worker without presence is rescued later, one that hears of no
                    # work looks for it by itself.
                    log.exception("presence_not_kept")
                    self._end.wait(WATCH_SECONDS)

    def turn(self) -> None:
        """Wait for news, then look after our own session and at those of the others; the thread's one turn."""
        if self._listener.wait(self._pause()):
            self._on_work()
        while self._rescues and time.monotonic() >= self._rescues[0]:
            self._rescues.popleft()
            self._on_work()
        if self._end.is_set():
            return
        now = time.monotonic()
        if now - self._turned_at > PAUSED_SECONDS:
            self._trusted_from = now + self._lease_seconds
        self._turned_at = now
        with self._listener.session() as conn:
            if conn is None:
                self._lose()
            elif conn is not self._conn:
                self._lose()
                self._register(conn)
            elif self._session is not None:
                self._watch(conn)

    def _pause(self) -> float:
        if not self._rescues:
            return WATCH_SECONDS
        return min(WATCH_SECONDS, max(0.0, self._rescues[0] - time.monotonic()))

    def _lose(self) -> None:
        """Note that our session has ended: others may take this process for dead until its leases are renewed."""
        self._conn = None
        if self._session is not None:
            log.warning("presence_session_ended")
            self._leases.suspend(self._session)
            self._session = None

    def _register(self, conn: Connection) -> None:
        """Renew the leases over the new session if nothing else has, and register it in the same transaction."""

        def register(conn: Connection) -> None:
            self._session = presence.register(conn, self._worker)

        try:
            self._leases.renew_in(transaction_on(conn, timeout_seconds=STATEMENT_SECONDS), register)
        except BaseException:
            self._session = None
            raise
        self._conn = conn
        # What others did while we were away is unknown: their sessions may have ended like ours.
        self._trusted_from = time.monotonic() + self._lease_seconds
        log.debug("presence_registered", is_direct=self._session is not None)

    def _watch(self, conn: Connection) -> None:
        """Shorten the leases of workers whose session has ended, if ours has held for long enough to tell."""
        is_trusted = time.monotonic() >= self._trusted_from
        # The query runs in either case: it shows that our own session lives.
        with transaction_on(conn, timeout_seconds=STATEMENT_SECONDS):
            ended = [
                session
                for session in presence.find_ended(conn)
                if is_trusted and presence.shorten_leases(conn, session, crashes=CRASHES_BEFORE_FAILED - 1)
            ]
        for session in ended:
            log.warning("worker_gone", worker=session.worker, rescued_in_seconds=SHORTENED_SECONDS)
            self._rescues.append(time.monotonic() + SHORTENED_SECONDS)
