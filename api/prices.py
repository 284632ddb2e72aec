"""Prices of a release over HTTP: suggestions by grade, and the market's figures."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status

from api.access import Speaker
from api.answers import FlightsNow, Wait, errors
from api.errors import Code
from api.models.prices import PriceOut, StatsOut
from discogs.ids import LARGEST
from services.market import prices
from services.market.prices import Seen
from workers.resources import PERSON_WAITS_SECONDS

router = APIRouter(prefix="/api/discogs/marketplace", tags=["prices"])

ReleaseNumber = Annotated[int, Path(ge=1, le=LARGEST, description="The release's number at Discogs.")]


@router.get(
    "/price/{release_id}",
    summary="See what Discogs suggests for a release",
    response_description="A price for each grade.",
    responses={
        202: {"model": PriceOut, "description": "Discogs is being asked. Ask again after `Retry-After` seconds."},
        **errors(Code.NOT_FOUND),
    },
)
async def price(
    user_id: Speaker,
    flights: FlightsNow,
    response: Response,
    release_id: ReleaseNumber,
    wait: Wait = PERSON_WAITS_SECONDS,
) -> PriceOut:
    """Return a price for each of the eight grades. If it is older than six hours, Discogs is asked once for everyone.

    Discogs gives suggestions only to accounts with seller settings. The user's own account is tried first, then an
    owner's, then that of `DISCOGS_PERSONAL_TOKEN`; if none has them, the state is `no_seller_settings`.
    While Discogs is unavailable, the last answer is shown with its age.
    503 `too_busy` with `Retry-After`: too many requests wait for Discogs.
    """
    return PriceOut.of(answered(await prices.look(flights, user_id, release_id, "suggestions", wait=wait), response))


@router.get(
    "/stats/{release_id}",
    summary="See the market of a release",
    response_description="How many are for sale, and the lowest price.",
    responses={
        202: {"model": StatsOut, "description": "Discogs is being asked. Ask again after `Retry-After` seconds."},
        **errors(Code.NOT_FOUND),
    },
)
async def stats(
    user_id: Speaker,
    flights: FlightsNow,
    response: Response,
    release_id: ReleaseNumber,
    wait: Wait = PERSON_WAITS_SECONDS,
) -> StatsOut:
    """Return the number for sale and the lowest price in US dollars, as fresh as suggestions. It needs no account."""
    return StatsOut.of(answered(await prices.look(flights, user_id, release_id, "stats", wait=wait), response))


def answered(seen: Seen, response: Response) -> Seen:
    """Answer 202 while nothing is known yet. `Retry-After` is when the answer to the request under way is expected."""
    if seen.state == "pending":
        response.status_code = status.HTTP_202_ACCEPTED
    if seen.retry_after is not None:
        response.headers["Retry-After"] = str(seen.retry_after)
    return seen
