"""The API: programs and browsers come in here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from api import (
    alerts,
    browsing,
    conflicts,
    connecting,
    enqueuing,
    events,
    export,
    health,
    history,
    job_requests,
    jobs,
    limiter,
    many,
    metrics,
    offers,
    operations,
    pages,
    previewing,
    price_plan,
    prices,
    pushing,
    questions,
    queues,
    resuming,
    schedule,
    sellers,
    story,
    syncing,
    tiers,
    tokens,
    undoing,
    unsubscribing,
    usage,
    value,
)
from api.errors import INTERNAL, STATUS, ApiError, Code
from api.health import Probes
from api.holding import Holding
from api.job_watch import JobWatch
from api.limits import BodyLimit, largest_body, too_large
from api.logs import RequestLog
from api.meanings import ROOM_ERRORS, in_our_words
from api.naming import named, where_and_why
from api.news import JobNews
from api.settings import ApiSettings
from api.spent import Spent
from api.text import TextCheck
from api.waiting_room import WaitingRoom
from discogs.errors import DiscogsError
from services.senders import Senders
from services.single_flight import SingleFlight
from workers.errors import NotConfigured
from workers.resources import Resources

log = structlog.get_logger(__name__)

DESCRIPTION = """
Rekkrd's Discogs workers over HTTP. A bearer token opens it: the **application's** speaks for one user at a time, whom
`X-Rekkrd-User` names; an **operator's** sees everything.

Every answer that is not what was asked for has the same body: `error.code` decides the status, `error.reason` tells
answers of one code apart, `error.message` and `error.next_step` are for people.

