"""How long a job waits for its next claim after its worker was killed, was stopped, or hangs, with default settings.

Two workers share a line. The one that holds a job's step is killed with -9 (or stopped with SIGSTOP) at a random moment
of the step, and the watch runs until the job's row shows the next claim; a look takes place every 25 ms. Before each
kill both workers have run for longer than a lease, as in a fleet that is not being deployed: a younger one does not yet
judge the others by their presence sessions, and the lease has to expire. For the hang a
job sleeps in the middle of its step while its process and the renewal of its leases go on as ever: only the step's
deadline can end that.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from statistics import median

from actors.catalog import IMPORT_COLLECTION
from benchmarks.figures import Bench, Figure, Outcome, at_most, told
from benchmarks.hanging import HANG
from benchmarks.house import House, house
from benchmarks.processes import Process, ProcessFailed
from benchmarks.simulated import Simulated, simulated
from db import presence
from db.jobs import NOBODY, Job

SENTENCE = "Seconds from kill -9, SIGSTOP or a hang to the next claim of the same job."

AFTER_A_KILL, AFTER_A_HANG = 2.0, 75.0
P95 = 0.95
LOOK_SECONDS = 0.025
MARGIN_SECONDS = 0.5
LONGEST_STEP_SECONDS = 1.2  # a moment of a step is chosen from this: the wait for a token and the answer
ANSWERS = 1.0
RECORDS = 40_000
PATIENCE_SECONDS = 200.0
# What --quick shortens; the truth is measured with the defaults.
SHORT = {
    "REKKRD_LEASE_SECONDS": "1",
    "REKKRD_STEP_DEADLINE_SECONDS": "2",
    "REKKRD_TOKEN_WAIT_SECONDS": "1",
    "DISCOGS_DEADLINE_SECONDS": "1",
    "REKKRD_DISPATCH_SECONDS": "0.2",
    "REKKRD_CALL_SECONDS": "1",
}


@dataclass(slots=True)
class Waits:
    """Seconds from a blow to the next claim."""

    killed: list[float] = field(default_factory=list)
    stopped: list[float] = field(default_factory=list)


def run(bench: Bench) -> Outcome:
    """Measure in several fleets side by side: it is all waiting."""
    fleets, kills, stops = (1, 1, 1) if bench.is_quick else (2, 10, 2)
    settings = SHORT if bench.is_quick else {}
    with (
        simulated(bench.folder, "discogs", limit=1_000_000, latency=ANSWERS) as discogs,
        ThreadPoolExecutor(fleets + 1) as threads,
    ):
        hang = threads.submit(_hang, bench, discogs, settings)
        found = [
            threads.submit(_blows, bench, discogs, settings, f"fleet-{number}", ["kill"] * kills + ["stop"] * stops)
            for number in range(fleets)
        ]
        killed = [seconds for one in found for seconds in one.result().killed]
        stopped = [seconds for one in found for seconds in one.result().stopped]
        hung = hang.result()
    return Outcome(
        [
            *_figures("kill -9 to the next claim", killed),
            at_most("kill -9 to the next claim: p95", _p95(killed), AFTER_A_KILL, "s"),
            *_figures("SIGSTOP to the next claim", stopped),
            at_most("SIGSTOP to the next claim: p95", _p95(stopped), AFTER_A_HANG, "s"),
            at_most("a hanging step: claim to the next claim", hung, AFTER_A_HANG, "s"),
        ],
        {"killed": killed, "stopped": stopped, "hung": [hung]},
    )


def _p95(seconds: Sequence[float]) -> float:
    """Return the value that 95 % of the runs did not exceed."""
    return sorted(seconds)[max(0, ceil(len(seconds) * P95) - 1)]


def _figures(name: str, seconds: Sequence[float]) -> list[Figure]:
    return [
        told(f"{name}: runs", len(seconds)),
        told(f"{name}: shortest", min(seconds), "s"),
        told(f"{name}: median", median(seconds), "s"),
        told(f"{name}: longest", max(seconds), "s"),
    ]


def _blows(bench: Bench, discogs: Simulated, settings: dict[str, str], name: str, plan: Sequence[str]) -> Waits:
    """Kill and stop the workers of one fleet, one after the other; each is replaced."""
    chance, waits = random.Random(name), Waits()
    collector = discogs.open_account(name, records=RECORDS)
    with house(bench, name, discogs, **settings) as home, ExitStack() as stack:
        (job,) = home.enqueue(home.move_in(collector), IMPORT_COLLECTION)
        workers = [stack.enter_context(home.worker(f"worker-{number}")) for number in range(2)]
        names = (f"worker-{number}" for number in count(2))
        left = list(plan)
        lease_seconds = home.resources.settings.engine.lease_seconds
        while left:
            _wait_for_presence(home, lease_seconds)
            held, victim = _holder(home, job, workers, chance)
            began = time.monotonic()
            (victim.kill if left[0] == "kill" else victim.stop)()
            if _look(home, job).fence == held.fence:  # else another worker had begun the next step before the blow
                after = _wait_for_claim(home, job, held.fence)
                (waits.killed if left.pop(0) == "kill" else waits.stopped).append(round(time.monotonic() - began, 3))
                _wait_for_step(home, job, after.steps)  # so that no two crashes meet at one checkpoint
                bench.track(f"{name}: workers killed or stopped", len(plan) - len(left), len(plan))
            victim.kill()
            workers.remove(victim)
            workers.append(stack.enter_context(home.worker(next(names))))
    return waits


def _wait_for_presence(home: House, lease_seconds: float) -> None:
    """Wait until two workers have been there for longer than a lease."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with home.resources.pool.transaction() as conn:
            if presence.count_sessions(conn, older_than=lease_seconds + MARGIN_SECONDS) >= 2:
                return
        if time.monotonic() > deadline:
            raise ProcessFailed("The workers did not register their presence sessions.")
        time.sleep(LOOK_SECONDS)


