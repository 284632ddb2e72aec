"""The worker process: our own small entry point around ``dramatiq.Worker``, from start to a clean end."""

import os
import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

import dramatiq
import structlog

from db import steps
from db.errors import DatabaseError
from db.fleet import SignOfLife
from db.listen import Listener
from db.pool import open_pool
from workers import memory
from workers.broker import CallBroker, Desk
from workers.courier import Courier
from workers.dispatcher import Dispatcher
from workers.ending import Ending
from workers.kinds import Job
from workers.leases import LeaseKeeper
from workers.limiter.lanes import Lane
from workers.mail import open_sender
from workers.postman import Compose, Postman
from workers.presence import Presence, name_of, new_incarnation, this_host, version_of
from workers.presence_session import PresenceSession
from workers.resources import Resources
from workers.runner import Runner

log = structlog.get_logger(__name__)

SHORTEST_TIMEOUT_SECONDS = 1.0  # of a renewal: to connect takes a busy machine half a second
GOODBYE_SECONDS = 5.0  # beyond a call's deadline a step ends; longer than that is a hang, and its lease runs out


class WorkerProcess:
    """Dispatcher, lease keeper and threads of one process. Open it after the fork, run it in the main thread."""

    def __init__(
        self,
        resources: Resources,
        jobs: Iterable[Job[Any, Any, Any]],
        *,
        lanes: tuple[Lane, ...] = tuple(Lane),
        compose: Compose | None = None,
        incarnation: str | None = None,
    ) -> None:
        """Prepare a process. ``incarnation`` tells it from an earlier one with the same host and pid."""
        settings = resources.settings.engine
        self.name = name_of(os.getpid(), incarnation or new_incarnation())
        by_kind: Mapping[str, Job[Any, Any, Any]] = {job.kind.name: job for job in jobs}
        self._desk = Desk(settings.worker_threads)
        self._broker = CallBroker(resources.redis, namespace=f"{settings.redis_namespace}:calls", desk=self._desk)
        # Of its own, so that steps which use up the pool neither cost their leases nor make this worker look dead.
        # A renewal that takes longer than a quarter of a lease is given up while there is time for another.
        timeout = max(SHORTEST_TIMEOUT_SECONDS, settings.lease_seconds / 4)
        self._lifeline = open_pool(resources.settings.database, size=1, timeout_seconds=timeout)
        self._leases = LeaseKeeper(
            self._lifeline,
            worker=self.name,
            lease_seconds=settings.lease_seconds,
            step_deadline_seconds=settings.step_deadline_seconds,
        )
        self._pool = resources.pool
        self._goodbye_seconds = resources.settings.discogs.deadline_seconds + GOODBYE_SECONDS
        self._lanes = lanes
        self._kinds = tuple(by_kind)
        self._dispatcher = Dispatcher(resources, self._broker, lanes=lanes, kinds=self._kinds, worker=self.name)
        self._desk.on_free = self._dispatcher.wake
        self._broker.on_unknown = self._leave_to_others
        self._version = version_of(job.kind for job in by_kind.values())
        self._presence = Presence(self._lifeline, self._sign)
        self._courier = Courier(resources.pool, settings)
        self._postman = None if compose is None else Postman(resources.pool, open_sender(settings), compose)
        runner = Runner(resources, by_kind, self._leases, worker=self.name)
        for kind in by_kind.values():
            # Retries, limits and results stay with the ledger: the actor is only the way to a thread.
            dramatiq.Actor(
                partial(runner.run),
                broker=self._broker,
                actor_name=kind.kind.name,
                queue_name=kind.kind.lane,
                priority=0,
                options={},
            )
        self._worker = dramatiq.Worker(
            self._broker,
            queues={lane.value for lane in lanes},
            worker_threads=settings.worker_threads,
        )
        direct = resources.settings.database.database_direct_url
        self._session = PresenceSession(
            Listener(None if direct is None else direct.get_secret_value(), ("rekkrd_line",)),
            self._leases,
            worker=self.name,
            lease_seconds=settings.lease_seconds,
            on_work=self._dispatcher.wake,
        )

    def run(self, ending: Ending | None = None) -> None:
        """Work until SIGTERM or SIGINT, then finish what is under way and give back what only waits."""
        ending = ending or Ending()
        memory.stay_flat()
        self.start()
        log.info("worker_started", worker=self.name, threads=self._desk.threads)
        ending.wait()
        log.info("worker_stopping", worker=self.name)
        self.stop()
        log.info("worker_stopped", worker=self.name)

    def start(self) -> None:
        """Begin to work in threads of this process."""
        self._presence.start()
        self._courier.start()
        if self._postman is not None:
            self._postman.start()
        self._leases.start()
        self._worker.start()
        self._dispatcher.start()
        self._session.start()

    def stop(self) -> None:
        """Call nothing up any more, let steps end, and give back those that still wait for a token."""
        self._dispatcher.stop()
        self._leases.release_waiters()
        self._desk.ring()
        self._worker.stop(timeout=int(self._goodbye_seconds * 1000))
        self._leases.stop()
        self._courier.stop()
        if self._postman is not None:
            self._postman.stop()
        self._presence.stop()
        self._session.stop()
        self._lifeline.close()

    def _sign(self) -> SignOfLife:
        now = time.monotonic()

        def ago(at: float | None) -> float | None:
            return None if at is None else now - at

        return SignOfLife(
            name=self.name,
            host=this_host(),
            pid=os.getpid(),
            version=self._version,
            lanes=[lane.value for lane in self._lanes],
            kinds=sorted(self._kinds),
            threads=self._desk.threads,
            busy=min(self._desk.busy, self._desk.threads),
            stuck=self._leases.stuck,
            looked_ago=ago(self._dispatcher.looked_at),
            asked_ago=ago(self._desk.asked_at),
            took_ago=ago(self._desk.took_at),
            store_error=self._leases.store_error,
        )

    def _leave_to_others(self, job_id: str) -> None:
        """Take back the call of a kind that this process does not know; without the ledger it runs out by itself."""
        log.info("kind_unknown_here", job_id=job_id)
        try:
            with self._pool.transaction() as conn:
                steps.uncall(conn, [UUID(job_id)])
        except DatabaseError as error:
            log.warning("call_not_taken_back", job_id=job_id, error=str(error))
