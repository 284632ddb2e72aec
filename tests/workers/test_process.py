"""A worker process end to end: jobs of tests' own kinds, real PostgreSQL and Valkey, no Discogs."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from threading import Event, Semaphore
from uuid import uuid4

import psycopg
import pytest

from db import Connection, jobs
from db.jobs import Job as JobRow
from db.jobs import State
from discogs.errors import Unavailable
from tests.new_jobs import enqueue
from workers.errors import JobFailed
from workers.kinds import Continue, Done, Job, Kind, NoArguments, Outcome, Plain, Progress, Step
from workers.limiter.lanes import Lane
from workers.process import WorkerProcess
from workers.resources import Resources, open_resources
from workers.settings import Settings

LEASE_IS_OVER = "SELECT FROM rekkrd.jobs WHERE id = %s AND leased_until < clock_timestamp() - interval '1 s'"
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


class Counted(Plain):
    """How far a counting job came."""

    current_page: int = 0


def kind(name: str) -> Kind[NoArguments, Counted]:
    return Kind(
        name=name,
        sentence="A job of the tests.",
        lane=Lane.IMPORT,
        arguments=NoArguments,
        checkpoint=Counted,
        unique=None,
        speaks_for_user=False,
        takes_token=False,
    )


def count_to(target: int, name: str = "count", after: timedelta | None = None) -> Job[NoArguments, Counted, int]:
    def fetch(step: Step[NoArguments, Counted]) -> int:
        return step.checkpoint.current_page + 1

    def store(_: Connection, step: Step[NoArguments, Counted], page: int) -> Outcome:
        progress = Progress(page, total=target)
        if page == target:
            return Done(f"counted to {target}", progress)
        return Continue(Counted(current_page=page), progress, takes_token=False, after=after)

    return Job(kind(name), fetch, store)


def trouble(name: str, fetch: Callable[[Step[NoArguments, Counted]], None]) -> Job[NoArguments, Counted, None]:
    return Job(kind(name), fetch, lambda _c, _s, _r: Done("went well after all", Progress(1)))


@pytest.fixture
def resources(migrated_database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resources]:
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("DATABASE_DIRECT_URL", migrated_database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DISCOGS_OAUTH_ENCRYPTION_KEY", KEY)
    monkeypatch.setenv("REKKRD_BACKOFF_SECONDS", "0.05")
    monkeypatch.setenv("REKKRD_MAX_ATTEMPTS", "3")
    monkeypatch.setenv("REKKRD_LEASE_SECONDS", "1.5")
    monkeypatch.setenv("REKKRD_DISPATCH_SECONDS", "0.1")
    with open_resources(Settings(env_file=None)) as opened:
        yield opened


@contextmanager
def working(resources: Resources, *known: Job[NoArguments, Counted, object]) -> Iterator[WorkerProcess]:
    process = WorkerProcess(resources, known)
    process.start()
    try:
        yield process
    finally:
        process.stop()


def ended(resources: Resources, row: JobRow, seconds: float = 20) -> JobRow:
    """Wait for the job to be over; the time only bounds a test that would hang."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with resources.pool.transaction() as conn:
            found = jobs.find(conn, row.id)
        assert found is not None
        if not found.state.is_live:
            return found
        time.sleep(0.02)
    raise AssertionError(f"the job is still {found.state}: {found}")


def start(resources: Resources, job: Job[NoArguments, Counted, object]) -> JobRow:
    with resources.pool.transaction() as conn:
        return enqueue(conn, job.kind, uuid4()).job


def test_a_job_goes_step_by_step_to_its_end(resources: Resources) -> None:
    job = count_to(5)
    with working(resources, job):
        over = ended(resources, start(resources, job))
    assert (over.state, over.steps, over.processed_records, over.outcome) == (
        State.COMPLETED,
        5,
        5,
        "counted to 5",
    )


def test_many_jobs_of_many_users_all_end(resources: Resources) -> None:
    job = count_to(3)
    rows = [start(resources, job) for _ in range(25)]
    with working(resources, job):
        assert {ended(resources, row).state for row in rows} == {State.COMPLETED}


def test_trouble_is_tried_again_and_then_told(resources: Resources) -> None:
    calls = []

    def fails(step: Step[NoArguments, Counted]) -> None:
        calls.append(step.job_id)
        raise Unavailable("Discogs answered 502.", status=502, endpoint="test")

    job = trouble("fails", fails)
    with working(resources, job):
        over = ended(resources, start(resources, job))
    assert (over.state, over.error_class, len(calls)) == (State.FAILED, "Unavailable", 3)
    assert over.error == "Discogs answered 502."


def test_an_attempt_that_goes_well_forgets_the_failed_ones(resources: Resources) -> None:
    calls = []

    def fails_once(step: Step[NoArguments, Counted]) -> None:
        calls.append(step.job_id)
        if len(calls) == 1:
            raise Unavailable("Discogs answered 502.", status=502, endpoint="test")

    job = trouble("fails_once", fails_once)
    with working(resources, job):
        over = ended(resources, start(resources, job))
    assert (over.state, over.error, over.attempts) == (State.COMPLETED, None, 0)


