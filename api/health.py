"""Whether this process can do its work; asked by whoever balances load, without a token."""

from fastapi import APIRouter, Response

from api.answers import ResourcesNow
from api.meanings import RETRY_AFTER_SECONDS
from api.models.health import Health
from db import gates
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
