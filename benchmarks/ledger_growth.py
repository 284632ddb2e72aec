"""What the ledger's statements cost when it has grown a thousandfold: pages that PostgreSQL touches, and time.

Two databases on one server, filled alike and asked in turns: 1,000 jobs that ended, 100 that wait and 10 users beside
1,000,000, 100,000 and 10,000. Every statement goes through the functions that the product calls, in a transaction that
is rolled back. Pages are counted by EXPLAIN (ANALYZE, BUFFERS) and hardly change from run to run, so they are held to
a target; times are told. What counts all that waits, or all that failed, grows with that: there the time is held.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from statistics import median
from typing import Any
from uuid import UUID

from actors.catalog import CATALOG, IMPORT_COLLECTION
from benchmarks.figures import Bench, Figure, Outcome, at_most, told
from benchmarks.house import House, house
from benchmarks.simulated import Simulated
from db import Connection, fleet, jobs, line, operations, retention, steps, waiting
from db.jobs import State
from db.operations import Choice
from db.pool import connect
from workers.enqueue import enqueue

SENTENCE = "The ledger's statements with 1,000 + 100 jobs, and with 1,000,000 + 100,000."

MOST = 5.0  # times the pages: an index of a million is two levels deeper, and what is read lies further apart
MOST_MS = 100.0  # for what counts everything that waits: people and Prometheus ask it, the engine never does
DAY = timedelta(days=1)
A_USER = UUID(int=3)
FILL_SECONDS = 600.0

FILL = (
    """
    INSERT INTO public.profiles (id, handle)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'user' || n FROM generate_series(1, %(users)s) AS n
    """,
    """
    INSERT INTO rekkrd.links (user_id)
    SELECT p.id FROM public.profiles AS p
    """,
    """
    INSERT INTO rekkrd.turns (lane, user_id, turn)
    SELECT 'import', p.id, 1 FROM public.profiles AS p
    """,
    """
    INSERT INTO rekkrd.jobs (
        id, kind, lane, queue, user_id, takes_token, speaks_for_user, state, created_at, due_at, started_at,
        finished_at, error_class, error
    )
    SELECT
        md5('ended' || n)::uuid, (ARRAY['import_collection', 'import_wantlist'])[1 + n %% 2],
        (ARRAY['interactive', 'import', 'background'])[1 + n %% 3], 'import',
        lpad(to_hex(1 + n %% %(users)s), 32, '0')::uuid, true, true, ended.state, ended.at, ended.at, ended.at,
        ended.at, CASE WHEN ended.state = 'failed' THEN (ARRAY['Unavailable', 'Poison', 'Gone'])[1 + n %% 3] END,
        CASE WHEN ended.state = 'failed' THEN 'It failed.' END
    FROM generate_series(1, %(ended)s) AS n
    CROSS JOIN LATERAL (
        SELECT
            CASE WHEN n %% 100 = 0 THEN 'failed' WHEN n %% 50 = 1 THEN 'cancelled' ELSE 'completed' END AS state,
            now() - n * interval '40 days' / %(ended)s AS at
    ) AS ended
    """,
    """
    INSERT INTO rekkrd.attempts (job_id, fence, step, nth, ended_as)
    SELECT id, 1, 1, 1, 'completed' FROM rekkrd.jobs
    """,
    """
    INSERT INTO rekkrd.job_log (job_id, fence, line, step, logged_at, level, event)
    SELECT id, 1, n, 1, finished_at, 'info', 'step_ended' FROM rekkrd.jobs CROSS JOIN generate_series(1, 2) AS n
    """,
    """
    INSERT INTO rekkrd.jobs (
        id, kind, lane, queue, user_id, unique_key, takes_token, speaks_for_user, created_at, due_at
    )
    SELECT
        md5('waits' || n)::uuid, 'import_collection', 'import', 'import',
        lpad(to_hex(1 + n %% %(users)s), 32, '0')::uuid, 'key' || n, true, true, asked.at, asked.at
    FROM generate_series(1, %(waits)s) AS n
    CROSS JOIN LATERAL (SELECT now() - (%(waits)s - n) * interval '1 day' / %(waits)s AS at) AS asked
    """,
)


@dataclass(frozen=True, slots=True)
class Size:
    """So many jobs, of so many users."""

    ended: int
    waits: int
    users: int


SMALL, BIG = Size(1_000, 100, 10), Size(1_000_000, 100_000, 10_000)


class Counted:
    """A connection that counts the pages of what goes through it: each statement is done and undone before."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self.pages = 0

    @contextmanager
    def cursor(self, **_: object) -> Iterator["Counted"]:
        """Count what goes through a cursor, too."""
        yield self

    def execute(self, statement: bytes, parameters: Any = None) -> Any:
        self._conn.execute(b"SAVEPOINT counted")
        row = self._conn.execute(b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement, parameters).fetchone()
        self._conn.execute(b"ROLLBACK TO SAVEPOINT counted")
        (plan,) = row["QUERY PLAN"] if row else [{}]
        self.pages += plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
        return self._conn.execute(statement, parameters)

    def transaction(self) -> Any:
        """Some step inside a transaction of its own."""
        return self._conn.transaction()


