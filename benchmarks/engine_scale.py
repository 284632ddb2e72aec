"""A hundred thousand jobs through each entry point, and drained by one worker with a job that does nothing.

Each entry point is also measured with a tenth of the jobs, both from an empty table: the cost of a job must not grow
with the number of jobs. One by one, Python makes 1,000 calls in a transaction and SQL makes all of them in one: that
was quadratic.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import psutil
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from api.settings import ApiSettings
from benchmarks.engine_ours import NOTHING
from benchmarks.figures import Bench, Outcome, at_most, told
from benchmarks.house import House, house
from benchmarks.processes import Process, ProcessFailed
from benchmarks.simulated import Simulated
from db.pool import Pool
from workers.enqueue import NewJob, Origin, enqueue, enqueue_many

SENTENCE = "100,000 jobs enqueued through each entry point, and drained."

MANY, FEW = 100_000, 10_000
QUICK = 200
AT_MOST_RATIO = 1.5  # cost of a job among ten times as many
ARRAY = 10_000  # jobs of one array or HTTP request
TRANSACTION = 1000  # calls of the Python function in one transaction
STATEMENT_SECONDS = "600"
DRAIN_SECONDS = 1800.0
OPERATOR = "operator-" + "o" * 24
LIVE = b"SELECT count(*) AS jobs FROM rekkrd.jobs WHERE state IN ('pending', 'running', 'retrying')"

Enqueue = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Run:
    """One entry point with one number of jobs. Memory in MB: the growth of this process, and the peak of the worker."""

    seconds: float
    client_mb: float
    drain_seconds: float = 0.0
    worker_mb: float = 0.0


def run(bench: Bench) -> Outcome:
    """Measure each entry point with few and many jobs; drain the many."""
    few, many = (QUICK // 10, QUICK) if bench.is_quick else (FEW, MANY)
    nowhere = Simulated("http://127.0.0.1:9", 60.0)
    runs: dict[str, tuple[Run, Run]] = {}
    with _home(bench, nowhere) as home, _entry_points(home) as entry_points:
        for nth, (name, ask) in enumerate(entry_points.items()):
            first = _measured(home, ask, few)
            runs[name] = (first, _measured(home, ask, many, is_drained=True))
            bench.track("entry points", nth + 1, len(entry_points))
    nowhere.close()
    figures = []
    for name, (one, ten) in runs.items():
        ratio = (ten.seconds / many) / (one.seconds / few)
        figures += [
            at_most(f"{name}: cost of a job, of that among a tenth of the jobs", ratio, AT_MOST_RATIO, "times"),
            told(f"{name}: enqueued", many / ten.seconds, "a second"),
            told(f"{name}: memory of the caller", ten.client_mb, "MB"),
            told(f"{name}: drained", many / ten.drain_seconds, "a second"),
            told(f"{name}: memory of the worker", ten.worker_mb, "MB"),
        ]
    return Outcome(
        figures,
        {
            "jobs": many,
            "seconds": {name: [one.seconds, ten.seconds] for name, (one, ten) in runs.items()},
            "drain_seconds": {name: ten.drain_seconds for name, (_, ten) in runs.items()},
        },
    )


@contextmanager
def _home(bench: Bench, nowhere: Simulated) -> Iterator[House]:
    settings = {"REKKRD_DATABASE_TIMEOUT_SECONDS": STATEMENT_SECONDS, "REKKRD_API_TOKENS_OPERATOR": OPERATOR}
    with house(bench, "engine_scale", nowhere, **settings) as home:
        home.know(NOTHING)
        yield home


@contextmanager
def _entry_points(home: House) -> Iterator[dict[str, Enqueue]]:
    """Open every entry point. SQL calls the function behind rekkrd.enqueue, because this kind has no user."""
    with TestClient(create_app(ApiSettings(tokens_operator=SecretStr(OPERATOR)), home.resources)) as client:
        pool = home.resources.pool
        yield {
            "Python, one by one": partial(_python, pool),
            f"Python, arrays of {ARRAY:,}": partial(_python_array, pool),
            "SQL, one by one in one transaction": partial(_sql, pool),
            "SQL, one array": partial(_sql_array, pool),
            f"HTTP, requests of {ARRAY:,}": partial(_http, client),
        }


def _pieces(jobs: int, most: int) -> Iterator[int]:
    """Divide a number of jobs into pieces of at most so many."""
    for begin in range(0, jobs, most):
        yield min(most, jobs - begin)


def _python(pool: Pool, jobs: int) -> None:
    for piece in _pieces(jobs, TRANSACTION):
        with pool.transaction() as conn:
            for _ in range(piece):
                enqueue(conn, NOTHING.name, origin=Origin.OPERATOR)


def _python_array(pool: Pool, jobs: int) -> None:
    for piece in _pieces(jobs, ARRAY):
        with pool.transaction() as conn:
            enqueue_many(conn, [NewJob(NOTHING.name)] * piece, origin=Origin.OPERATOR)


def _sql(pool: Pool, jobs: int) -> None:
    with pool.transaction() as conn:
        conn.execute(
            b"SELECT count(*) FROM generate_series(1, %s) AS n CROSS JOIN LATERAL "
            b"rekkrd.enqueue_jobs(CASE WHEN n > 0 THEN '[{\"kind\": \"nothing\"}]'::jsonb END, 'operator') AS e",
            [jobs],
        )


def _sql_array(pool: Pool, jobs: int) -> None:
    with pool.transaction() as conn:
        conn.execute(
            b"SELECT count(*) FROM rekkrd.enqueue_jobs("
            b"(SELECT jsonb_agg(jsonb_build_object('kind', 'nothing')) FROM generate_series(1, %s)), 'operator')",
            [jobs],
        )


def _http(client: TestClient, jobs: int) -> None:
    for piece in _pieces(jobs, ARRAY):
        body = {"jobs": [{"kind": NOTHING.name}] * piece}
        answer = client.post("/api/jobs", json=body, headers={"Authorization": f"Bearer {OPERATOR}"})
        if answer.status_code != 202:
            raise ProcessFailed(f"POST /api/jobs: {answer.status_code} {answer.text[:300]}")


def _measured(home: House, ask: Enqueue, jobs: int, *, is_drained: bool = False) -> Run:
    """Enqueue from an empty table, and perhaps drain it."""
    with home.resources.pool.transaction() as conn:
        conn.execute(b"TRUNCATE rekkrd.jobs, rekkrd.turns CASCADE")
    this = psutil.Process()
    before = this.memory_info().rss
    began = time.perf_counter()
    ask(jobs)
    seconds = time.perf_counter() - began
    grown = max(0, this.memory_info().rss - before) / 1e6
    if not is_drained:
        return Run(seconds, grown)
    with home.worker("drain", [sys.executable, "-m", "benchmarks.engine_ours"]) as worker:
        drained, peak = _drained(home, worker)
    return Run(seconds, grown, drained, peak)


def _drained(home: House, worker: Process) -> tuple[float, float]:
    """Wait until no job is live; return the seconds and the highest memory of the worker in MB."""
    began, peak = time.monotonic(), 0.0
    process = psutil.Process(worker.pid)
    while True:
        peak = max(peak, process.memory_info().rss / 1e6)
        with home.resources.pool.transaction() as conn:
            row = conn.execute(LIVE).fetchone() or {}
        seconds = time.monotonic() - began
        if not row.get("jobs"):
            return seconds, peak
        if seconds > DRAIN_SECONDS:
            raise ProcessFailed(f"{row['jobs']} jobs were left after {seconds:.0f} s.")
        time.sleep(0.2)
