"""Causes for which whole queues wait: for the list of queues, the health endpoints and `rekkrd doctor`."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from db.system import Retrying
from services.operations.causes import Cause, Code, Facts, Wait
from services.operations.explanation import explain, merged
from services.operations.facts import System
from workers.limiter.lanes import Lane

FULL_STOP = frozenset(
    {
        Code.DATABASE_AWAY,
        Code.DATABASE_READ_ONLY,
        Code.DATABASE_FULL,
        Code.CLOCK_SET_BACK,
        Code.REDIS_HUNG,
        Code.REDIS_DOWN,
        Code.REDIS_READ_ONLY,
        Code.NO_WORKER,
        Code.NO_CONSUMER,
    }
)  # our own servers and workers; what Discogs and operators stop is no failure of the system


def causes_of(
    system: System,
    due_since: Mapping[Lane, datetime],
    retrying: Mapping[str, Retrying],
    zone: tzinfo = UTC,
) -> list[Cause]:
    """Return why queues wait; a shared cause appears once. ``due_since`` is the time of a queue's oldest due step."""
    return merged(
        explain(facts, zone) for lane in Lane for facts in _facts(system, lane, due_since.get(lane), retrying.get(lane))
    )


def unready(system: System, zone: tzinfo = UTC) -> list[Cause]:
    """Return all causes as if each queue had overdue work: a system without work must be ready for some."""
    return causes_of(system, dict.fromkeys(Lane, system.now - timedelta(hours=1)), {}, zone)


def _facts(system: System, lane: Lane, due_since: datetime | None, retrying: Retrying | None) -> Iterator[Facts]:
    wait = None
    if retrying is not None:
        jobs = f"{retrying.jobs:,} job{'s' * (retrying.jobs != 1)} of queue {lane} will repeat a request"
        wait = Wait(
            retrying.next_at, f"{jobs}: {retrying.error or 'Discogs did not answer as it should'}", is_fault=True
        )
    yield Facts(system, lane, due_since=due_since, wait=wait)
    for lease in system.expired:
        if lease.queue == lane:
            yield Facts(system, lane, leased_by=lease.worker, leased_until=lease.expired_at)