@dataclass(slots=True)
class Cost:
    """Pages touched, and seconds of each time."""

    pages: int = 0
    seconds: list[float] = field(default_factory=list)


def run(bench: Bench) -> Outcome:
    """Fill both, then ask each in turn."""
    small, big = SMALL, Size(2_000, 200, 20) if bench.is_quick else BIG
    asked = {**ASKED, **COUNTING}
    costs: dict[str, list[Cost]] = {}
    with ExitStack() as stack:
        homes = [_filled(stack, bench, size, nth) for nth, size in enumerate((small, big))]
        for name, ask in asked.items():
            costs[name] = [_cost(home, ask, times=3 if bench.is_quick else 20) for home in homes]
            bench.track("asking", len(costs), len(asked))
    return Outcome(
        [figure for name, both in costs.items() for figure in _figures(name, *both)],
        {
            name: {
                "pages": [cost.pages for cost in both],
                "milliseconds": [round(median(cost.seconds) * 1000, 3) for cost in both],
            }
            for name, both in costs.items()
        },
    )


def _figures(name: str, small: Cost, big: Cost) -> Iterator[Figure]:
    milliseconds, times = median(big.seconds) * 1000, big.pages / max(small.pages, 1)
    if name in COUNTING:
        yield at_most(f"{name}: time", milliseconds, MOST_MS, "ms")
    else:
        yield at_most(f"{name}: pages, of those beside a thousandth", times, MOST, "times")
        yield told(f"{name}: time", milliseconds, "ms")


def _filled(stack: ExitStack, bench: Bench, size: Size, nth: int) -> House:
    nowhere = Simulated("http://127.0.0.1:9", 60.0)
    stack.callback(nowhere.close)
    home = stack.enter_context(
        house(bench, f"ledger_growth_{nth}", nowhere, REKKRD_DATABASE_TIMEOUT_SECONDS=f"{FILL_SECONDS:g}")
    )
    for done, statement in enumerate(FILL, 1):
        with home.resources.pool.transaction() as conn:
            conn.execute(statement.encode(), asdict(size) if "%(" in statement else None)
        bench.track(f"filling {size.ended + size.waits:,}", done, len(FILL))
    with connect(home.environment["DATABASE_URL"], timeout_seconds=FILL_SECONDS) as conn:
        conn.execute(b"VACUUM ANALYZE")
    return home


class _NotMeant(Exception):
    """Rolls back: the next one finds the ledger as it was."""


@contextmanager
def _undone(home: House) -> Iterator[Connection]:
    with suppress(_NotMeant), home.resources.pool.transaction() as conn:
        yield conn
        raise _NotMeant


def _cost(home: House, ask: Callable[[Connection], object], *, times: int) -> Cost:
    cost = Cost()
    with _undone(home) as conn:
        counted = Counted(conn)
        ask(counted)  # type: ignore[arg-type]  # nothing but execute is asked of it
        cost.pages = counted.pages
    for _ in range(times):
        with _undone(home) as conn:
            began = time.perf_counter()
            ask(conn)
            cost.seconds.append(time.perf_counter() - began)
    return cost


def _claim(conn: Connection) -> None:
    (call,) = line.call_up(conn, lane="import", takes_token=True, room=1, call_seconds=10, kinds=CATALOG)
    steps.claim(conn, call.job_id, worker="w", lease_seconds=10)


def _place(conn: Connection) -> None:
    (job,) = jobs.page(conn, user_id=A_USER, state=State.PENDING, room=1)
    line.count_ahead(conn, [job.id])


def _clear(conn: Connection) -> None:
    retention.clear_ended(conn, kept=30 * DAY, failed_kept=90 * DAY, after=retention.START, room=100)


def _enqueue(conn: Connection) -> None:
    enqueue(conn, IMPORT_COLLECTION.name, A_USER)


ASKED: dict[str, Callable[[Connection], object]] = {
    "call-up": lambda conn: line.call_up(conn, lane="import", takes_token=True, room=4, call_seconds=10, kinds=CATALOG),
    "call-up where nothing is": lambda conn: line.call_up(
        conn, lane="background", takes_token=False, room=4, call_seconds=10, kinds=CATALOG
    ),
    "call-up and claim": _claim,
    "expired leases": line.take_back_expired,
    "steps without a token": line.count_waiting,
    "enqueue": _enqueue,
    "list": lambda conn: jobs.page(conn, room=50),
    "list, a user's": lambda conn: jobs.page(conn, user_id=A_USER, room=50),
    "list, failed": lambda conn: jobs.page(conn, state=State.FAILED, room=10),
    "a piece for operators": lambda conn: operations.chosen(conn, Choice((State.FAILED,)), after=None, room=10),
    "retention, a piece": _clear,
    "queues: ended lately": fleet.ended,
    "queues: ready lanes": fleet.ready_lanes,
    "queues: in hand": fleet.held,
}
COUNTING: dict[str, Callable[[Connection], object]] = {
    "place in the line": _place,
    "failures alike": operations.failure_groups,
    "queues: what waits": fleet.line,
    "queues: failed": fleet.failed,
    "users by lane": waiting.users_by_lane,
}
