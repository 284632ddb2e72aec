"""What the routes share: the process' resources, and how errors stand in the OpenAPI document."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request

from actors.operating.pace import Pace
from api.errors import STATUS, Code
from api.models.errors import ErrorBody
from services.senders import Senders
from services.single_flight import SingleFlight
from workers.redis_probe import RedisHealth
from workers.resources import PERSON_WAITS_SECONDS, Resources

_SAID = {
    Code.INVALID: "Something in the request is not as it should be; the message names it.",
    Code.TOO_LARGE: "The body is too large.",
    Code.UNAUTHORISED: "No bearer token, or one that is not known.",
    Code.FORBIDDEN: "Not for this caller.",
    Code.NOT_FOUND: "There is no such thing, or it is not for this caller to see.",
    Code.CONFLICT: "Not possible as things are; the reason says why.",
    Code.NOT_CONNECTED: "The user has no Discogs account connected, or must connect it again.",
    Code.UNAVAILABLE: "The database, Redis or Discogs is out of reach. `Retry-After` says when to come again.",
}


async def resources_of(request: Request) -> Resources:
    """Return what this process holds for its life."""
    resources: Resources = request.app.state.resources
    return resources


def pace_of(resources: Resources) -> Pace:
    """Return how fast the fleet may go, as the settings have it."""
    return Pace.of(resources.settings.limiter)


def redis_of(resources: Resources) -> RedisHealth:
    """Return the state of Redis, at most a second old."""
    return resources.redis_probe.look()


def errors(*codes: Code) -> dict[int | str, dict[str, Any]]:
    """Describe the errors of a route; those of every route with a token come along."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in (Code.UNAUTHORISED, Code.FORBIDDEN, Code.INVALID, Code.UNAVAILABLE, *codes):
        said = found.get(STATUS[code], {}).get("description")
        example = {"error": {"code": code, "reason": code, "message": _SAID[code], "next_step": "…"}}
        found[STATUS[code]] = {
            "model": ErrorBody,
            "description": f"{said} Or: {_SAID[code]}" if said else _SAID[code],
            "content": {"application/json": {"example": example}},
        }
    return found


async def senders_of(request: Request) -> Senders:
    """Return the threads that send requests to Discogs for people."""
    senders: Senders = request.app.state.senders
    return senders


async def flights_of(request: Request) -> SingleFlight:
    """Return what asks Discogs once for all who ask for the same."""
    flights: SingleFlight = request.app.state.flights
    return flights


# Asynchronous, as all dependencies that do not block: FastAPI would run a plain function in the routes' threads.
ResourcesNow = Annotated[Resources, Depends(resources_of)]
SendersNow = Annotated[Senders, Depends(senders_of)]
FlightsNow = Annotated[SingleFlight, Depends(flights_of)]
Wait = Annotated[
    float,
    Query(
        ge=0,
        le=PERSON_WAITS_SECONDS,
        description="How long to wait for Discogs, in seconds; 0 only starts the request. Then 202 with `Retry-After`.",
    ),
]
