"""Health endpoints for load balancers and orchestrators, without a token."""

from fastapi import APIRouter, Response

from api.answers import ResourcesNow, redis_of
from api.meanings import RETRY_AFTER_SECONDS
from api.models.causes import CauseOut
from api.models.health import Health, Readiness
from api.roles import Role
from services.operations.causes import Facts
from services.operations.explanation import explain
from services.operations.facts import DatabaseState, probe
from services.operations.standstill import FULL_STOP, unready
from workers.limiter.lanes import Lane
from workers.redis_probe import RedisState

router = APIRouter(tags=["health"])


@router.get(
    "/healthz",
    summary="Report the health of this process",
    response_description="It works, or is degraded: without Redis, or with a database that refuses writes.",
    responses={
        503: {"model": Health, "description": "The database cannot be reached: no job can be asked for or seen."}
    },
)
def healthz(resources: ResourcesNow, response: Response) -> Health:
    """200 while jobs can be seen. Both servers are probed with a write."""
    response.headers["Cache-Control"] = "no-store"
    system = probe(resources.pool, redis_of(resources))
    is_away = system.database is DatabaseState.AWAY
    if is_away:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    is_well = system.database is DatabaseState.OK and system.redis.state is RedisState.UP
    causes = [cause for cause in explain(Facts(system, Lane.INTERACTIVE)).causes if cause.code in FULL_STOP]
    return Health(
        status="away" if is_away else "ok" if is_well else "degraded",
        database=system.database,
        redis=system.redis.state,
        causes=[CauseOut.of(cause, Role.APPLICATION) for cause in causes],
    )


@router.get(
    "/readyz",
    summary="Report whether jobs are accepted and worked on",
    response_description="Database and Redis take writes, and every queue has a worker that takes its jobs.",
    responses={503: {"model": Readiness, "description": "Something is missing; the answer names it."}},
)
def readyz(resources: ResourcesNow, response: Response) -> Readiness:
    """200 while the whole system works: database and Redis take writes, and every queue has a worker.

    What Discogs or an operator stops is listed, and does not count as missing. To choose between API processes, ask
    `/healthz`.
    """
    response.headers["Cache-Control"] = "no-store"
    causes = unready(probe(resources.pool, redis_of(resources)))
    missing = [cause.message for cause in causes if cause.code in FULL_STOP]
    if missing:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    said = [CauseOut.of(cause, Role.APPLICATION) for cause in causes]
    return Readiness(status="not ready" if missing else "ready", missing=missing, causes=said)
