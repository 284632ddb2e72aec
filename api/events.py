"""A job as a stream of server-sent events."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.exceptions import HTTPException

from actors.operating.progress import JobView
from api.access import Caller, CallerNow
from api.answers import errors
from api.errors import Code
from api.job_watch import JobWatch, Topic
from api.jobs import JobId, no_such_job

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


@dataclass(frozen=True, slots=True)
class Stream:
    """One open stream: its caller and its job."""

    who: Caller
    topic: Topic


async def opened(
    request: Request,
    job_id: JobId,
    who: CallerNow,
    last_event_id: Annotated[str | None, Header(description="Sent by a browser that reconnects.")] = None,
) -> AsyncIterator[Stream]:
    """Open a stream after a first look at its job. Its place is free again when the client disconnects."""
    watch: JobWatch = request.app.state.job_watch
    with watch.stream(who, job_id) as topic:
        while topic.version == 0:  # a job that is watched already was looked at
            await topic.news.wait()
            if topic.error is not None:
                raise topic.error
        view = topic.view
        if view is None or not who.may_see(view.job.user_id):
            raise no_such_job()
        if not view.job.state.is_live and last_event_id == _id_of(view):
            raise HTTPException(204)
        yield Stream(who, topic)


@router.get(
    "/{job_id}/events",
    summary="Watch a job",
    response_class=EventSourceResponse,
    response_description="Server-sent events: `state` when the state changed, else `progress`; the data is the job. "
    "`gone` when the job was deleted; the data is the error.",
    responses={
        200: {"content": {"text/event-stream": {"example": 'event: progress\ndata: {"id": "…"}\nid: 64-running\n\n'}}},
        204: {"description": "The job is over, and the client has seen that: do not reconnect."},
        **errors(Code.NOT_FOUND),
    },
)
async def events(request: Request, stream: Annotated[Stream, Depends(opened)]) -> AsyncIterator[ServerSentEvent]:
    """Send every change of the job as an event, and a comment every 15 s in between; the stream ends with the job.

    The first event is the present state, so a client that connects late or again misses nothing.

    503 `too_many_streams` with `Retry-After`: six streams are open for this user, or 500 in this process.
    """
    topic, seen, last = stream.topic, 0, None
    while not request.app.state.is_stopping():
        news = topic.news
        if topic.version == seen:
            await news.wait()
            continue
        seen, view = topic.version, topic.view
        data = topic.data(stream.who.role)
        if view is None or data is None:
            yield ServerSentEvent(raw_data=json.dumps(no_such_job().body()), event="gone")
            return
        yield ServerSentEvent(raw_data=data, event=_name(view, last), id=_id_of(view))
        if not view.job.state.is_live:
            return
        last = view


def _name(view: JobView, last: JobView | None) -> str:
    return "state" if last is None or last.job.state is not view.job.state else "progress"


def _id_of(view: JobView) -> str:
    return f"{view.job.steps}-{view.job.state}"
