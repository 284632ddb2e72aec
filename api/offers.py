"""Offers over HTTP: what there is of one release, as far as Discogs tells programs."""

from fastapi import APIRouter, Response, status

from actors import offers
from api.access import Speaker
from api.answers import ResourcesNow, errors
from api.errors import Code
from api.models.offers import ListingsOut
from api.prices import PENDING_SECONDS, ReleaseNumber

router = APIRouter(prefix="/api/discogs/marketplace", tags=["prices"])


@router.get(
    "/listings/{release_id}",
    summary="See what is on offer of a release",
    response_description="Floor, count, link, and the offers of watched sellers.",
    responses={
        202: {"model": ListingsOut, "description": "Somebody asks Discogs for the floor at this moment: come again."},
        **errors(Code.NOT_FOUND),
    },
)
def listings(user_id: Speaker, resources: ResourcesNow, response: Response, release_id: ReleaseNumber) -> ListingsOut:
    """Discogs lists no offers for a release to programs; `source.link` leads to them.

    Floor and count are as fresh as in `/stats`. The offers are those of sellers whom the user watches, as their shops
    were read last; looking lets shops that were read more than six hours ago be read soon.
    """
    found = offers.find(resources, user_id, release_id)
    if found.market is not None and found.market.state == "pending":
        response.status_code = status.HTTP_202_ACCEPTED
        response.headers["Retry-After"] = str(PENDING_SECONDS)
    return ListingsOut.of(found)
