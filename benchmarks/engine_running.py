"""How soon an idle engine begins a job, what idling costs, how fast it goes, and how soon a dead worker is replaced.

Each engine has storage of its own on the same PostgreSQL and Valkey, eight threads, and a job that says when it began.
"Tuned" is what its documentation offers for the purpose. Start: one job at a time, at random moments; from before it
is handed over to its first instruction. Steps: a thousand jobs that lie there already. Take-over: two workers, the one
that began a long job is killed with -9; to the first instruction of the same job elsewhere.
"""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack

import redis

from benchmarks.engine_dramatiq import HEARTBEAT_MS, MAINTENANCE
from benchmarks.engine_procrastinate import HEARTBEAT, STALLED
from benchmarks.engines import THREADS, Engine, bare_dramatiq, bare_procrastinate, ours
from benchmarks.figures import Bench, Figure, Outcome, at_most, quantile, told
from benchmarks.processes import ProcessFailed

SENTENCE = "An idle start, idle commands, steps a second and take-over, beside bare Dramatiq and Procrastinate."

LISTENING_SECONDS, POLLING_SECONDS, IDLE_COMMANDS = 0.1, 1.2, 5.0
AFTER_A_KILL = 15.0
PATIENCE_SECONDS = 100.0  # for a take-over; who takes longer is told as this
LONG_SECONDS = 600.0

Open = Callable[[Bench], AbstractContextManager[Engine]]

AS_THEY_COME: dict[str, Open] = {
    "ours": ours,
    "ours, without LISTEN": lambda bench: ours(bench, "ours, without LISTEN", DATABASE_DIRECT_URL=""),
    "dramatiq": lambda bench: bare_dramatiq(bench, "dramatiq", 1),
    "procrastinate": lambda bench: bare_procrastinate(bench, "procrastinate", concurrency=THREADS),
}
FOR_TAKE_OVER: dict[str, Open] = {
    "ours": lambda bench: ours(bench, "ours for take-over"),
    "dramatiq": lambda bench: bare_dramatiq(bench, "dramatiq for take-over", 2),
    "dramatiq, tuned": lambda bench: bare_dramatiq(
        bench, "dramatiq tuned", 3, **{HEARTBEAT_MS: "5000", MAINTENANCE: "1000000"}
    ),
    "procrastinate": lambda bench: bare_procrastinate(bench, "procrastinate for take-over", concurrency=THREADS),
    "procrastinate, tuned": lambda bench: bare_procrastinate(
        bench,
        "procrastinate tuned",
        concurrency=THREADS,
        rescue="*/5 * * * * *",
        **{HEARTBEAT: "2", STALLED: "5"},
    ),
}


def _ours_in_short(bench: Bench) -> AbstractContextManager[Engine]:
    return ours(bench, "ours in short", REKKRD_LEASE_SECONDS="1", REKKRD_DISPATCH_SECONDS="0.2")


def run(bench: Bench) -> Outcome:
    """Measure one engine after the other, then all take-overs side by side: these are waiting."""
    shots, idle_seconds, steps = (1, 0.5, 20) if bench.is_quick else (40, 30.0, 1000)
    starts: dict[str, list[float]] = {}
    rates: dict[str, float] = {}
    idle = 0.0
    for name, open_engine in AS_THEY_COME.items():
        with open_engine(bench) as engine, engine.worker():
            starts[name] = _starts(bench, engine, shots)
            if name == "ours":
                idle = _idle_commands(bench, idle_seconds)
            rates[name] = _rate(engine, steps)
    took = _take_overs(bench)
    return Outcome(
        [*_figures_of_starts(starts), at_most("idle: Redis commands", idle, IDLE_COMMANDS, "a second")]
        + [told(f"steps: {name}", rate, "a second") for name, rate in rates.items()]
        + [
            at_most(f"take-over: {name}", seconds, AFTER_A_KILL, "s")
            if name == "ours"
            else told(f"take-over: {name}" + (", not within" if seconds >= PATIENCE_SECONDS else ""), seconds, "s")
            for name, seconds in took.items()
        ],
        {"starts": starts, "take_overs": took},
    )


