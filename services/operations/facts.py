"""Facts about the system at one moment, gathered once for every surface that explains why work waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from db import Connection, fleet, gates, pauses, system
from db.errors import DatabaseError, DatabaseFull, DatabaseReadOnly
from db.fleet import Worker
from db.gates import Hold
from db.pauses import Pause
from db.pool import Pool
from db.system import ExpiredLease
from workers.holds import BUDGET
from workers.redis_probe import RedisHealth, RedisState

PROBE_SECONDS = 2.0  # a load balancer does not wait longer for a probe
CLOCK_SLACK = timedelta(seconds=2)
HEARTBEATS_MISSED = timedelta(seconds=10)  # two heartbeats: with an expired lease beside it, the worker is gone


class DatabaseState(StrEnum):
    """State of PostgreSQL."""

    OK = "ok"
    READ_ONLY = "read_only"
    FULL = "full"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class System:
    """The system at one moment; every time is the database's clock.

    ``clock_until``: the clock was set back and reaches its former time then; None if it was not.
    ``expired``: leases that expired and were not taken over. ``database_reason`` is the error of the server.
    """

    now: datetime
    redis: RedisHealth = field(default_factory=lambda: RedisHealth(RedisState.UNKNOWN))
    database: DatabaseState = DatabaseState.OK
    database_reason: str = ""
    clock_until: datetime | None = None
    started_at: datetime | None = None
    holds: Sequence[Hold] = ()
    pauses: Mapping[str, Pause] = field(default_factory=dict)
    workers: Sequence[Worker] = ()
    expired: Sequence[ExpiredLease] = ()

    @property
    def live_workers(self) -> list[Worker]:
        """Workers with a recent heartbeat, without those whose lease expired meanwhile."""
        return [worker for worker in self.workers if self._is_live(worker)]

    @property
    def last_seen(self) -> Worker | None:
        """The worker with the newest heartbeat."""
        return max(self.workers, key=lambda worker: worker.seen_at, default=None)

    def _is_live(self, worker: Worker) -> bool:
        if self._restarted_since(worker):
            return True
        is_silent = worker.seen_ago > HEARTBEATS_MISSED.total_seconds()
        return worker.is_alive and not (is_silent and any(worker.name == lease.worker for lease in self.expired))

    def _restarted_since(self, worker: Worker) -> bool:
        """Return True while a restarted database cannot have got this worker's next heartbeat."""
        if self.started_at is None or self.now - self.started_at > fleet.GONE_AFTER:
            return False
        return worker.seen_at < self.started_at and worker.seen_at > self.started_at - fleet.GONE_AFTER


def gather(conn: Connection, redis: RedisHealth) -> System:
    """Read the state of the system inside a transaction; ``redis`` was probed before it, so that none waits in it."""
    server = system.describe(conn)
    workers = fleet.workers(conn)
    store_error = next((one.store_error for one in workers if one.is_alive and one.store_error), None)
    state = DatabaseState.READ_ONLY if server.is_read_only else DatabaseState.FULL if store_error else DatabaseState.OK
    was_set_back = server.newest_at is not None and server.newest_at > server.now + CLOCK_SLACK
    return System(
        now=server.now,
        redis=redis,
        database=state,
        database_reason=store_error or "",
        clock_until=server.newest_at if was_set_back else None,
        started_at=server.started_at,
        holds=gates.holding(conn, BUDGET),
        pauses=pauses.holding(conn),
        workers=workers,
        expired=system.expired_leases(conn),
    )


def probe(pool: Pool, redis: RedisHealth) -> System:
    """Return the state of the system after a test write to the database. Never raises for a database in trouble."""
    written, reason = _written(pool)
    if written is DatabaseState.AWAY:
        return System(datetime.now(UTC), redis, written, reason)
    try:
        with pool.transaction(wait_seconds=PROBE_SECONDS) as conn:
            found = gather(conn, redis)
    except DatabaseError as error:
        return System(datetime.now(UTC), redis, DatabaseState.AWAY, str(error))
    if written is DatabaseState.OK or found.database is not DatabaseState.OK:
        return found
    return replace(found, database=written, database_reason=reason)


def _written(pool: Pool) -> tuple[DatabaseState, str]:
    try:
        with pool.transaction(wait_seconds=PROBE_SECONDS) as conn:
            system.write(conn)
    except DatabaseReadOnly as error:
        return DatabaseState.READ_ONLY, str(error)
    except DatabaseFull as error:
        return DatabaseState.FULL, str(error)
    except DatabaseError as error:
        return DatabaseState.AWAY, str(error)
    return DatabaseState.OK, ""
