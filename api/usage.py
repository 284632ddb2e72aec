"""Usage over HTTP: what the requests to Discogs were spent on, in a month or in some minutes."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from actors.operating import usage
from api.access import Caller, CallerNow
from api.answers import ResourcesNow, errors
from api.errors import ApiError, Code
from api.models import Moment, Whole
from api.models.usage import BY, MinuteOut, MinutesOut, UsageOut
from api.roles import Role
from db import Connection, users
from db.usage import Part

MOST_PARTS = 1000  # on a page
MOST_SKIPPED = 1_000_000
MOST_MINUTES = int(usage.LONGEST.total_seconds() // 60)

router = APIRouter(prefix="/api/usage", tags=["usage"])

By = Annotated[Part, Query(description=f"{BY} Users are for operators.")]
Named = Annotated[
    str | None, Query(max_length=200, description="For operators: only this user's, by id, handle or address.")
]


@router.get(
    "",
    summary="See what a month's requests were spent on",
    response_description="The month.",
    responses=errors(Code.NOT_FOUND),
)
def show(
    *,
    who: CallerNow,
    resources: ResourcesNow,
    month: Annotated[
        str | None, Query(pattern=usage.MONTH, description="Like `2026-11`, in UTC; the present one without it.")
    ] = None,
    by: By = "kind",
    user: Named = None,
    limit: Annotated[Whole, Query(ge=1, le=MOST_PARTS, description="Parts to name.")] = 50,
    skip: Annotated[Whole, Query(ge=0, le=MOST_SKIPPED, description="Parts of the pages before.")] = 0,
) -> UsageOut:
    """The application sees the month of the user for whom it speaks, an operator everybody's."""
    with resources.pool.transaction() as conn:
        user_id = _user_id(conn, who, user, by)
        return UsageOut.of(usage.month(conn, usage.first_day(month), by, user_id, room=limit, skip=skip), by)


@router.get(
    "/minutes",
    summary="See what some minutes' requests were spent on, the last ones if nothing else is said",
    response_description="The minutes.",
    responses=errors(Code.NOT_FOUND),
)
def show_minutes(
    *,
    who: CallerNow,
    resources: ResourcesNow,
    last: Annotated[Whole, Query(ge=1, le=MOST_MINUTES, description="Minutes, the newest one included.")] = 60,
    until: Annotated[Moment | None, Query(description="In the newest of them; the present one without it.")] = None,
    by: By = "lane",
    user: Named = None,
) -> MinutesOut:
    """The application sees those of the user for whom it speaks, an operator everybody's."""
    with resources.pool.transaction() as conn:
        found = usage.minutes(conn, timedelta(minutes=last), by, _user_id(conn, who, user, by), until)
    return MinutesOut(by=by, minutes=[MinuteOut.of(each) for each in found])


def _user_id(conn: Connection, who: Caller, named: str | None, by: Part) -> UUID | None:
    """Return whose usage is meant; None for everybody's, which is for operators."""
    if who.role is Role.OPERATOR:
        return None if named is None else users.find(conn, named).id
    if named is None and by != "user" and who.user_id is not None:
        return who.user_id
    raise ApiError(
        Code.FORBIDDEN,
        f"{'user' if named is not None else 'by=user'} is for operators.",
        "Leave it out: X-Rekkrd-User says who it is.",
    )
