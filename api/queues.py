"""Lanes and workers over HTTP: what waits, who works, and the pauses."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from actors.operating import queues
from api.access import Acting, operator
from api.answers import ResourcesNow, errors, redis_of
from api.models.queues import PauseBody, QueueList, QueueOut, WorkerList
from db import Connection, fleet
from workers.limiter.lanes import Lane

router = APIRouter(prefix="/api", tags=["operations"], dependencies=[Depends(operator)])

LaneName = Annotated[Lane, Path(description="The lane.")]


@router.get("/queues", summary="See what waits in each lane", response_description="Every lane.", responses=errors())
def show(resources: ResourcesNow) -> QueueList:
    """Return each queue's depth, age, throughput and pause, and every cause for which work waits."""
    redis = redis_of(resources)
    with resources.pool.transaction() as conn:
        return QueueList.of(queues.backlog(conn, redis))


@router.put(
    "/queues/{lane}/pause",
    summary="Pause a lane",
    response_description="The lane as it is now.",
    responses=errors(),
)
def pause(lane: LaneName, by: Acting, resources: ResourcesNow, body: PauseBody) -> QueueOut:
    """Call nothing up from a lane until a time, a week ahead at most; steps under way end. The last word counts."""
    with resources.pool.transaction() as conn:
        queues.pause(conn, [lane], until=body.end(datetime.now(UTC)), reason=body.reason, by=by)
        return _one(conn, lane)


@router.delete(
    "/queues/{lane}/pause",
    summary="Resume a lane",
    response_description="The lane as it is now.",
    responses=errors(),
)
def resume(lane: LaneName, by: Acting, resources: ResourcesNow) -> QueueOut:
    """End a lane's pause before its time; again is the same as once."""
    with resources.pool.transaction() as conn:
        queues.resume(conn, [lane], by=by)
        return _one(conn, lane)


@router.get(
    "/workers", summary="See who works", response_description="The workers of the last hour.", responses=errors()
)
def workers(resources: ResourcesNow) -> WorkerList:
    """Who is there, whether it takes work and why not, what it has in hand, and which release it is."""
    with resources.pool.transaction() as conn:
        return WorkerList.of(fleet.workers(conn), fleet.held(conn), queues.neglect(conn))


def _one(conn: Connection, lane: Lane) -> QueueOut:
    return next(QueueOut.of(queue) for queue in queues.queues(conn) if queue.lane == lane)