def test_an_error_that_postgresql_cannot_store_as_it_is_is_told_all_the_same(resources: Resources) -> None:
    def fails(_: Step[NoArguments, Counted]) -> None:
        raise JobFailed("Odd", "Discogs said \0 and \ud800.")

    job = trouble("odd", fails)
    with working(resources, job):
        over = ended(resources, start(resources, job))
    assert (over.state, over.error) == (State.FAILED, "Discogs said ␀ and �.")


def test_a_bug_is_kept_for_its_makers_and_not_shown_to_the_person(resources: Resources) -> None:
    def has_a_bug(_: Step[NoArguments, Counted]) -> None:
        raise KeyError("a secret word")

    job = trouble("buggy", has_a_bug)
    with working(resources, job):
        over = ended(resources, start(resources, job))
    assert over.state is State.FAILED
    assert "secret" not in (over.error or "")
    assert "KeyError" in (over.error_detail or "")


def test_a_job_that_cannot_succeed_fails_at_once_with_its_sentence(resources: Resources) -> None:
    def gives_up(_: Step[NoArguments, Counted]) -> None:
        raise JobFailed("NotConnected", "Connect first.")

    job = trouble("hopeless", gives_up)
    with working(resources, job):
        over = ended(resources, start(resources, job))
    assert (over.state, over.error_class, over.error) == (State.FAILED, "NotConnected", "Connect first.")


def test_stopping_lets_the_step_end_and_the_next_process_goes_on(resources: Resources) -> None:
    is_in, may_go, seen = Event(), Event(), []

    def fetch(step: Step[NoArguments, Counted]) -> int:
        seen.append(step.checkpoint.current_page)
        is_in.set()
        may_go.wait(10)
        return step.checkpoint.current_page + 1

    slow = Job(kind("slow"), fetch, count_to(2, "slow").store)
    row = start(resources, slow)
    process = WorkerProcess(resources, [slow])
    process.start()
    assert is_in.wait(10)
    may_go.set()
    process.stop()
    with working(resources, slow):
        over = ended(resources, row)
    assert over.state is State.COMPLETED
    assert seen == [0, 1]


def test_redis_emptied_in_between_loses_nothing(resources: Resources) -> None:
    job = count_to(6, after=timedelta(seconds=0.1))
    row = start(resources, job)
    with working(resources, job):
        for _ in range(5):
            resources.redis.flushall()
            time.sleep(0.1)
        assert ended(resources, row).state is State.COMPLETED


def test_a_step_longer_than_its_lease_keeps_it(resources: Resources) -> None:
    runs = []

    def long(step: Step[NoArguments, Counted]) -> None:
        runs.append(step.job_id)
        time.sleep(3)

    job = trouble("long", long)
    with working(resources, job):
        over = ended(resources, start(resources, job))
    assert (over.state, len(runs), over.crashes) == (State.COMPLETED, 1, 0)


def test_steps_that_use_up_the_pool_cost_no_lease(resources: Resources) -> None:
    runs, is_in, may_go = [], Event(), Event()

    def long(step: Step[NoArguments, Counted]) -> None:
        runs.append(step.job_id)
        is_in.set()
        may_go.wait(10)

    job = trouble("long", long)
    with working(resources, job):
        row = start(resources, job)
        assert is_in.wait(10)
        with ExitStack() as held:
            size = resources.settings.database.pool_size
            conn, *_ = [held.enter_context(resources.pool.transaction()) for _ in range(size)]
            time.sleep(resources.settings.engine.lease_seconds + 0.5)
            lease = conn.execute("SELECT leased_until > clock_timestamp() AS is_kept FROM rekkrd.jobs").fetchone()
        may_go.set()
        over = ended(resources, row)
    assert lease == {"is_kept": True}
    assert (over.state, len(runs), over.crashes) == (State.COMPLETED, 1, 0)


def test_a_locked_job_costs_no_lease(resources: Resources, migrated_database_url: str) -> None:
    """An application's transaction holds the row of a running job for longer than the lease; others run beside it."""
    runs, is_in, may_go = [], Semaphore(0), Event()

    def waits(step: Step[NoArguments, Counted]) -> None:
        runs.append(step.job_id)
        is_in.release()
        may_go.wait(30)

    job = trouble("waits", waits)
    with working(resources, job), psycopg.connect(migrated_database_url) as application:
        rows = [start(resources, job) for _ in range(3)]
        assert all(is_in.acquire(timeout=10) for _ in rows)
        application.execute("SELECT FROM rekkrd.jobs WHERE id = %s FOR UPDATE", [rows[0].id])
        while not application.execute(LEASE_IS_OVER, [rows[0].id]).rowcount:
            Event().wait(0.05)
        Event().wait(resources.settings.engine.dispatch_seconds * 3)  # several looks of the dispatcher
        application.commit()
        held = application.execute("SELECT leased_until IS NOT NULL, fence, crashes FROM rekkrd.jobs").fetchall()
        application.commit()
        may_go.set()
        over = [ended(resources, row) for row in rows]
    assert held == [(True, 1, 0)] * 3
    assert [(one.state, one.crashes, one.fence) for one in over] == [(State.COMPLETED, 0, 1)] * 3
    assert sorted(runs) == sorted(row.id for row in rows), "a step ran twice"