This application uses Discogs' API but is not affiliated with, sponsored or endorsed by Discogs. 'Discogs' is a
trademark of Zink Media, LLC.
"""

TAGS_OF_BODIES = (enqueuing.ONE, enqueuing.MANY)  # which of two bodies was meant is no place in it

HTML_PATHS = frozenset(
    route.path for page in (browsing, unsubscribing) for route in page.router.routes if isinstance(route, APIRoute)
)

TAGS = [
    {"name": "jobs", "description": "Ask for work, what it would cost, see how it goes, cancel it."},
    {
        "name": "operations",
        "description": "For operators: what failed, many jobs at once, lanes and workers, the audit.",
    },
    {"name": "connecting", "description": "Connect a user's Discogs account, and end the connection."},
    {"name": "sync", "description": "Sync now, what the clock does of its own, and what became of each record."},
    {"name": "push", "description": "What changed in the app, on its way out to Discogs."},
    {"name": "limiter", "description": "The fleet's budget: tokens for other programs, how it is spent, the brake."},
    {"name": "usage", "description": "What the requests to Discogs were spent on."},
    {"name": "health", "description": "For whoever balances load."},
]


def create_app(settings: ApiSettings, resources: Resources) -> FastAPI:
    """Make the application. Raises NotConfigured when no token would open it."""
    if not settings.application_tokens and not settings.operator_tokens:
        raise NotConfigured(
            "Neither REKKRD_API_TOKENS_APPLICATION nor REKKRD_API_TOKENS_OPERATOR is set, so nobody could use the API: "
            "`openssl rand -hex 24` makes a token."
        )
    # Offline: its pages come from us, not from somebody's content network.
    app = FastAPIOffline(
        title="Rekkrd Discogs workers",
        version="1",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=_lifespan,
        redoc_url=None,
    )
    direct = resources.settings.database.database_direct_url
    app.state.settings = settings
    app.state.resources = resources
    app.state.news = JobNews(None if direct is None else direct.get_secret_value())
    app.state.job_watch = JobWatch(
        resources, lambda: app.state.news.is_listening, lambda: bool(app.state.is_stopping())
    )
    app.state.probes = Probes(resources)
    app.state.holding = Holding(resources)
    app.state.senders = Senders(resources, lambda: app.state.holding.demand)
    app.state.flights = SingleFlight(app.state.senders)
    app.state.waiting_room = WaitingRoom(resources.limiter)
    app.state.spent = Spent(resources.usage, hold_seconds=resources.settings.limiter.answer_deadline_seconds)
    app.state.is_stopping = lambda: False
    # The outermost is added last: every request is logged, then measured, then answered.
    app.add_middleware(BodyLimit)
    app.add_middleware(TextCheck, html_paths=HTML_PATHS)
    app.add_middleware(RequestLog)
    for room in (
        enqueuing,
        many,
        operations,
        queues,
        schedule,
        story,
        jobs,
        events,
        connecting,
        browsing,
        syncing,
        previewing,
        undoing,
        resuming,
        tiers,
        history,
        export,
        price_plan,
        prices,
        offers,
        sellers,
        unsubscribing,  # its path would else be an alert's
        alerts,
        pushing,
        conflicts,
        questions,
        tokens,
        limiter,
        metrics,
        usage,
        value,
        health,
    ):
        app.include_router(room.router)
    app.add_exception_handler(ApiError, _answer_own)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    for kind in ROOM_ERRORS:
        app.add_exception_handler(kind, _answer_room)
    app.add_exception_handler(Exception, _answer_unforeseen)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    news: JobNews = app.state.news
    holding: Holding = app.state.holding
    room: WaitingRoom = app.state.waiting_room
    spent: Spent = app.state.spent
    senders: Senders = app.state.senders
    flights: SingleFlight = app.state.flights
    job_watch: JobWatch = app.state.job_watch
    probes: Probes = app.state.probes
    news.start(job_watch.tell)
    job_watch.start()
    holding.start()
    yield
    news.stop()
    await job_watch.stop()
    await asyncio.to_thread(probes.close)
    await flights.close()
    await asyncio.to_thread(senders.close)
    room.close()
    spent.close()
    await holding.stop()


def _answer(request: Request, error: ApiError) -> Response:
    """Return the error as JSON, or as a page where a browser asked for one."""
    if request.scope["path"] in HTML_PATHS:
        return pages.trouble(error)
    return JSONResponse(error.body(), error.status, headers=error.headers)


async def _answer_own(request: Request, error: Exception) -> Response:
    return _answer(request, error if isinstance(error, ApiError) else INTERNAL)


async def _answer_room(request: Request, error: Exception) -> Response:
    said = in_our_words(error)
    if said.code in (Code.UNAVAILABLE, Code.INTERNAL):
        answer = {"status": error.status, "snippet": error.snippet} if isinstance(error, DiscogsError) else {}
        log.warning("not_answered", reason=said.reason, error_class=type(error).__name__, error=str(error), **answer)
    return _answer(request, said)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    """Name each thing that is wrong and where it stands, never what was sent: it may be a secret."""
    wrong = error.errors() if isinstance(error, RequestValidationError) else []
    is_said = "json" in request.headers.get("Content-Type", "") or request.headers.get("Content-Length", "0") == "0"
    if not is_said and any(one["loc"][0] == "body" for one in wrong):
        said_so = ApiError(Code.INVALID, "The body is not said to be JSON.", "Send `Content-Type: application/json`.")
        return _answer(request, said_so)
    said = [where_and_why(one, leave_out=TAGS_OF_BODIES) for one in wrong]
    step = "Mend what is named and send again; /docs shows what fits."
    return _answer(request, ApiError(Code.INVALID, f"{named(said, job_requests.MOST_NAMED)}.", step))


async def _answer_http(request: Request, error: Exception) -> Response:
    """Say what the router itself refuses in our words."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == STATUS[Code.TOO_LARGE]:
        return _answer(request, too_large(largest_body(request.scope)))
    if status == 204:
        return Response(status_code=204)
    if status == 404:
        return _answer(request, ApiError(Code.NOT_FOUND, "There is nothing here.", "/docs shows what there is."))
    if status == 400:  # the body is not UTF-8, or its form can't be parsed
        return _answer(request, ApiError(Code.INVALID, "The body cannot be read.", "Send JSON in UTF-8."))
    headers = (error.headers if isinstance(error, HTTPException) else None) or {}
    sentence = "This method is not for this address." if status == 405 else "The request cannot be read."
    return _answer(request, ApiError(Code.INVALID, sentence, "/docs shows what fits.", status=status, headers=headers))


async def _answer_unforeseen(request: Request, error: Exception) -> Response:
    """Tell a stranger nothing; the server logs the traceback, for the error goes on to it."""
    log.error("internal_error", error_class=type(error).__name__)
    return _answer(request, INTERNAL)
