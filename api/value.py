"""What a collection is worth, over HTTP: now, and over time."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from actors.market import worth
from actors.market.worth import Range
from api.access import Speaker
from api.answers import ResourcesNow, SendersNow, errors
from api.errors import Code
from api.models.value import ValueHistoryOut, ValueOut
from services.senders import Busy

router = APIRouter(prefix="/api/collection/value", tags=["prices"])


@router.get(
    "",
    summary="See what a collection is worth",
    response_description="The value, in the user's currency.",
    responses=errors(Code.NOT_FOUND),
)
async def show(user_id: Speaker, resources: ResourcesNow, senders: SendersNow) -> ValueOut:
    """Low, median and high of all records; by condition, genre, decade and label; the ten dearest; what it covers.

    Of each copy median is what Discogs suggests for its grade, high for one grade better, low the lesser of the
    market's floor and one grade worse; ungraded copies count as VG. Discogs' own figure stands beside it, asked for
    anew when it is older than six hours. It comes with the Curator tier.
    """
    if await run_in_threadpool(worth.needs_refresh, resources, user_id):
        with suppress(Busy):  # the stored figure is shown with its age
            await senders.run(worth.refresh, user_id)
    return ValueOut.of(await run_in_threadpool(worth.show, resources, user_id))


@router.get(
    "/history",
    summary="See what a collection was worth",
    response_description="A day each, the oldest first.",
    responses=errors(Code.NOT_FOUND),
)
def history(
    user_id: Speaker,
    resources: ResourcesNow,
    reach: Annotated[Range, Query(alias="range", description="How far back.")] = "30d",
) -> ValueHistoryOut:
    """The snapshots of a range, and where the change came from: bought, sold, market, exchange rates, better data.

    It comes with the Archivist tier.
    """
    return ValueHistoryOut.of(worth.past(resources, user_id, reach))
