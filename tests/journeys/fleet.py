"""A fleet of real processes for one journey: people, imports, workers, and whatever happens to them."""

import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST, REFRESH_PRICES
from cli.servers import Servers
from db import jobs, links, users
from db.errors import MayBeRetried
from db.jobs import NOBODY, Job
from db.links import Credentials
from db.pool import Pool
from db.sealing import Keys
from tests.journeys import oracle
from tests.journeys.simulated import Json, Simulated
from tests.journeys.spending import Span, Spending, spending
from tests.journeys.worker import REKKRD_WORKER, Worker
from tests.new_jobs import enqueue
from workers.kinds import Kind

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
LIMIT = 55
PER_PAGE = 100
BUSY_PEOPLE = 5  # with fewer at work a token may wait for a person: one conversation with Discogs each
LOOK_SECONDS = 0.03
NOT_OURS = ("DATABASE_", "REDIS_", "DISCOGS_", "REKKRD_")


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of one journey in seconds: about a tenth of the true ones, as far as processes can follow.

    ``least_use`` is asked for where the window is long: a short one measures how busy the machine is.
    """

    window: float = 6.0
    send_deadline: float = 0.5
    answer_deadline: float = 4.0
    deadline: float = 2.0
    lease: float = 1.5
    call: float = 1.5
    step_deadline: float = 8.0
    backoff: float = 0.3
    least_use: float = 0.0

    @property
    def patience(self) -> float:
        """How long to wait for what must come; it only bounds a journey that would hang."""
        return 90.0 if self.window < 60 else 900.0

    @property
    def cold_start(self) -> float:
        """How long after the budget was forgotten a step may wait: the limiter's pause, or a call that was lost."""
        return max(self.call, self.send_deadline + self.window / LIMIT + 1.0) + 1.0

    def environment(self) -> dict[str, str]:
        return {
            "DISCOGS_WINDOW_SECONDS": str(self.window),
            "REKKRD_SEND_DEADLINE_SECONDS": str(self.send_deadline),
            "REKKRD_ANSWER_DEADLINE_SECONDS": str(self.answer_deadline),
            "DISCOGS_DEADLINE_SECONDS": str(self.deadline),
            "REKKRD_LEASE_SECONDS": str(self.lease),
            "REKKRD_CALL_SECONDS": str(self.call),
            "REKKRD_STEP_DEADLINE_SECONDS": str(self.step_deadline),
            "REKKRD_BACKOFF_SECONDS": str(self.backoff),
        }


SHORT_TIMING = Timing()
TRUE_TIMING = Timing(60.0, 1.0, 60.0, 45.0, 10.0, 10.0, 60.0, 5.0, least_use=0.95)


@dataclass(frozen=True, slots=True)
class Person:
    """A collector on both sides."""

    user_id: UUID
    username: str


