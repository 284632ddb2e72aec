"""A job as a stream of events: what a page shows while somebody waits."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Hashable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from actors.operating import progress
from actors.operating.progress import JobView
from api.access import Caller, CallerNow
from api.answers import ResourcesNow, errors, pace_of, redis_of
from api.errors import ApiError, Code
from api.jobs import JobId, find
from api.models.jobs import JobOut
from api.news import JobNews
from db.errors import MayBeRetried
from workers.resources import Resources

HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 1.0  # while nothing tells us that the job changed
LOOK_LISTENING_SECONDS = 3.0  # what a job waits for changes without news, so we look all the same
MOST_STREAMS = 500  # a look each second or three is a query in a thread

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


@dataclass(frozen=True, slots=True)
class Watch:
    """One stream: whose it is, and of what."""

    resources: Resources
    who: Caller
    job_id: JobId

    def look(self) -> JobView:
        """Look at the job now."""
        with self.resources.pool.transaction() as conn:
            job = find(conn, self.job_id, self.who)
            return progress.view(conn, job, pace=pace_of(self.resources), redis=redis_of(self.resources))


@router.get(
    "/{job_id}/events",
    summary="Watch a job",
    response_class=StreamingResponse,
    response_description="Server-sent events: `state` when the state changed, else `progress`; the data is the job. "
    "`gone` when the job was deleted meanwhile; the data is the error.",
    responses={
        200: {"content": {"text/event-stream": {"example": 'id: 64-running\nevent: progress\ndata: {"id": "…"}\n\n'}}},
        204: {"description": "The job is over, and the client saw that: no need to come again."},
        **errors(Code.NOT_FOUND),
    },
)
async def events(
    request: Request,
    job_id: JobId,
    who: CallerNow,
    resources: ResourcesNow,
    last_event_id: Annotated[str | None, Header(description="Sent by a browser that comes again.")] = None,
) -> Response:
    """Every change of the job as an event, a comment each 15 s in between; the stream ends with the job.

    The first event is how things stand now, so nothing is missed by coming late or again.
    """
    news: JobNews = request.app.state.news
    if news.streams >= MOST_STREAMS:
        raise ApiError(
            Code.UNAVAILABLE,
            "Too many streams are open here.",
            "Ask GET /api/jobs/{id} every few seconds.",
            headers={"Retry-After": "10"},
        )
    watch = Watch(resources, who, job_id)
    first = await run_in_threadpool(watch.look)
    if not first.job.state.is_live and last_event_id == _id_of(first):
        return Response(status_code=204)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_told(request, watch, news), media_type="text/event-stream", headers=headers)


async def _told(request: Request, watch: Watch, news: JobNews) -> AsyncIterator[str]:
    last: JobView | None = None
    spoke_at = time.monotonic()
    with news.of(str(watch.job_id)) as changed:
        while not request.app.state.is_stopping():
            changed.clear()
            try:
                view = await _look(watch)
            except ApiError as error:  # too late for a status: the answer began with 200
                yield _last_event(error)
                return
            if view is not None and (last is None or _facts(view) != _facts(last)):
                yield _event(view, last, watch.who)
                last, spoke_at = view, time.monotonic()
                if not view.job.state.is_live:
                    return
            elif time.monotonic() - spoke_at >= HEARTBEAT_SECONDS:
                yield ": still here\n\n"
                spoke_at = time.monotonic()
            await _wait(changed, LOOK_LISTENING_SECONDS if news.is_listening else LOOK_SECONDS)


async def _look(watch: Watch) -> JobView | None:
    """Look, or see nothing for now: a database that is away for a moment ends no stream."""
    try:
        return await run_in_threadpool(watch.look)
    except MayBeRetried:
        return None


async def _wait(changed: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await changed.wait()
    except TimeoutError:
        pass


def _facts(view: JobView) -> Hashable:
    """Return what makes an event: not the time that is left, which changes with every look."""
    job = view.job
    return (job.state, job.steps, job.processed_records, job.total_records, job.cancel_requested_at, view.waits_for)


def _event(view: JobView, last: JobView | None, who: Caller) -> str:
    name = "state" if last is None or last.job.state is not view.job.state else "progress"
    return f"id: {_id_of(view)}\nevent: {name}\ndata: {JobOut.of(view, who.role).model_dump_json()}\n\n"


def _last_event(error: ApiError) -> str:
    """Say why there is nothing more to tell, in the words of any other answer; who comes again hears its status."""
    return f"event: gone\ndata: {json.dumps(error.body())}\n\n"


def _id_of(view: JobView) -> str:
    return f"{view.job.steps}-{view.job.state}"