def _figures_of_starts(starts: dict[str, list[float]]) -> list[Figure]:
    targets = {"ours": LISTENING_SECONDS, "ours, without LISTEN": POLLING_SECONDS}
    figures = []
    for name, seconds in starts.items():
        p95 = quantile(seconds, 0.95)
        figures.append(
            at_most(f"idle start, p95: {name}", p95, targets[name], "s")
            if name in targets
            else told(f"idle start, p95: {name}", p95, "s")
        )
        figures.append(told(f"idle start, p50: {name}", quantile(seconds, 0.5), "s"))
    return figures


def _starts(bench: Bench, engine: Engine, shots: int) -> list[float]:
    """Hand over one job after the other to an idle engine; seconds from before that until each began."""
    rng = random.Random(4)
    found = []
    for number in range(shots):
        time.sleep(rng.uniform(0.3, 1.3))  # the poll of whoever polls is met at any moment
        before = time.monotonic()
        engine.enqueue(number, 0.0)
        if not engine.wait(lambda began, number=number: number in began, PATIENCE_SECONDS):  # type: ignore[misc]
            raise ProcessFailed(f"{engine.name} did not begin a job in {PATIENCE_SECONDS:.0f} s.")
        found.append(engine.began()[number][0] - before)
        bench.track(f"starts: {engine.name}", number + 1, shots)
    return found


def _idle_commands(bench: Bench, seconds: float) -> float:
    """Commands a second that Valkey runs while nothing happens, scripts' own included."""
    with redis.Redis.from_url(bench.servers.redis_url) as client:
        time.sleep(1.0)
        before, began = client.info("stats")["total_commands_processed"], time.monotonic()
        time.sleep(seconds)
        after, ended = client.info("stats")["total_commands_processed"], time.monotonic()
    return float((after - before - 1) / (ended - began))


def _rate(engine: Engine, steps: int) -> float:
    """Steps a second through what lies there: from the first that began to the last."""
    numbers = range(1_000_000, 1_000_000 + steps)
    engine.enqueue_many(numbers)
    if not engine.wait(lambda began: all(number in began for number in numbers), PATIENCE_SECONDS):
        raise ProcessFailed(f"{engine.name} did not do {steps} jobs in {PATIENCE_SECONDS:.0f} s.")
    stamps = [stamp for number, found in engine.began().items() if number in numbers for stamp in found]
    return (len(stamps) - 1) / (max(stamps) - min(stamps))


def _take_overs(bench: Bench) -> dict[str, float]:
    chosen = {"ours": _ours_in_short} if bench.is_quick else FOR_TAKE_OVER
    with ThreadPoolExecutor(len(chosen)) as threads:
        waiting = {name: threads.submit(_take_over, bench, open_engine) for name, open_engine in chosen.items()}
        return {name: future.result() for name, future in waiting.items()}


def _take_over(bench: Bench, open_engine: Open) -> float:
    """Kill the worker that has a long job; seconds until it began elsewhere, PATIENCE_SECONDS when it did not."""
    with ExitStack() as stack:
        engine = stack.enter_context(open_engine(bench))
        workers = [stack.enter_context(engine.worker()) for _ in range(2)]
        engine.enqueue(1, LONG_SECONDS)
        if not engine.wait(lambda began: 1 in began, PATIENCE_SECONDS):
            raise ProcessFailed(f"{engine.name} did not begin its job.")
        (holder,) = (worker for worker in workers if "began 1 " in worker.said())
        holder.kill()
        killed_at = time.monotonic()
        engine.wait(lambda began: len(began[1]) > 1, PATIENCE_SECONDS)
        again = [stamp for stamp in engine.began()[1] if stamp > killed_at]
        for worker in workers:
            worker.kill()
        return min(again) - killed_at if again else PATIENCE_SECONDS