@dataclass
class Fleet:
    """What a journey has in hand.

    ``lost`` counts steps that were under way when their worker died: each may have lost one request.
    """

    folder: Path
    servers: Servers
    database_url: str
    redis_url: str
    discogs: Simulated
    timing: Timing
    pool: Pool
    lost: int = 0
    outages: list[Span] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        """Add a price refresh that is due in months: it stands for the one that imports would enqueue."""
        with self.pool.transaction() as conn:
            enqueue(conn, REFRESH_PRICES, NOBODY, run_at=datetime.now(UTC) + timedelta(days=300))

    # People and their work

    def person(self, *, records: int, wants: int = 0, username: str | None = None, **account: Any) -> Person:
        """Make a collector with an account of that size, connected by a personal token."""
        username = username or f"collector_{len(self.people) + 1}"
        opened = self.discogs.open_account(username, records=records, wants=wants, **account)
        with self.pool.transaction() as conn:
            user = users.create(conn, username, tier="archivist")
            links.connect(
                conn,
                Keys.parse(KEY),
                user.id,
                username=username,
                discogs_user_id=opened["id"],
                credentials=Credentials("personal", opened["personal_token"]),
            )
        person = Person(user.id, username)
        self.people.append(person)
        return person

    def crowd(self, *sizes: int, wants: int = 30) -> list[Person]:
        """Make several collectors with so many records each."""
        return [self.person(records=size, wants=wants) for size in sizes]

    def start_import(self, person: Person, kind: Kind[Any, Any] = IMPORT_COLLECTION) -> Job:
        with self.pool.transaction() as conn:
            return enqueue(conn, kind, person.user_id).job

    def start_imports(self) -> list[Job]:
        """Import collection and wantlist of everybody."""
        return [
            self.start_import(person, kind) for person in self.people for kind in (IMPORT_COLLECTION, IMPORT_WANTLIST)
        ]

    def requests_needed(self) -> int:
        """What importing everybody once costs: identity, folders, fields, and the pages of both lists."""
        return sum(
            3 + max(1, -(-len(truth["instances"]) // PER_PAGE)) + max(1, -(-len(truth["wants"]) // PER_PAGE))
            for truth in map(self.truth, self.people)
        )

    def truth(self, person: Person) -> Json:
        return self.discogs.truth(person.username)

    # Workers

    def environment(self) -> dict[str, str]:
        """All that a worker is told."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
        return {
            **kept,
            "DATABASE_URL": self.database_url,
            "DATABASE_DIRECT_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "DISCOGS_OAUTH_ENCRYPTION_KEY": KEY,
            "DISCOGS_API_URL": self.discogs.url,
            "DISCOGS_REQUESTS_PER_WINDOW": str(LIMIT),
            "REKKRD_LOG_FORMAT": "json",
            "REKKRD_LOG_LEVEL": "debug",  # when steps wait for their token stands there
            "REKKRD_DATA_DIR": str(self.folder / "data"),
            **self.timing.environment(),
        }

    def launch(self, command: Sequence[str] = REKKRD_WORKER, **changed: str) -> Worker:
        """Start a worker without waiting for it."""
        log = self.folder / f"worker-{len(self.workers) + 1}.log"
        worker = Worker({**self.environment(), **changed}, log, command)
        self._stack.callback(worker.kill)
        self.workers.append(worker)
        return worker

    def start_workers(self, count: int = 1, command: Sequence[str] = REKKRD_WORKER, **changed: str) -> list[Worker]:
        """Start workers and wait until they look at the line."""
        started = [self.launch(command, **changed) for _ in range(count)]
        for worker in started:
            worker.wait_until_started()
        return started

    def kill(self, worker: Worker) -> None:
        """Kill with -9 at whatever instruction it is; the steps that it held may each have lost a request."""
        worker.stop()
        self.lost += len(self.held_by(worker))
        worker.kill()

    def stop_while(self, worker: Worker, is_so: Callable[[Json], bool]) -> list[Json]:
        """Stop a worker while it has a step in hand of which this is so; return all that it has in hand."""
        while True:
            self.wait_until(lambda: any(map(is_so, self.held_by(worker))), "it has no such step in hand")
            worker.stop()
            held = self.held_by(worker)
            if any(map(is_so, held)):
                return held
            worker.wake()

    def held_by(self, worker: Worker) -> list[Json]:
        """The jobs whose step this worker has under way."""
        return self.rows("SELECT * FROM rekkrd.jobs WHERE split_part(leased_by, ':', 2) = %s", str(worker.pid))

    def held(self) -> list[Json]:
        """The jobs with a step under way anywhere."""
        return self.rows("SELECT * FROM rekkrd.jobs WHERE leased_until IS NOT NULL")

    @contextmanager
    def outage(self, settle_seconds: float = 0.0) -> Iterator[None]:
        """Announce that the fleet cannot send inside the block, and for a while that it needs to find itself again."""
        since = time.time()
        yield
        self.outages.append(Span(since, time.time() + settle_seconds))

    # Waiting

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        """Look until it is so."""
        deadline = time.monotonic() + self.timing.patience
        while True:
            with suppress(MayBeRetried, psycopg.OperationalError):
                if is_so():
                    return
            assert time.monotonic() < deadline, f"{what}; still live: {self._live()}; {self._last_words()}"
            time.sleep(LOOK_SECONDS)

    def wait_until_over(self) -> None:
        """Wait until no job is live."""
        self.wait_until(lambda: not self._live(), "the jobs did not end")

    def wait_for_steps(self, steps: int) -> bool:
        """Wait until so many steps were taken by all jobs together; False when all jobs ended before."""
        self.wait_until(lambda: self.steps() >= steps or not self._live(), f"step {steps} did not come")
        return self.steps() >= steps and bool(self._live())

    def steps(self) -> int:
        return int(self.rows("SELECT coalesce(sum(steps), 0) AS steps FROM rekkrd.jobs")[0]["steps"])

    # Judging

    def complaints(self, *, gone: Mapping[Person, frozenset[int]] | None = None) -> list[str]:
        """What the oracle has to say, about everybody and the ledger."""
        with self._connection() as conn:
            return self._complaints(conn, gone or {})

    def _complaints(self, conn: psycopg.Connection[Json], gone: Mapping[Person, frozenset[int]]) -> list[str]:
        said = oracle.ledger_complaints(conn)
        for person in self.people:
            left = gone.get(person, frozenset())
            said += oracle.complaints(conn, person.user_id, self.truth(person), gone=left)
        return said

    @contextmanager
    def tampered(self, statement: Any) -> Iterator[list[str]]:
        """What the oracle says when this was done behind our backs; undone afterwards."""
        with self._connection() as conn, conn.transaction(force_rollback=True):
            conn.execute(statement)
            yield self._complaints(conn, {})

    def spending(self) -> Spending:
        """What was spent while work waited: from the first request until only a few people were still at work."""
        arrivals = self.discogs.arrivals()
        ends = self.rows(
            "SELECT extract(epoch FROM max(finished_at))::float8 AS at FROM rekkrd.jobs "
            "WHERE finished_at IS NOT NULL GROUP BY user_id ORDER BY 1 DESC"
        )
        waited_until = ends[min(BUSY_PEOPLE, len(ends)) - 1]["at"]
        return spending(
            arrivals,
            window=self.timing.window,
            limit=LIMIT,
            busy=Span(min(one.wall for one in arrivals), waited_until),
            waits=[wait for worker in self.workers for wait in worker.waits()],
            outages=self.outages,
            hold=self.timing.answer_deadline,
        )

    def report(self, text: str = "") -> Spending:
        """Say what was spent, where `pytest -rP` and a failure show it, and return it."""
        spent = self.spending()
        sys.stdout.write(f"{text}{spent}\n")
        return spent

    def rows(self, statement: Any, *values: Any) -> list[Json]:
        with self._connection() as conn:
            return conn.execute(statement, values).fetchall()

    def jobs(self, found: Sequence[Job]) -> list[Job]:
        """These jobs as they are now."""
        with self.pool.transaction() as conn:
            return [now for each in found if (now := jobs.find(conn, each.id)) is not None]

    def _connection(self) -> psycopg.Connection[Json]:
        return psycopg.connect(self.database_url, autocommit=True, row_factory=dict_row)

    def _live(self) -> list[str]:
        rows = self.rows(
            "SELECT id, kind, state, error FROM rekkrd.jobs"
            f" WHERE state NOT IN ('completed', 'failed', 'cancelled') AND NOT {oracle.IS_NOT_STARTED_SYSTEM_JOB}"
        )
        return [f"{row['kind']} {row['id']} {row['state']} {row['error'] or ''}" for row in rows]

    def _last_words(self) -> str:
        return "\n".join(line for worker in self.workers for line in worker.said().splitlines()[-10:])

    def close(self) -> None:
        """End every process, whatever happened."""
        self._stack.close()


def kill_now_and_then(fleet: Fleet, *, times: int, seed: int) -> int:
    """Kill a worker that has work in hand at seeded random steps, start another in its place; return how many died.

    A job whose step died twice is spared: the third time would rightly end it, and another journey shows that.
    """
    rng = random.Random(seed)
    killed = 0
    for steps in sorted(rng.sample(range(3, fleet.requests_needed() - 15), times)):
        while fleet.wait_for_steps(steps):
            if _has_killed_one(fleet, rng):
                killed += 1
                break
            time.sleep(LOOK_SECONDS)
    return killed


def _has_killed_one(fleet: Fleet, rng: random.Random) -> bool:
    at_work = [worker for worker in fleet.workers if worker.is_alive and fleet.held_by(worker)]
    rng.shuffle(at_work)
    for worker in at_work:
        worker.stop()
        held = fleet.held_by(worker)
        if held and max(job["crashes"] for job in held) < 2:
            fleet.lost += len(held)
            worker.kill()
            fleet.launch()
            return True
        worker.wake()
    return False
