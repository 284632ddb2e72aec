"""Old and new workers at once: each takes what it knows and can read, and nothing counts as an attempt."""

import time
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from db import Connection, fleet, jobs
from db.fleet import SignOfLife
from db.jobs import Job as JobRow
from db.jobs import State
from tests.new_jobs import enqueue
from workers.kinds import Done, Job, Kind, NoArguments, Plain, Progress
from workers.limiter.lanes import Lane
from workers.presence import version_of
from workers.process import WorkerProcess
from workers.resources import Resources, open_resources
from workers.settings import Settings


class Since(Plain):
    """A checkpoint of a newer release: it has a field more."""

    page: int = 0
    since: str = "the beginning"


class Before(Plain):
    """The same checkpoint, as the older release knows it."""

    page: int = 0


def job(name: str, checkpoint: type[Plain]) -> Job[NoArguments, Plain, None]:
    kind = Kind(
        name=name,
        sentence="A job of the tests.",
        lane=Lane.IMPORT,
        arguments=NoArguments,
        checkpoint=checkpoint,
        unique=None,
        speaks_for_user=False,
        takes_token=False,
    )
    return Job(kind, lambda _: None, lambda _c, _s, _r: Done("done", Progress(1)))


OLD, NEW = job("count", Before), job("count", Since)
ONLY_NEW = job("brand_new", Before)


@pytest.fixture
def resources(migrated_database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resources]:
    for name, value in {
        "DATABASE_URL": migrated_database_url,
        "DATABASE_DIRECT_URL": migrated_database_url,
        "REDIS_URL": redis_url,
        "DISCOGS_OAUTH_ENCRYPTION_KEY": "11" * 32,
        "REKKRD_DISPATCH_SECONDS": "0.05",
        "REKKRD_CALL_SECONDS": "60",  # a call that nobody takes back would hold a job for longer than the test waits
    }.items():
        monkeypatch.setenv(name, value)
    with open_resources(Settings(env_file=None)) as opened:
        yield opened


@pytest.fixture
def working(resources: Resources) -> Iterator[Callable[..., WorkerProcess]]:
    """Start workers that know these jobs; all are stopped at the end."""
    running: list[WorkerProcess] = []

    def start(*known: Job[NoArguments, Plain, None]) -> WorkerProcess:
        process = WorkerProcess(resources, known)
        process.start()
        running.append(process)
        return process

    yield start
    for process in running:
        process.stop()


def add(resources: Resources, what: Job[NoArguments, Plain, None], **stored: object) -> UUID:
    with resources.pool.transaction() as conn:
        made = enqueue(conn, what.kind, uuid4()).job.id
        if stored:
            conn.execute(
                "UPDATE rekkrd.jobs SET state = 'running', started_at = now(), steps = 1, checkpoint = %s"
                " WHERE id = %s",
                [Jsonb(stored), made],
            )
    return made


def found(resources: Resources, job_id: UUID) -> JobRow:
    with resources.pool.transaction() as conn:
        row = jobs.find(conn, job_id)
    assert row is not None
    return row


def wait_for(resources: Resources, job_id: UUID, done: Callable[[JobRow], object]) -> JobRow:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        row = found(resources, job_id)
        if done(row):
            return row
        time.sleep(0.02)
    raise AssertionError(f"the job stays {row}")


def is_over(row: JobRow) -> bool:
    return not row.state.is_live


def test_a_kind_that_only_a_newer_worker_knows_waits_for_one_and_stops_nobody(resources, working):
    unknown, known = add(resources, ONLY_NEW), add(resources, OLD)
    working(OLD)
    assert wait_for(resources, known, is_over).state is State.COMPLETED
    assert (found(resources, unknown).state, found(resources, unknown).called_until) == (State.PENDING, None)
    working(NEW, ONLY_NEW)
    assert wait_for(resources, unknown, is_over).state is State.COMPLETED


def test_a_call_that_reaches_a_worker_without_its_code_is_called_again_by_another(resources, working):
    """The newer dispatcher calls up, and the older process is the one that fetches the message."""
    old = working(OLD)
    job_id = add(resources, ONLY_NEW)
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.jobs SET called_until = now() + interval '1 minute' WHERE id = %s", [job_id])
    old._broker.call("brand_new", "import", str(job_id), 0)
    wait_for(resources, job_id, lambda row: row.called_until is None)
    working(ONLY_NEW)
    over = wait_for(resources, job_id, is_over)
    assert (over.state, over.attempts, over.crashes) == (State.COMPLETED, 0, 0)


def test_what_a_newer_worker_stored_is_left_to_it_and_counts_as_no_attempt(resources, working):
    job_id = add(resources, OLD, page=1, since="yesterday")
    with resources.pool.transaction() as conn:
        other = version_of([NEW.kind])
        fleet.keep(conn, SignOfLife("new:1:a", "new", 1, other, ["import"], ["count"], 8, 0, 0, 0.1, 0.1, None))
    working(OLD)
    waiting = wait_for(resources, job_id, lambda row: row.waits_for)
    assert (waiting.state, waiting.attempts) == (State.RUNNING, 0)
    assert "another release" in waiting.waits_for
    working(NEW)
    assert wait_for(resources, job_id, is_over).state is State.COMPLETED


def test_what_no_worker_that_is_there_can_read_fails_and_says_where_it_does_not_fit(resources, working):
    job_id = add(resources, OLD, page=1, since="yesterday")
    working(OLD)
    over = wait_for(resources, job_id, is_over)
    assert (over.state, over.error_class) == (State.FAILED, "Misfit")
    assert "since" in over.error


def test_a_version_differs_as_soon_as_one_cannot_read_what_the_other_stores():
    assert version_of([OLD.kind]) == version_of([job("count", Before).kind])
    assert version_of([OLD.kind]) != version_of([NEW.kind])
    assert version_of([OLD.kind]) != version_of([OLD.kind, ONLY_NEW.kind])


def test_a_worker_is_seen_while_it_works_and_leaves_no_name_behind(resources, working):
    process = WorkerProcess(resources, (OLD,))
    process.start()

    def seen(conn: Connection) -> fleet.Worker | None:
        return next((worker for worker in fleet.workers(conn) if worker.name == process.name), None)

    until = time.monotonic() + 20
    worker = None
    while worker is None and time.monotonic() < until:
        with resources.pool.transaction() as conn:
            worker = seen(conn)
    assert worker is not None
    assert (worker.version, worker.kinds, worker.threads) == (version_of([OLD.kind]), ["count"], 8)
    process.stop()
    with resources.pool.transaction() as conn:
        assert seen(conn) is None


def test_a_sign_of_life_tells_of_looks_and_asks(resources, working):
    process = working(OLD)
    add(resources, OLD)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        sign = process._sign()
        if None not in (sign.looked_ago, sign.asked_ago, sign.took_ago):
            break
        time.sleep(0.02)
    assert max(sign.looked_ago, sign.asked_ago, sign.took_ago) < 20
    assert (sign.stuck, sign.lanes) == (0, [lane.value for lane in Lane])
