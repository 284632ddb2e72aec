"""Offers over HTTP: what there is of one release, as far as Discogs tells programs, and better copies for less."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from actors.market import offers, upgrades
from api.access import Speaker
from api.answers import FlightsNow, ResourcesNow, Wait, errors
from api.errors import Code
from api.models import Whole
from api.models.offers import ListingsOut
from api.models.upgrades import UpgradeCursor, UpgradePage, place_of
from api.prices import ReleaseNumber, answered
from discogs.ids import LARGEST
from workers.resources import PERSON_WAITS_SECONDS

MOST_ON_A_PAGE = 200

router = APIRouter(prefix="/api/discogs/marketplace", tags=["prices"])


@router.get(
    "/listings/{release_id}",
    summary="See what is on offer of a release",
    response_description="Floor, count, link, and the offers of watched sellers.",
    responses={
        202: {
            "model": ListingsOut,
            "description": "Discogs is being asked. Ask again after `Retry-After` seconds.",
        },
        **errors(Code.NOT_FOUND),
    },
)
async def listings(
    user_id: Speaker,
    flights: FlightsNow,
    response: Response,
    release_id: ReleaseNumber,
    wait: Wait = PERSON_WAITS_SECONDS,
) -> ListingsOut:
    """Discogs lists no offers for a release to programs; `source.link` leads to them.

    Floor and count are as fresh as in `/stats`. The offers are those of sellers whom the user watches, as their shops
    were read last; what was seen more than six hours ago is asked for soon.
    """
    found = await offers.find(flights, user_id, release_id, wait=wait)
    if found.market is not None:
        answered(found.market, response)
    return ListingsOut.of(found)


@router.get(
    "/cheaper",
    summary="Find better copies for less",
    response_description="A page of offers, the largest saving first.",
    responses=errors(Code.NOT_FOUND),
)
def cheaper(
    user_id: Speaker,
    resources: ResourcesNow,
    release_id: Annotated[Whole | None, Query(ge=1, le=LARGEST, description="This release alone.")] = None,
    limit: Annotated[Whole, Query(ge=1, le=MOST_ON_A_PAGE)] = 50,
    cursor: Annotated[UpgradeCursor | None, Query()] = None,
) -> UpgradePage:
    """Offers of watched sellers in a better grade than the best copy that is owned, below what Discogs suggests for it.

    Ungraded copies count as VG. Asks Discogs nothing; what is not fresh is asked for soon, as at `/listings`.
    """
    with resources.pool.transaction() as conn:
        found = upgrades.find(conn, user_id, release_id=release_id, after=place_of(cursor), room=limit)
    return UpgradePage.of(found)
