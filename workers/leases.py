"""The leases of one process: renewed by a thread of its own while a step is inside its deadline, and no longer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

import structlog

from db import steps
from db.errors import MayBeRetried
from db.jobs import Job
from db.pool import Pool
from workers.limiter.stop import Stop

log = structlog.get_logger(__name__)


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
        self._end = Event()
        self._thread = Thread(target=self._run, name="lease-keeper", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """Stop renewing, after the last step ended."""
        self._end.set()
        self._thread.join()

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

    def _run(self) -> None:
        while not self._end.wait(self._lease_seconds / 3):
            try:
                self._renew()
            except MayBeRetried as error:
                log.warning("leases_not_renewed", error=str(error))
            except Exception:
                # The thread outlives its errors: a renewer that died once ran healthy jobs twice elsewhere.
                log.exception("leases_not_renewed")

    def _renew(self) -> None:
        now = time.monotonic()
        with self._lock:
            due = [lease for lease in self._held if now < lease.deadline]
        if not due:
            return
        with self._pool.transaction(lock_seconds=self._lease_seconds / 6) as conn:
            renewed = steps.renew(
                conn,
                worker=self._worker,
                leases=[(lease.job.id, lease.job.fence) for lease in due],
                lease_seconds=self._lease_seconds,
            )
        rows = {renewal.job_id: renewal for renewal in renewed}
        for lease in due:
            row = rows.get(lease.job.id)
            if row is None or row.fence != lease.job.fence:
                self._lose_if_held(lease)
            elif row.is_leased and row.is_cancelled:
                lease.cancel()
            # With our fence and without a lease the step has just been stored, and its thread is about to leave.

    def _lose_if_held(self, lease: Lease) -> None:
        # A step that ended during the renewal is not lost: another worker may already run the next one.
        with self._lock:
            is_held = lease in self._held
        if is_held:
            log.warning("lease_lost", job_id=str(lease.job.id))
            lease.lose()