def _holder(home: House, job: Job, workers: Sequence[Process], chance: random.Random) -> tuple[Job, Process]:
    """Wait for a random moment at which a worker holds the job's step; return the row and that worker."""
    while True:
        _wait_for(home, job, lambda row: row.leased_by is not None)
        time.sleep(chance.uniform(0.0, LONGEST_STEP_SECONDS))
        held = _look(home, job)
        for worker in workers:
            if f":{worker.pid}:" in (held.leased_by or ""):
                return held, worker


def _hang(bench: Bench, discogs: Simulated, settings: dict[str, str]) -> float:
    """Let a step hang in a worker that lives, and return the seconds from its claim to the next."""
    with house(bench, "hanging", discogs, **settings) as home:
        (job,) = home.enqueue(NOBODY, HANG)
        with ExitStack() as stack:
            command = [sys.executable, "-m", "benchmarks.hanging"]
            worker = stack.enter_context(home.worker("worker", command))
            _wait_for(home, job, lambda row: row.fence == 1)
            began = time.monotonic()

            def tell(row: Job) -> bool:
                bench.track("seconds of a hanging step", time.monotonic() - began, AFTER_A_HANG)
                return row.fence == 2

            _wait_for(home, job, tell)
            seconds = time.monotonic() - began
            worker.kill()
    return seconds


def _wait_for_claim(home: House, job: Job, fence: int) -> Job:
    return _wait_for(home, job, lambda row: row.fence > fence)


def _wait_for_step(home: House, job: Job, steps: int) -> Job:
    return _wait_for(home, job, lambda row: row.steps > steps)


def _wait_for(home: House, job: Job, is_so: Callable[[Job], bool]) -> Job:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so(row := _look(home, job)):
        if time.monotonic() > deadline or not row.state.is_live:
            raise ProcessFailed(f"The job is {row.state}, and what was waited for did not happen.")
        time.sleep(LOOK_SECONDS)
    return row


def _look(home: House, job: Job) -> Job:
    return home.look([job])[0]
