"""A night of 1,000 archivists: when their syncs come due, what they ask of Discogs, and how long the budget needs.

**What is real.** The planner is the clock's own job on a real database: it looks every ten minutes of a simulated day
and enqueues. What a sync costs is counted on collectors of three sizes, through real workers, by the simulator's log.
**What is reckoned.** A request leaves every 60/55 s while anybody waits, in the order of the users' moments; nobody
else spends. All users live in one zone, which is the worst case: three hours for all of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST, REFRESH_COLLECTION
from actors.checkpoints import NightlyCheckpoint
from actors.scheduling import nightly
from actors.scheduling.nights import LASTS, LOOKS_EVERY
from benchmarks.figures import Bench, Outcome, at_most, exactly, quantile, told
from benchmarks.house import House, house
from benchmarks.processes import ProcessFailed
from benchmarks.simulated import simulated
from benchmarks.throughput import NO_LIMIT, UNLIMITED
from workers.kinds import Continue, Progress, Step

SENTENCE = "A night of 1,000 archivists: its requests, and its length in budget time."

PAGE = 100
PATIENCE_SECONDS = 120.0
SPACING = 60 / 55  # seconds between two requests
EVENING = datetime(2050, 11, 22, 18, tzinfo=UTC)
MORNING = EVENING + timedelta(hours=16)
BEGINS = datetime(2050, 11, 23, 3, tzinfo=UTC)
WEEK = 7  # one of seven has a whole look tonight

# Connected long ago; one of seven was looked at wholly a week ago, the others since. The order of ids is by chance.
MOVE_IN = """
    WITH people AS (
        INSERT INTO public.profiles (handle, tier, time_zone, discogs_connected_at)
        SELECT 'sleeper-' || n, 'archivist', 'UTC', '2026-01-01T00:00Z' FROM generate_series(1, %(users)s) AS n
        RETURNING id, handle
    )
    INSERT INTO rekkrd.links (user_id, state, collection_complete_at)
    SELECT p.id, 'connected', %(evening)s - (right(p.handle, 1)::int + 1) * interval '1 hour'
           - CASE WHEN substr(p.handle, 9)::int %% %(week)s = 0 THEN interval '7 days' ELSE interval '0' END
      FROM people AS p
"""
ENQUEUED = b"SELECT user_id, kind, due_at AS run_at FROM rekkrd.jobs WHERE due_at > '2050-01-01'"


@dataclass(frozen=True, slots=True)
class Size:
    """A collector by what they have there."""

    records: int
    wants: int

    @property
    def costs(self) -> dict[str, int]:
        """Requests by kind: identity, folders and fields are asked before a whole look, and pages hold 100."""
        return {
            REFRESH_COLLECTION.name: 1,
            IMPORT_COLLECTION.name: 3 - (-self.records // PAGE),
            IMPORT_WANTLIST.name: -(-self.wants // PAGE),
        }


SIZES = (Size(250, 40), Size(1_000, 150), Size(4_000, 600))  # half, a third and a sixth of all users
OF_SIX = (0, 0, 0, 1, 1, 2)
USERS, QUICK_USERS = 1_000, 70


@dataclass(frozen=True, slots=True)
class Served:
    """One user's sync by its moment, in seconds after the night began, and when its last request left."""

    moment: float
    requests: int
    done: float


