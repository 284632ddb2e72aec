"""What changed here goes out soon: every two minutes the clock asks who wrote something, and what of it waits.

A trigger on the app's tables notes who; what, is found by comparison. So it does not matter which program wrote, what
our own imports write sends nobody anywhere, and who is missed is found at night.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from actors.catalog import PUSH_CHANGES, PUSH_COLLECTION, PUSH_WANTLIST
from actors.checkpoints import ChangesCheckpoint
from actors.wording import count
from db import Connection, outgoing, ticks, touched, wantlist
from services.tiers import Feature, tiers_with
from workers.enqueue import NewJob, Origin, enqueue_many
from workers.kinds import Continue, Done, Job, Kind, NoArguments, Outcome, Progress, Step

SETTLING = timedelta(seconds=30)  # so that a burst of changes is one push
PATIENCE = timedelta(minutes=10)  # with a burst that does not end
BATCH = 100  # users a transaction; what waits of one is a few milliseconds
AFTER_OTHERS = -1  # what comes over goes first: a push then sees what changed there


def fetch(_: Step[NoArguments, ChangesCheckpoint]) -> None:
    """Nothing is asked of Discogs."""


def store(conn: Connection, step: Step[NoArguments, ChangesCheckpoint], _: None) -> Outcome:
    """Enqueue the pushes of the next users who changed something that waits."""
    found = touched.take(conn, tiers_with(Feature.NIGHTLY), settling=SETTLING, patience=PATIENCE, room=BATCH)
    wanted = [
        NewJob(kind.name, one.user_id, priority=AFTER_OTHERS)
        for one in found
        if one.goes_out
        for kind in _waiting(conn, one.user_id)
    ]
    jobs = sum(one.is_new for one in enqueue_many(conn, wanted, origin=Origin.AUTOMATIC))
    ticks.count_jobs(conn, step.job_id, jobs)
    checkpoint = ChangesCheckpoint(users=step.checkpoint.users + len(found), jobs=step.checkpoint.jobs + jobs)
    progress = Progress(checkpoint.users)
    if len(found) == BATCH:
        return Continue(checkpoint, progress, takes_token=False)
    said = f"{count(checkpoint.users, 'user')} changed something: {count(checkpoint.jobs, 'job')} enqueued."
    return Done(said, progress)


def _waiting(conn: Connection, user_id: UUID) -> list[Kind[Any, Any]]:
    kinds: list[Kind[Any, Any]] = []
    if outgoing.next_releases(conn, user_id, room=1):
        kinds.append(PUSH_COLLECTION)
    if wantlist.waiting(conn, user_id, room=1):
        kinds.append(PUSH_WANTLIST)
    return kinds


JOB: Job[NoArguments, ChangesCheckpoint, None] = Job(PUSH_CHANGES, fetch, store)
