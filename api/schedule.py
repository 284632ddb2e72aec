"""The timetable over HTTP: what recurs, when it ran and runs, an entry run now, and the pauses."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, status

from actors.scheduling import schedule
from actors.scheduling.timetable import EntryName, entry_of
from api.access import Acting, operator
from api.answers import ResourcesNow, errors
from api.models.queues import PauseBody
from api.models.schedule import EntryOut, Schedule
from db import Connection, ticks

router = APIRouter(prefix="/api", tags=["operations"], dependencies=[Depends(operator)])

Name = Annotated[EntryName, Path(description="The entry.")]


@router.get("/schedule", summary="See what recurs", response_description="Every entry.", responses=errors())
def show(resources: ResourcesNow) -> Schedule:
    """Each entry with its next and its last run, how many jobs came of it, what was missed, and what is paused."""
    with resources.pool.transaction() as conn:
        return Schedule(entries=[EntryOut.of(one) for one in schedule.planned(conn, ticks.now(conn))])


@router.post(
    "/schedule/{name}/run",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Run an entry now",
    response_description="The entry as it is now.",
    responses=errors(),
)
def run(name: Name, by: Acting, resources: ResourcesNow) -> EntryOut:
    """Do what a scheduler would do if the entry came due now, paused or not; within one second it happens once."""
    with resources.pool.transaction() as conn:
        schedule.run(conn, entry_of(name), by=by, now=ticks.now(conn))
        return _one(conn, name)


@router.put(
    "/schedule/{name}/pause",
    summary="Pause an entry",
    response_description="The entry as it is now.",
    responses=errors(),
)
def pause(name: Name, by: Acting, resources: ResourcesNow, body: PauseBody) -> EntryOut:
    """Let no scheduler enqueue it until a time, a week ahead at most. The last word counts."""
    with resources.pool.transaction() as conn:
        schedule.pause(conn, entry_of(name), until=body.end(datetime.now(UTC)), reason=body.reason, by=by)
        return _one(conn, name)


@router.delete(
    "/schedule/{name}/pause",
    summary="Resume an entry",
    response_description="The entry as it is now.",
    responses=errors(),
)
def resume(name: Name, by: Acting, resources: ResourcesNow) -> EntryOut:
    """End an entry's pause before its time; again is the same as once."""
    with resources.pool.transaction() as conn:
        schedule.resume(conn, entry_of(name), by=by)
        return _one(conn, name)


def _one(conn: Connection, name: EntryName) -> EntryOut:
    return next(EntryOut.of(one) for one in schedule.planned(conn, ticks.now(conn)) if one.entry.name == name)
