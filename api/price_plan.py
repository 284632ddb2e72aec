"""The plan of prices over HTTP, for operators: how fresh they can be, and what is asked for next."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from actors.market.price_plan import plan
from api.access import operator
from api.answers import ResourcesNow, errors
from api.models import Whole
from api.models.prices import PlanOut

router = APIRouter(prefix="/api/prices", tags=["operations"], dependencies=[Depends(operator)])


@router.get(
    "/plan",
    summary="See the plan of prices",
    response_description="In sentences, in numbers, and what comes next.",
    responses=errors(),
)
def show(
    resources: ResourcesNow,
    limit: Annotated[Whole, Query(ge=0, le=1_000, description="How many of the next to show.")] = 10,
) -> PlanOut:
    """How fresh prices can be with what the last 24 hours left over, whether that is enough, and what is next and why.

    It reads all prices: for people who look, not for programs that ask every second.
    """
    has_operator = resources.settings.discogs.personal_token is not None
    with resources.pool.transaction() as conn:
        found = plan(conn, resources.settings.limiter, has_operator=has_operator, room=limit)
    return PlanOut.of(found, datetime.now(UTC))
