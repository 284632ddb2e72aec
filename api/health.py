"""Whether this process can do its work; asked by whoever balances load, without a token."""

from fastapi import APIRouter, Response

from actors.operating import queues
from api.answers import ResourcesNow
from api.meanings import RETRY_AFTER_SECONDS
from api.models.health import Health, Readiness
from db import fleet, gates
from db.errors import DatabaseError
from workers.limiter.errors import LimiterError
from workers.resources import Resources

router = APIRouter(tags=["health"])


@router.get(
    "/healthz",
    summary="Is it well?",
    response_description="It is, or it is without Redis.",
    responses={503: {"model": Health, "description": "The database is away: nothing can be asked for."}},
)
def healthz(resources: ResourcesNow, response: Response) -> Health:
    """200 while jobs can be asked for and seen. Without Redis that is so, and they go on when it is back."""
    response.headers["Cache-Control"] = "no-store"
    database, redis = _has_database(resources), _has_redis(resources)
    if not database:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return Health(
        status="away" if not database else "ok" if redis else "degraded",
        database="ok" if database else "away",
        redis="ok" if redis else "away",
    )


@router.get(
    "/readyz",
    summary="Is work being done?",
    response_description="Database and Redis answer, and every lane has a worker that consumes it.",
    responses={503: {"model": Readiness, "description": "Something is missing; the answer names it."}},
)
def readyz(resources: ResourcesNow, response: Response) -> Readiness:
    """200 while jobs are not only taken but done: a worker is alive and takes work, in every lane.

    A lane that an operator paused is ready all the same. For the fleet, not for this process: whoever balances load
    between APIs asks `/healthz`.
    """
    response.headers["Cache-Control"] = "no-store"
    missing = [] if _has_redis(resources) else ["Redis is out of reach: nothing is sent to Discogs."]
    try:
        with resources.pool.transaction() as conn:
            unconsumed = queues.unconsumed(fleet.workers(conn))
    except DatabaseError:
        missing.append("The database is out of reach: no job is taken, and none goes on.")
    else:
        missing += [f"No worker consumes the lane {lane}." for lane in unconsumed]
    if missing:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return Readiness(status="not ready" if missing else "ready", missing=missing)


def _has_database(resources: Resources) -> bool:
    try:
        with resources.pool.transaction() as conn:
            gates.current(conn, resources.limiter.budget)
    except DatabaseError:
        return False
    return True


def _has_redis(resources: Resources) -> bool:
    try:
        resources.limiter.snapshot()
    except LimiterError:
        return False
    return True
