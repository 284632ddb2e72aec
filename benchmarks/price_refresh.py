"""What fresh prices cost: requests a record, beside one request a record and user; and what choosing the next takes.

**Requests.** Collectors with the same records, through a real worker: each release is asked for twice, suggestions and
floor, whoever has it. Tools of today ask for each record of each user.
**Choosing.** The worker's own choice, again and again, on 1,000,000 releases of 10,000 users, all of them due, beside a
thousandth of that.
"""

import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from actors.catalog import IMPORT_COLLECTION, REFRESH_PRICES
from actors.checkpoints import PriceCheckpoint
from actors.market import price_plan, refresh_prices
from benchmarks.figures import Bench, Figure, Outcome, at_most, exactly, quantile, told
from benchmarks.house import House, house
from benchmarks.processes import ProcessFailed
from benchmarks.simulated import Simulated, simulated
from benchmarks.throughput import NO_LIMIT, UNLIMITED
from db.jobs import NOBODY
from db.pool import connect
from workers.kinds import Continue

SENTENCE = "Requests that fresh prices cost, and choosing the next of 1,000,000 releases of 10,000 users."

PATIENCE_SECONDS = 120.0
FILL_SECONDS = 600.0
FIRST_RELEASE = 3_000_000
SHOPPING = datetime(2050, 1, 1, tzinfo=UTC)
MOST = 3.0  # times as long as with a thousandth

FILL = (
    """
    INSERT INTO public.profiles (id, handle)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'user' || n FROM generate_series(1, %(users)s) AS n
    """,
    """
    INSERT INTO rekkrd.links (user_id, curr_abbr, has_seller_settings, seller_settings_at)
    SELECT id, 'USD', true, now() FROM public.profiles
    """,
    """
    INSERT INTO rekkrd.releases (release_id, title, artist)
    SELECT n, 'title', 'artist' FROM generate_series(1, %(releases)s) AS n
    """,
    """
    INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id)
    SELECT lpad(to_hex(1 + n %% %(users)s), 32, '0')::uuid, n, n, 1 FROM generate_series(1, %(releases)s) AS n
    """,
    """
    INSERT INTO rekkrd.prices (release_id, what, every, due_at)
    SELECT n, w, interval '6 hours' * 2 ^ (n %% 7),
           now() - (n::bigint * 7919 %% %(releases)s) * interval '1 second' - interval '1 hour'
      FROM generate_series(1, %(releases)s) AS n CROSS JOIN unnest(ARRAY['suggestions', 'stats']) AS w
    """,
)


@dataclass(frozen=True, slots=True)
class Size:
    """So many releases, each owned by one of so many users."""

    releases: int
    users: int


@dataclass(frozen=True, slots=True)
class Scale:
    """How many collectors share how many records; the two sizes; and how often the next is chosen."""

    collectors: int
    records: int
    small: Size
    big: Size
    choices: int


TRUE = Scale(5, 60, Size(1_000, 10), Size(1_000_000, 10_000), choices=500)
QUICK = Scale(2, 5, Size(100, 2), Size(1_000, 10), choices=20)


@dataclass(frozen=True, slots=True)
class Choosing:
    """How long a choice takes, in milliseconds, and the plan that a person asks for."""

    median: float
    p95: float
    explained: float


def run(bench: Bench) -> Outcome:
    """Count, then measure the small one and the big one."""
    scale = QUICK if bench.is_quick else TRUE
    requests, wanted_a_day = _counted(bench, scale)
    small, big = _chosen(bench, scale.small, scale.choices), _chosen(bench, scale.big, scale.choices)
    return Outcome(_figures(scale, requests, wanted_a_day, small, big), {"small": asdict(small), "big": asdict(big)})


def _figures(scale: Scale, requests: int, wanted_a_day: float, small: Choosing, big: Choosing) -> list[Figure]:
    owned = scale.collectors * scale.records
    return [
        exactly(f"{scale.collectors} collectors with the same {scale.records}: requests", requests, 2 * scale.records),
        told("the same, one request a record and user of each kind", 2 * owned),
        told("requests a priced record", requests / owned),
        at_most(
            "requests a valued record and day, as the plan has it; one a record and user: 1", wanted_a_day / owned, 1
        ),
        told(f"choosing the next of {scale.big.releases:,}: median", big.median, "ms"),
        told(f"choosing the next of {scale.big.releases:,}: p95", big.p95, "ms"),
        at_most("the same beside a thousandth, median", big.median / small.median, MOST, "times"),
        told("explaining the plan of all", big.explained, "ms"),
    ]


def _counted(bench: Bench, scale: Scale) -> tuple[int, float]:
    """Price everything once; return the requests, and how many a day the plan wants from then on."""
    with (
        simulated(bench.folder, "pricing", window_seconds=1.0, limit=NO_LIMIT) as discogs,
        house(bench, "pricing", discogs, **UNLIMITED) as home,
        home.worker(),
    ):
        for n in range(scale.collectors):
            bench.track("collectors", n, scale.collectors)
            collector = discogs.open_account(f"collector-{n}", records=0, sells=True)
            for release in range(scale.records):
                discogs.add_copy(collector.username, FIRST_RELEASE + release, SHOPPING)
            home.wait(home.enqueue(home.move_in(collector), IMPORT_COLLECTION), PATIENCE_SECONDS)
        discogs.forget()
        home.wait(home.enqueue(NOBODY, REFRESH_PRICES), PATIENCE_SECONDS)
        with home.resources.pool.transaction() as conn:
            plan = price_plan.plan(conn, home.resources.settings.limiter, has_operator=False, room=0)
        return discogs.count(), plan.wanted_a_day


def _chosen(bench: Bench, size: Size, choices: int) -> Choosing:
    with ExitStack() as stack:
        nowhere = Simulated("http://127.0.0.1:9", 60.0)
        stack.callback(nowhere.close)
        name = f"prices_{size.releases}"
        home = stack.enter_context(house(bench, name, nowhere, REKKRD_DATABASE_TIMEOUT_SECONDS=f"{FILL_SECONDS:g}"))
        for done, statement in enumerate(FILL):
            bench.track(f"filling {size.releases:,}", done, len(FILL))
            with home.resources.pool.transaction() as conn:
                conn.execute(statement.encode(), asdict(size))
        with connect(home.environment["DATABASE_URL"], timeout_seconds=FILL_SECONDS) as conn:
            conn.execute(b"VACUUM ANALYZE")
        taken = [_choose(home) for _ in range(choices)]
        with home.resources.pool.transaction() as conn:
            began = time.perf_counter()
            price_plan.plan(conn, home.resources.settings.limiter, has_operator=False, room=10)
            explained = time.perf_counter() - began
    return Choosing(1000 * quantile(taken, 0.5), 1000 * quantile(taken, 0.95), 1000 * explained)


def _choose(home: House) -> float:
    """Choose as the job does between two requests; return the seconds."""
    with home.resources.pool.transaction() as conn:
        began = time.perf_counter()
        outcome = refresh_prices.choose(conn, PriceCheckpoint(), has_operator=False)
        taken = time.perf_counter() - began
    if not isinstance(outcome, Continue) or outcome.checkpoint.what is None:
        raise ProcessFailed("Nothing was chosen, although everything is due.")
    return taken
