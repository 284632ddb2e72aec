"""Health endpoints for load balancers and orchestrators, without a token."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, TypeVar, cast

from fastapi import APIRouter, Depends, Request, Response

from api.answers import redis_of
from api.meanings import RETRY_AFTER_SECONDS
from api.models.causes import CauseOut
from api.models.health import Health, Readiness
from api.roles import Role
from db.pool import Pool, open_pool
from services.operations.causes import Facts
from services.operations.explanation import explain
from services.operations.facts import DatabaseState, probe
from services.operations.standstill import FULL_STOP, unready
from workers.limiter.lanes import Lane
from workers.redis_probe import RedisState
from workers.resources import Resources

router = APIRouter(tags=["health"])

T = TypeVar("T")


class Probes:
    """Health checks with threads and a database connection apart from the routes', so that no load delays them.

    Callers that ask while a check runs share its result.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._pool: Pool | None = None
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="health")
        self._running: dict[Callable[[], object], asyncio.Future[object]] = {}

    @property
    def pool(self) -> Pool:
        """The connection of the checks, opened by the first one."""
        if self._pool is None:
            self._pool = open_pool(self._resources.settings.database, size=1)
        return self._pool

    async def run(self, check: Callable[[], T]) -> T:
        """Return the result of a check, shared with everyone who waits for the same one."""
        running = self._running.get(check)
        if running is None:
            running = asyncio.get_running_loop().run_in_executor(self._threads, check)
            self._running[check] = running
            running.add_done_callback(lambda _: self._running.pop(check, None))
        return cast("T", await asyncio.shield(running))

    def health(self) -> Health:
        """Check what this process needs."""
        system = probe(self.pool, redis_of(self._resources))
        is_away = system.database is DatabaseState.AWAY
        is_well = system.database is DatabaseState.OK and system.redis.state is RedisState.UP
        causes = [cause for cause in explain(Facts(system, Lane.INTERACTIVE)).causes if cause.code in FULL_STOP]
        return Health(
            status="away" if is_away else "ok" if is_well else "degraded",
            database=system.database,
            redis=system.redis.state,
            causes=[CauseOut.of(cause, Role.APPLICATION) for cause in causes],
        )

    def readiness(self) -> Readiness:
        """Check what the whole system needs."""
        causes = unready(probe(self.pool, redis_of(self._resources)))
        missing = [cause.message for cause in causes if cause.code in FULL_STOP]
        said = [CauseOut.of(cause, Role.APPLICATION) for cause in causes]
        return Readiness(status="not ready" if missing else "ready", missing=missing, causes=said)

    def close(self) -> None:
        """End the threads and the connection."""
        self._threads.shutdown()
        if self._pool is not None:
            self._pool.close()


async def _probes_of(request: Request) -> Probes:
    probes: Probes = request.app.state.probes
    return probes


ProbesNow = Annotated[Probes, Depends(_probes_of)]


@router.get(
    "/healthz",
    summary="Report the health of this process",
    response_description="It works, or is degraded: without Redis, or with a database that refuses writes.",
    responses={
        503: {"model": Health, "description": "The database cannot be reached: no job can be asked for or seen."}
    },
)
async def healthz(probes: ProbesNow, response: Response) -> Health:
    """200 while jobs can be seen. Both servers are probed with a write."""
    found = await probes.run(probes.health)
    _mark(response, is_well=found.status != "away")
    return found


@router.get(
    "/readyz",
    summary="Report whether jobs are accepted and worked on",
    response_description="Database and Redis take writes, and every queue has a worker that takes its jobs.",
    responses={503: {"model": Readiness, "description": "Something is missing; the answer names it."}},
)
async def readyz(probes: ProbesNow, response: Response) -> Readiness:
    """200 while the whole system works: database and Redis take writes, and every queue has a worker.

    What Discogs or an operator stops is listed, and does not count as missing. To choose between API processes, ask
    `/healthz`.
    """
    found = await probes.run(probes.readiness)
    _mark(response, is_well=not found.missing)
    return found


def _mark(response: Response, *, is_well: bool) -> None:
    response.headers["Cache-Control"] = "no-store"
    if not is_well:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
