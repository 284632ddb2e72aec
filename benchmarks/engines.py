"""Three engines with one job that does nothing: ours, bare Dramatiq and Procrastinate, as they come and tuned."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import redis

from benchmarks import engine_dramatiq as dramatiq
from benchmarks import engine_procrastinate as procrastinate
from benchmarks.engine_ours import NOTHING, Asked
from benchmarks.engine_work import begun
from benchmarks.figures import Bench
from benchmarks.house import house
from benchmarks.processes import Process, running
from benchmarks.simulated import Simulated
from workers.enqueue import NewJob, Origin, enqueue, enqueue_many

THREADS = 8
NOWHERE = "http://127.0.0.1:9"  # no job of these speaks to Discogs

Enqueue = Callable[[int, float], object]  # a job's number, and for how long it works


@dataclass(slots=True)
class Engine:
    """One engine on storage of its own: ways to hand over work, and to start workers that say when work begins."""

    name: str
    enqueue: Enqueue
    enqueue_many: Callable[[range], object]
    command: list[str]
    environment: dict[str, str]
    is_ready: Callable[[str], bool]
    folder: Path
    workers: list[Process] = field(default_factory=list)

    @contextmanager
    def worker(self) -> Iterator[Process]:
        """Run one worker that is ready when the context begins."""
        log = self.folder / f"{uuid4().hex}.log"
        with running(self.command, self.environment, log) as process:
            process.wait_until(self.is_ready)
            self.workers.append(process)
            try:
                yield process
            finally:
                self.workers.remove(process)

    def began(self) -> dict[int, list[float]]:
        """Read when each job began, by the monotonic clock, from what all workers said."""
        found: dict[int, list[float]] = {}
        for process in self.workers:
            for number, stamp in begun(process.said()):
                found.setdefault(number, []).append(stamp)
        return found

    def wait(self, is_so: Callable[[dict[int, list[float]]], bool], seconds: float) -> bool:
        """Wait until what began is as asked for; False when it is not so in time."""
        deadline = time.monotonic() + seconds
        while not is_so(self.began()):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


@contextmanager
def ours(bench: Bench, name: str = "ours", **settings: str) -> Iterator[Engine]:
    """Our own engine, with its defaults but for the settings named."""
    slug = name.replace(" ", "_").replace(",", "")
    nowhere = Simulated(NOWHERE, 60.0)
    with house(bench, f"engine_{slug}", nowhere, **settings) as home:
        pool = home.resources.pool
        home.know(NOTHING)

        def one(number: int, seconds: float) -> None:
            with pool.transaction() as conn:
                asked = Asked(number=number, seconds=seconds, is_told=True)
                enqueue(conn, NOTHING.name, arguments=asked, origin=Origin.OPERATOR)

        def many(numbers: range) -> None:
            with pool.transaction() as conn:
                jobs = [NewJob(NOTHING.name, arguments=Asked(number=n, is_told=True)) for n in numbers]
                enqueue_many(conn, jobs, origin=Origin.OPERATOR)

        yield Engine(
            name,
            one,
            many,
            [sys.executable, "-m", "benchmarks.engine_ours"],
            home.environment,
            lambda said: "worker_started" in said,
            bench.folder,
        )
    nowhere.close()


@contextmanager
def bare_dramatiq(bench: Bench, name: str, database: int, **tuned: str) -> Iterator[Engine]:
    """Dramatiq's own command, on a database of the same Valkey that is its own."""
    url = bench.servers.redis_url
    url = f"{url}{'&' if '?' in url else '?'}db={database}"
    broker = dramatiq.broker

    def to_it() -> None:  # its actor knows its broker since the import: the client is led to the right place each time
        broker.client.connection_pool = redis.ConnectionPool.from_url(url)

    def one(number: int, seconds: float) -> None:
        to_it()
        dramatiq.nothing.send(number, seconds, is_told=True)

    def many(numbers: range) -> None:
        to_it()
        for number in numbers:
            dramatiq.nothing.send(number, 0.0, is_told=True)

    yield Engine(
        name,
        one,
        many,
        [sys.executable, "-m", "dramatiq", "benchmarks.engine_dramatiq", "--processes", "1", "--threads", str(THREADS)],
        {**os.environ, dramatiq.REDIS_URL: url, **tuned},
        lambda said: "is ready for action" in said,
        bench.folder,
    )


def _arguments(numbers: range) -> list[dict[str, Any]]:
    return [{"number": number, "is_told": True} for number in numbers]


@contextmanager
def bare_procrastinate(
    bench: Bench, name: str, *, concurrency: int, rescue: str = "-", **tuned: str
) -> Iterator[Engine]:
    """Procrastinate's worker, on a database of the same PostgreSQL that is its own."""
    nowhere = Simulated(NOWHERE, 60.0)
    with ExitStack() as stack:
        home = stack.enter_context(house(bench, f"engine_{name.replace(' ', '_').replace(',', '')}", nowhere))
        url = home.environment["DATABASE_URL"]
        app, task = procrastinate.enqueuer(url)
        stack.enter_context(app.open())
        app.schema_manager.apply_schema()
        yield Engine(
            name,
            lambda number, seconds: task.defer(number=number, seconds=seconds, is_told=True),
            lambda numbers: task.batch_defer(*_arguments(numbers)),
            [sys.executable, "-m", "benchmarks.engine_procrastinate", url, str(concurrency), rescue],
            {**os.environ, **tuned},
            lambda said: "ready" in said,
            bench.folder,
        )
    nowhere.close()
