"""Nightly sync: archivists' records come over while they sleep, and what changed here goes out, once a night each.

Every ten minutes it looks whose moment comes. It goes by what was done, not by which time it is: who was left out
while no scheduler or worker ran is found by the next look, up to twelve hours later. Whoever wants it weekly has it
seven nights after the last.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from actors.catalog import (
    IMPORT_COLLECTION,
    IMPORT_WANTLIST,
    NIGHTLY_SYNC,
    PUSH_COLLECTION,
    PUSH_WANTLIST,
    REFRESH_COLLECTION,
)
from actors.checkpoints import NightlyCheckpoint
from actors.scheduling.nights import Night, is_due, night_around, run_at, zone_named
from actors.wording import count
from db import Connection, nights, ticks
from db.nights import Sleeper
from services.tiers import Feature, tiers_with
from workers.enqueue import NewJob, Origin, enqueue_many
from workers.kinds import Continue, Done, Job, Kind, NoArguments, Outcome, Progress, Step

log = structlog.get_logger(__name__)

BATCH = 1000  # users a transaction, with two jobs each; mostly few of them are due
FALL_BACK = ZoneInfo("UTC")
WHOLE_AGAIN = timedelta(days=6, hours=12)  # a week, and a night may come some hours early
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def look_at_the_clock(_: Step[NoArguments, NightlyCheckpoint]) -> datetime:
    """Nothing is asked of Discogs: the time is all that is needed."""
    return datetime.now(UTC)


def store(conn: Connection, step: Step[NoArguments, NightlyCheckpoint], now: datetime) -> Outcome:
    """Enqueue the sync of those of the next users whose moment of the night comes."""
    was = step.checkpoint
    looked_at = was.looked_at or now  # one look goes over all users at one moment, however long it takes
    sleepers = nights.sleepers(conn, tiers_with(Feature.NIGHTLY), after=was.after, room=BATCH)
    zones = {name: zone_named(name) for name in {one.time_zone for one in sleepers}}
    due = whose_night(sleepers, zones, looked_at)
    begun = nights.begin(conn, {user_id: night.date for user_id, night in due.items()})
    unknown = _say_unknown([one for one in sleepers if one.user_id in begun and zones[one.time_zone] is None])
    chosen = [one for one in sleepers if one.user_id in begun]
    jobs = _enqueue(conn, [(one, due[one.user_id]) for one in chosen], now)
    ticks.count_jobs(conn, step.job_id, jobs)
    users = was.users + len(begun)
    if len(sleepers) < BATCH:
        return Done(_outcome(users, was.jobs + jobs, was.unknown_zones + unknown), Progress(users))
    checkpoint = NightlyCheckpoint(
        looked_at=looked_at,
        after=sleepers[-1].user_id,
        users=users,
        jobs=was.jobs + jobs,
        unknown_zones=was.unknown_zones + unknown,
    )
    return Continue(checkpoint, Progress(users), takes_token=False)


JOB = Job(NIGHTLY_SYNC, look_at_the_clock, store)


def whose_night(
    sleepers: Sequence[Sleeper], zones: Mapping[str, ZoneInfo | None], looked_at: datetime
) -> dict[UUID, Night]:
    """Return who is due, and for which night: who was connected when it began, and did not have it yet."""
    by_zone = {name: night_around(zone or FALL_BACK, looked_at) for name, zone in zones.items()}
    return {
        one.user_id: night
        for one in sleepers
        if (night := by_zone[one.time_zone]) and _is_open(one, night) and is_due(one.user_id, night, looked_at)
    }


def _is_open(one: Sleeper, night: Night) -> bool:
    was_connected = one.connected_at is not None and one.connected_at < night.begins_at
    return was_connected and (one.last_night is None or night.date - one.last_night >= (WEEK if one.is_weekly else DAY))


def _enqueue(conn: Connection, due: Sequence[tuple[Sleeper, Night]], now: datetime) -> int:
    """Enqueue each user's sync at the user's own moment; return how many jobs are new."""
    wanted = [
        NewJob(kind.name, one.user_id, run_at=run_at(one.user_id, night, now), priority=priority)
        for one, night in due
        for kind, priority in _sync(one, now)
    ]
    return sum(one.is_new for one in enqueue_many(conn, wanted, origin=Origin.AUTOMATIC))


def _sync(one: Sleeper, now: datetime) -> list[tuple[Kind[Any, Any], int]]:
    """Return a user's jobs of a night with their priorities: nothing goes out while something comes over."""
    coming = [(look_at(one.whole_at, now), 0), (IMPORT_WANTLIST, 0)] if one.comes_in else []
    return [*coming, (PUSH_COLLECTION, -1), (PUSH_WANTLIST, -1)] if one.goes_out else coming


def look_at(whole_at: datetime | None, now: datetime) -> Kind[Any, Any]:
    """Choose how a collection is looked at: once a week all of it, for only that sees edits; else what is new."""
    is_known = whole_at is not None and now - whole_at < WHOLE_AGAIN
    return REFRESH_COLLECTION if is_known else IMPORT_COLLECTION


def _say_unknown(sleepers: Sequence[Sleeper]) -> int:
    """Say whose zone nobody knows, once a night each; return of how many users."""
    for one in sleepers:
        log.warning("unknown_time_zone", user_id=str(one.user_id), time_zone=one.time_zone[:64], taken_as="UTC")
    return len(sleepers)


def _outcome(users: int, jobs: int, unknown: int) -> str:
    said = f"The moment of {count(users, 'user')} comes: {count(jobs, 'job')} enqueued."
    return said if not unknown else f"{said} {count(unknown, 'user')} with an unknown time zone: UTC was taken."
