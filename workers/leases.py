"""The leases of one process: renewed by a thread of its own while a step is inside its deadline, and no longer."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import Event, Lock, Thread

import structlog

from db import Connection, presence, steps
from db.errors import DatabaseError, MayBeRetried
from db.jobs import Job
from db.pool import Pool
from db.presence import Session
from db.steps import Renewal
from workers.limiter.stop import Stop

log = structlog.get_logger(__name__)

SUSPENDED_PAUSE_SECONDS = 0.25  # between two tries to renew after the presence session ended
AFTER_SUSPENSION_SECONDS = 0.5  # then once more, for a step that was claimed while the session ended


class Lease:
    """The right to write for one step. ``stop`` is set when the step should end early, whatever the cause."""

    def __init__(self, job: Job, deadline: float) -> None:
        self.job = job
        self.deadline = deadline  # monotonic; past it the lease is left to run out
        self.stop = Stop()
        self.is_cancelled = False
        self.is_lost = False
        self.store_error: str | None = None  # why the result cannot be stored at present

    def cancel(self) -> None:
        """The job was asked to end."""
        self.is_cancelled = True
        self.stop.set()

    def lose(self) -> None:
        """Somebody else may have the job by now."""
        self.is_lost = True
        self.stop.set()


class LeaseKeeper:
    """Renews every lease of this process at a third of its length, in one statement."""

    def __init__(self, pool: Pool, *, worker: str, lease_seconds: float, step_deadline_seconds: float) -> None:
        self._pool = pool
        self._worker = worker
        self._lease_seconds = lease_seconds
        self._step_deadline_seconds = step_deadline_seconds
        self._held: set[Lease] = set()  # of one job two at times: of a step that hangs, and of the one after it
        self._is_stopping = False
        self._lock = Lock()
        self._ended_session: Session | None = None
        self._is_renewed = Event()  # cleared while others may take this process for dead
        self._is_renewed.set()
        self._pause = lease_seconds / 3
        self._end = Event()
        self._wake = Event()
        self._thread = Thread(target=self._run, name="lease-keeper", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """Stop renewing, after the last step ended."""
        self._end.set()
        self._wake.set()
        self._thread.join()

    def suspend(self, session: Session) -> None:
        """Renew all leases at once; until then nothing is claimed and no request is sent.

        The presence session has ended, and other workers may take this process for dead.
        """
        with self._lock:
            self._ended_session = session
            self._is_renewed.clear()
        self._wake.set()

    def wait_until_renewed(self, seconds: float) -> bool:
        """Return as soon as the leases are known to hold, or False after so many seconds."""
        return self._is_renewed.wait(seconds)

    @contextmanager
    def hold(self, job: Job) -> Iterator[Lease]:
        """Keep the job's lease alive inside the block, until the step's deadline."""
        lease = Lease(job, time.monotonic() + self._step_deadline_seconds)
        with self._lock:
            self._held.add(lease)
            if self._is_stopping:
                lease.stop.set()
        try:
            yield lease
        finally:
            with self._lock:
                self._held.remove(lease)

    @property
    def stuck(self) -> int:
        """Steps past their deadline whose threads have not come back."""
        now = time.monotonic()
        with self._lock:
            return sum(now > lease.deadline for lease in self._held)

    @property
    def store_error(self) -> str | None:
        """Why results of this process cannot be stored at present; the heartbeat reports it."""
        with self._lock:
            return next((lease.store_error for lease in self._held if lease.store_error is not None), None)

    def release_waiters(self) -> None:
        """Ask every step that waits for its token, or will, to give itself back: the process is stopping."""
        with self._lock:
            self._is_stopping = True
            for lease in self._held:
                lease.stop.set()

    def renew_in(
        self, transaction: AbstractContextManager[Connection], then: Callable[[Connection], None] = lambda _: None
    ) -> None:
        """Renew every lease in a transaction that also removes a session that has ended, and does what ``then`` does.

        In one transaction, so that no dispatcher shortens the leases in between.
        """
        now = time.monotonic()
        with self._lock:
            session = self._ended_session
            due = [lease for lease in self._held if now < lease.deadline]
        with transaction as conn:
            was_noticed = session is not None and presence.unregister(conn, session, lease_seconds=self._lease_seconds)
            renewed = self._renew(conn, due) if due else []
            then(conn)
        lost = self._settle(due, renewed)
        if was_noticed and lost:
            self._forgive(lost)
        with self._lock:
            if session is not None and self._ended_session is session:
                self._ended_session = None
                self._is_renewed.set()

    def _run(self) -> None:
        while not self._end.is_set():
            self._wake.wait(self._pause)
            self._wake.clear()
            if self._end.is_set():
                return
            self._pause = self._lease_seconds / 3
            if not self._is_renewed.is_set():
                self._pause = min(self._pause, AFTER_SUSPENSION_SECONDS)
            try:
                self._renew_if_due()
            except MayBeRetried as error:
                log.warning("leases_not_renewed", error=str(error))
            except Exception:
                # The thread outlives its errors: a renewer that died once ran healthy jobs twice elsewhere.
                log.exception("leases_not_renewed")
            if not self._is_renewed.is_set():
                self._pause = min(self._pause, SUSPENDED_PAUSE_SECONDS)

    def _renew_if_due(self) -> None:
        with self._lock:
            is_due = bool(self._held) or self._ended_session is not None
        if is_due:
            self.renew_in(self._pool.transaction(lock_seconds=self._lease_seconds / 6))

    def _renew(self, conn: Connection, due: Sequence[Lease]) -> list[Renewal]:
        leases = [(lease.job.id, lease.job.fence) for lease in due]
        return steps.renew(conn, worker=self._worker, leases=leases, lease_seconds=self._lease_seconds)

    def _settle(self, due: Sequence[Lease], renewed: Sequence[Renewal]) -> list[Lease]:
        """Tell the steps what became of their leases; return those that were lost."""
        rows = {renewal.job_id: renewal for renewal in renewed}
        lost = []
        for lease in due:
            row = rows.get(lease.job.id)
            if row is None or row.fence != lease.job.fence:
                lost.append(lease)
                self._lose_if_held(lease)
            elif row.is_leased and row.is_cancelled:
                lease.cancel()
            # With our fence and without a lease the step has just been stored, and its thread is about to leave.
        return lost

    def _forgive(self, lost: Sequence[Lease]) -> None:
        """Take back crashes that were counted when steps of this living process were rescued."""
        try:
            with self._pool.transaction() as conn:
                for lease in sorted(lost, key=lambda lease: lease.job.id):
                    presence.forgive_crash(conn, self._worker, lease.job.id, lease.job.fence)
        except DatabaseError as error:
            log.warning("crashes_not_taken_back", error=str(error))

    def _lose_if_held(self, lease: Lease) -> None:
        # A step that ended during the renewal is not lost: another worker may already run the next one.
        with self._lock:
            is_held = lease in self._held
        if is_held and not lease.is_lost:
            log.warning("lease_lost", job_id=str(lease.job.id))
            lease.lose()
