"""What a release is worth, over HTTP: suggestions by grade, and the market's figures."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status

from api.access import Speaker
from api.answers import ResourcesNow, errors
from api.errors import Code
from api.models.prices import PriceOut, StatsOut
from discogs.ids import LARGEST
from services.market import prices
from services.market.prices import Seen

router = APIRouter(prefix="/api/discogs/marketplace", tags=["prices"])

ReleaseNumber = Annotated[int, Path(ge=1, le=LARGEST, description="The release's number at Discogs.")]
PENDING_SECONDS = 5


@router.get(
    "/price/{release_id}",
    summary="See what Discogs suggests for a release",
    response_description="A price for each grade.",
    responses={
        202: {"model": PriceOut, "description": "Somebody asks Discogs at this moment: come again."},
        **errors(Code.NOT_FOUND),
    },
)
def price(user_id: Speaker, resources: ResourcesNow, response: Response, release_id: ReleaseNumber) -> PriceOut:
    """Eight grades, as known while that is younger than six hours; else one request, whoever else looks meanwhile.

    Discogs gives suggestions only to accounts with seller settings. The user's own account is tried first, then an
    owner's, then that of `DISCOGS_PERSONAL_TOKEN`; if none has them, the state is `no_seller_settings`.
    While Discogs is unavailable, the last answer is shown with its age.
    """
    return PriceOut.of(_answered(prices.look(resources, user_id, release_id, "suggestions"), response))


@router.get(
    "/stats/{release_id}",
    summary="See the market of a release",
    response_description="How many are for sale, and the lowest price.",
    responses={
        202: {"model": StatsOut, "description": "Somebody asks Discogs at this moment: come again."},
        **errors(Code.NOT_FOUND),
    },
)
def stats(user_id: Speaker, resources: ResourcesNow, response: Response, release_id: ReleaseNumber) -> StatsOut:
    """How many are for sale and the floor in US dollars, as fresh as the suggestions. It needs no account."""
    return StatsOut.of(_answered(prices.look(resources, user_id, release_id, "stats"), response))


def _answered(seen: Seen, response: Response) -> Seen:
    if seen.state == "pending":
        response.status_code = status.HTTP_202_ACCEPTED
        response.headers["Retry-After"] = str(PENDING_SECONDS)
    return seen