def run(bench: Bench) -> Outcome:
    """Count what the sizes cost, let the planner plan, and reckon."""
    users = QUICK_USERS if bench.is_quick else USERS
    with (
        simulated(bench.folder, "night", window_seconds=1.0, limit=NO_LIMIT) as discogs,
        house(bench, "night", discogs, **UNLIMITED) as home,
    ):
        counted = {}
        with home.worker():
            for done, size in enumerate(SIZES[:1] if bench.is_quick else SIZES):
                bench.track("sizes", done, len(SIZES))
                collector = discogs.open_account(f"of-{size.records}", records=size.records, wants=size.wants)
                user = home.move_in(collector)
                for kind in (IMPORT_COLLECTION, IMPORT_WANTLIST, REFRESH_COLLECTION):
                    discogs.forget()
                    home.wait(home.enqueue(user, kind), PATIENCE_SECONDS)
                    counted[f"{kind.name} of {size.records:,} and {size.wants:,}"] = (
                        discogs.count(),
                        size.costs[kind.name],
                    )
        planned = _plan(bench, home, users)
    wrong = sum(1 for found, reckoned in counted.values() if found != reckoned)
    served = list(_serve(planned))
    requests = sum(one.requests for one in served)
    waits = [one.done - one.moment for one in served]
    over = max(one.done for one in served)
    return Outcome(
        [
            exactly("what a sync costs: kinds and sizes reckoned wrongly", wrong, 0),
            exactly("users with a sync that night", len(served), users),
            told("requests", requests),
            told("requests a user", requests / users),
            told("length in budget time", requests * SPACING / 60, "min"),
            told("users of this mix that three hours carry", users * LASTS.total_seconds() / (requests * SPACING)),
            told("share of the night's three hours", requests * SPACING / LASTS.total_seconds()),
            at_most("over, after the night began", over / 60, (LASTS.total_seconds() + 3600) / 60, "min"),
            told("from a user's moment to the end of their sync, p50", quantile(waits, 0.5) / 60, "min"),
            told("from a user's moment to the end of their sync, p95", quantile(waits, 0.95) / 60, "min"),
        ],
        {"counted": counted, "sizes": [asdict(size) for size in SIZES]},
    )


def _plan(bench: Bench, home: House, users: int) -> dict[UUID, tuple[float, int]]:
    """Let a simulated evening and morning pass; return each user's moment and requests."""
    with home.resources.pool.transaction() as conn:
        conn.execute(b"UPDATE rekkrd.links SET state = 'disconnected'")  # whose requests were counted has no night
        conn.execute(MOVE_IN.encode(), {"users": users, "evening": EVENING, "week": WEEK})
    now = EVENING
    while now < MORNING:
        bench.track("night", (now - EVENING).total_seconds(), (MORNING - EVENING).total_seconds())
        _look(home, now)
        now += LOOKS_EVERY
    with home.resources.pool.transaction() as conn:
        rows = conn.execute(ENQUEUED).fetchall()
    place = {user: n for n, user in enumerate(sorted({row["user_id"] for row in rows}))}
    planned: dict[UUID, tuple[float, int]] = {}
    for row in rows:
        costs: Mapping[str, int] = SIZES[OF_SIX[place[row["user_id"]] % len(OF_SIX)]].costs
        _, before = planned.get(row["user_id"], (0.0, 0))
        planned[row["user_id"]] = ((row["run_at"] - BEGINS).total_seconds(), before + costs[row["kind"]])
    return planned


def _look(home: House, now: datetime) -> None:
    """Do what the clock's job does at this time, until it has looked at all users."""
    checkpoint = NightlyCheckpoint()
    while True:
        with home.resources.pool.transaction() as conn:
            step = Step(
                uuid4(),
                UUID(int=0),
                nightly.JOB.kind.arguments(),
                checkpoint,
                Progress(0),
                discogs=home.resources.discogs(None, home.resources.budget_for_person("nobody")),
                account=None,
            )
            outcome = nightly.store(conn, step, now)
        if not isinstance(outcome, Continue):
            return
        if not isinstance(outcome.checkpoint, NightlyCheckpoint):
            raise ProcessFailed("The night's planner went on with another job's checkpoint.")
        checkpoint = outcome.checkpoint


def _serve(planned: Mapping[UUID, tuple[float, int]]) -> Iterator[Served]:
    """Serve users in the order of their moments, one request every so often."""
    free_from = 0.0
    in_order: Sequence[tuple[float, int]] = sorted(planned.values())
    for moment, requests in in_order:
        free_from = max(free_from, moment) + requests * SPACING
        yield Served(moment, requests, free_from)
