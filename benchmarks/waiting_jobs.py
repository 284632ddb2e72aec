"""What a grant costs while jobs wait in the ledger: whole fleets side by side, one for each number of jobs."""

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from uuid import uuid4

from benchmarks.asking import ASK, Asked
from benchmarks.figures import Bench
from benchmarks.heard import Calls, forget, hear, hearing
from benchmarks.house import House, house
from benchmarks.simulated import simulated
from db import line
from workers.limiter.lanes import Lane

ROOM = 2  # steps that a dispatcher calls up at once
LOOKS = 50
WHO = "somebody"
LASTING = 1_000_000  # steps of each job, so that as many wait in the end as in the beginning


@dataclass(frozen=True, slots=True)
class Ledger:
    """So many jobs, of so many users."""

    jobs: int
    users: int

    @property
    def name(self) -> str:
        return "1 waiting job" if self.jobs == 1 else f"{self.jobs:,} waiting jobs of {self.users:,} users"


@dataclass(frozen=True, slots=True)
class Cost:
    """What grants cost beside so many waiting jobs; ``call_ups`` in milliseconds."""

    grants: int
    calls: Mapping[str, int]
    microseconds: Mapping[str, int]
    call_ups: Sequence[float]
    waiting: int

    @property
    def calls_a_grant(self) -> float:
        """What waiters and answers ask for; the dispatcher's looks are told apart."""
        return (self.calls.get("poll", 0) + self.calls.get("answered", 0)) / self.grants

    @property
    def microseconds_a_grant(self) -> float:
        return sum(self.microseconds.values()) / self.grants


@dataclass(frozen=True, slots=True)
class Pace:
    """The budget of each fleet, how long an answer takes, and for how many seconds grants are counted."""

    limit: int
    window: float
    answer: float
    seconds: float


def costs(bench: Bench, ledgers: Sequence[Ledger], pace: Pace) -> dict[Ledger, Cost]:
    """Let each fleet work for half a window, then count and time its calls."""
    with ExitStack() as fleets, hearing(bench.servers.redis_url) as client:
        homes = {ledger: _fleet(fleets, bench, ledger, pace) for ledger in ledgers}
        with ExitStack() as workers:
            for home in homes.values():
                workers.enter_context(home.worker("worker", [sys.executable, "-m", "benchmarks.asking"]))
            time.sleep(pace.window / 2)
            before = {ledger: _granted(home) for ledger, home in homes.items()}
            forget(client)
            time.sleep(pace.seconds)
            heard = hear(client)
            grants = {ledger: _granted(home) - before[ledger] for ledger, home in homes.items()}
        return {ledger: _cost(home, heard[home.name], grants[ledger]) for ledger, home in homes.items()}


def _fleet(stack: ExitStack, bench: Bench, ledger: Ledger, pace: Pace) -> House:
    name = f"jobs-{ledger.jobs}-{ledger.users}"
    discogs = stack.enter_context(simulated(bench.folder, name, window_seconds=pace.window, latency=pace.answer))
    discogs.open_account(WHO, records=0)
    home = stack.enter_context(house(bench, name, discogs, DISCOGS_REQUESTS_PER_WINDOW=str(pace.limit)))
    users = [uuid4() for _ in range(ledger.users)]
    job = Asked(who=WHO, steps=LASTING)
    home.enqueue_together((user, ASK, job) for user in islice(cycle(users), ledger.jobs))
    return home


def _granted(home: House) -> int:
    return home.resources.limiter.snapshot().granted


def _cost(home: House, calls: Calls, grants: int) -> Cost:
    call_ups = []
    for _ in range(LOOKS):
        with suppress(_NotMeant), home.resources.pool.transaction() as conn:
            began = time.perf_counter()
            line.call_up(conn, lane=Lane.IMPORT, takes_token=True, room=ROOM, call_seconds=1.0)
            call_ups.append((time.perf_counter() - began) * 1000)
            raise _NotMeant
    with home.resources.pool.transaction() as conn:
        waiting = conn.execute(b"SELECT count(*) AS waiting FROM rekkrd.jobs WHERE finished_at IS NULL").fetchone()
    return Cost(grants, calls.count, calls.microseconds, call_ups, waiting["waiting"] if waiting else 0)


class _NotMeant(Exception):
    """Rolls a calling-up back: the next one finds the line as it was."""
