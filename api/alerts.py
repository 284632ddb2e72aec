"""Price alerts over HTTP: a collector names a release and a price, and sees how near the market is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response, status

from actors.alerting.alerts import Said, change, create
from actors.alerting.rehearsing import MOST_DAYS, USUAL_DAYS, of_alert, of_price
from api.access import Speaker
from api.answers import ResourcesNow, errors
from api.errors import ApiError, Code
from api.models import Whole
from api.models.alerts import (
    AlertBody,
    AlertChange,
    AlertCursor,
    AlertOut,
    AlertPage,
    Currency,
    ReleaseNumber,
    Target,
    place_of,
)
from api.models.rehearsals import RehearsalOut
from db import Connection, alerts, users
from db.alerts import Alert

MOST_ON_A_PAGE = 200

router = APIRouter(prefix="/api/discogs/alerts", tags=["prices"])

AlertId = Annotated[UUID, Path(description="The alert's id.")]
Days = Annotated[Whole, Query(ge=1, le=MOST_DAYS, description="How far back, today included; days are in UTC.")]


@router.post(
    "",
    summary="Set a price alert",
    status_code=status.HTTP_201_CREATED,
    response_description="The alert, new.",
    responses={
        200: {"model": AlertOut, "description": "It was there: the same release and target is the same alert."},
        **errors(Code.NOT_FOUND, Code.CONFLICT),
    },
)
def add(user_id: Speaker, resources: ResourcesNow, body: AlertBody, response: Response) -> AlertOut:
    """Wait for a release to be offered at a price or below. It comes with the Archivist tier.

    The floor at Discogs has no grade: with a minimum grade, what Discogs suggests for it stands beside the floor. The
    release is asked for more often from now on, once for everybody.
    """
    with resources.pool.transaction() as conn:
        alert, is_new = create(
            conn,
            user_id,
            body.release_id,
            target=body.target,
            currency=body.currency,
            minimum_grade=body.minimum_grade,
        )
    if not is_new:
        response.status_code = status.HTTP_200_OK
    return AlertOut.of(alert)


@router.get(
    "",
    summary="List price alerts",
    response_description="A page of alerts, the newest first.",
    responses=errors(Code.NOT_FOUND),
)
def show(
    user_id: Speaker,
    resources: ResourcesNow,
    limit: Annotated[Whole, Query(ge=1, le=MOST_ON_A_PAGE)] = 50,
    cursor: Annotated[AlertCursor | None, Query()] = None,
) -> AlertPage:
    """Each alert with the floor, its age, the rate by which it was converted, and a sentence. Asks Discogs nothing."""
    with resources.pool.transaction() as conn:
        users.find(conn, user_id)
        found = alerts.page(conn, user_id, below=place_of(cursor), room=limit + 1)
    return AlertPage.of(found, limit)


@router.get(
    "/rehearsal",
    summary="Rehearse a price",
    response_description="How often an alert at this price would have fired.",
    responses=errors(Code.NOT_FOUND),
)
def rehearse_price(
    user_id: Speaker,
    resources: ResourcesNow,
    *,
    release_id: Annotated[ReleaseNumber, Query()],
    target: Annotated[Target, Query(description="The price that one thinks of.")],
    currency: Annotated[Currency | None, Query(description="Of the target; without one the user's own.")] = None,
    days: Days = USUAL_DAYS,
) -> RehearsalOut:
    """By the rule that fires alerts, on the lowest and the last floor of each day that is known. Asks Discogs nothing.

    `known_days` says on how many of the days it rests: floors are kept of releases that somebody owns, wants or has an
    alert on. An alert that saw every floor may have fired more often, never less. It comes with the Archivist tier.
    """
    with resources.pool.transaction() as conn:
        return RehearsalOut.of(of_price(conn, user_id, release_id, target=target, currency=currency, days=days))


@router.get(
    "/{alert_id}",
    summary="Show a price alert",
    response_description="The alert, beside the floor as it is known.",
    responses=errors(Code.NOT_FOUND),
)
def show_one(user_id: Speaker, resources: ResourcesNow, alert_id: AlertId) -> AlertOut:
    """As in the list. Asks Discogs nothing."""
    with resources.pool.transaction() as conn:
        return AlertOut.of(_find(conn, user_id, alert_id))


@router.get(
    "/{alert_id}/rehearsal",
    summary="Rehearse an alert",
    response_description="How often it would have fired, had it been there before.",
    responses=errors(Code.NOT_FOUND),
)
def rehearse(user_id: Speaker, resources: ResourcesNow, alert_id: AlertId, days: Days = USUAL_DAYS) -> RehearsalOut:
    """The same for an alert that there is, at its target and in its currency."""
    with resources.pool.transaction() as conn:
        return RehearsalOut.of(of_alert(conn, _find(conn, user_id, alert_id), days=days))


@router.patch(
    "/{alert_id}",
    summary="Change a price alert",
    response_description="The alert as it is now.",
    responses=errors(Code.NOT_FOUND, Code.CONFLICT),
)
def patch(user_id: Speaker, resources: ResourcesNow, alert_id: AlertId, body: AlertChange) -> AlertOut:
    """Change what is given. Another target begins anew, as does an alert that was off."""
    with resources.pool.transaction() as conn:
        alerts.lock(conn, user_id)  # before it is read: what stays is what another change left
        was = _find(conn, user_id, alert_id)
        said = Said(
            target=was.target if body.target is None else body.target,
            currency=body.currency or was.currency,
            minimum_grade=body.minimum_grade if "minimum_grade" in body.model_fields_set else was.minimum_grade,
            is_active=was.is_active if body.is_active is None else body.is_active,
        )
        return AlertOut.of(change(conn, was, said))


@router.delete(
    "/{alert_id}",
    summary="Remove a price alert",
    status_code=status.HTTP_204_NO_CONTENT,
    response_description="The alert is gone.",
    responses=errors(Code.NOT_FOUND),
)
def remove(user_id: Speaker, resources: ResourcesNow, alert_id: AlertId) -> None:
    """Wait for it no more. Every tier may."""
    with resources.pool.transaction() as conn:
        if not alerts.remove(conn, user_id, alert_id):
            raise _not_found()


def _find(conn: Connection, user_id: UUID, alert_id: UUID) -> Alert:
    """Return an alert of this user. Whether another's exists is nobody's business: it is not found."""
    found = alerts.find(conn, user_id, alert_id)
    if found is None:
        raise _not_found()
    return found


def _not_found() -> ApiError:
    return ApiError(Code.NOT_FOUND, "There is no such alert.", "GET /api/discogs/alerts lists those that there are.")
