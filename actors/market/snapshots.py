"""Value snapshots: what each collection is worth, once a day of its owner's zone, after the night's sync is over.

It asks Discogs for nothing: the prices are those that are kept, and the snapshot says how old they are.
"""

from datetime import UTC, date, datetime, time, timedelta

from actors.catalog import VALUE_SNAPSHOTS
from actors.checkpoints import SnapshotsCheckpoint
from actors.market.worth import zone_of
from actors.wording import count
from db import Connection, value
from db.value import Owner
from services.market.price_requests import plan_releases
from services.tiers import Feature, tiers_with
from workers.kinds import Continue, Done, Job, NoArguments, Outcome, Progress, Step

FROM = time(7)  # nights end at six
ENROLLED = 1000  # releases a day that only the app knows, from then on priced like all others
BATCH = 200  # owners a look; one of them is valued in a step
BOUGHT_WITHIN = timedelta(days=30)  # a copy that Discogs priced within so long of coming was bought, not better known


def look_at_the_clock(_: Step[NoArguments, SnapshotsCheckpoint]) -> datetime:
    """Nothing is asked of Discogs: the time is all that is needed."""
    return datetime.now(UTC)


def store(conn: Connection, step: Step[NoArguments, SnapshotsCheckpoint], now: datetime) -> Outcome:
    """Value the next collection whose day has begun and has no snapshot; a transaction each."""
    was = step.checkpoint
    owners = value.owners(conn, after=was.after, tiers=tiers_with(Feature.VALUE), room=BATCH)
    taken, after = was.taken, was.after
    for owner in owners:
        after = owner.user_id
        day = day_of(owner, now)
        if day is not None:
            plan_releases(conn, value.unplanned(conn, owner.user_id, room=ENROLLED))
            taken += value.snapshot(conn, owner.user_id, owner.currency, day, bought_within=BOUGHT_WITHIN)
            break
    is_over = len(owners) < BATCH and (not owners or after == owners[-1].user_id)
    if is_over:
        return Done(f"{count(taken, 'collection')} valued.", Progress(taken))
    return Continue(SnapshotsCheckpoint(after=after, taken=taken), Progress(taken), takes_token=False)


JOB = Job(VALUE_SNAPSHOTS, look_at_the_clock, store)


def day_of(owner: Owner, now: datetime) -> date | None:
    """Return the day of which a snapshot is due: today where the owner lives, once the morning came; else None."""
    local = now.astimezone(zone_of(owner.time_zone))
    is_due = local.time() >= FROM and (owner.last_day is None or owner.last_day < local.date())
    return local.date() if is_due else None
