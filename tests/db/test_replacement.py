"""Replacing a job while its step runs: the request holds no lock on that job, and both sides may commit late."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from db import Connection, jobs, line, links, steps
from db.jobs import Job, State
from db.links import Credentials
from db.sealing import Keys
from db.steps import Counts

REPLACE = "SELECT * FROM rekkrd.enqueue('import_collection', %s, if_live => 'replace')"
LEASE_SECONDS = 60.0


@pytest.fixture
def user(conn: Connection, keys: Keys, ada: UUID) -> UUID:
    with conn.transaction():
        links.connect(conn, keys, ada, username="ada", discogs_user_id=1, credentials=Credentials("oauth", "t", "s"))
    return ada


@pytest.fixture
def app(migrated_database_url: str) -> Iterator[Connection]:
    """A session of the application with a transaction that it has not committed."""
    with psycopg.connect(migrated_database_url, row_factory=dict_row) as app:
        yield app


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[Connection]:
    """A session of a worker that waits for no lock."""
    with psycopg.connect(migrated_database_url, row_factory=dict_row, autocommit=True) as conn:
        conn.execute("SET lock_timeout = '200ms'")
        yield conn


def enqueue(conn: Connection, user: UUID) -> UUID:
    row = conn.execute("SELECT job_id FROM rekkrd.enqueue('import_collection', %s)", [user]).fetchone()
    assert row is not None
    return UUID(str(row["job_id"]))


def replace(conn: Connection, user: UUID) -> UUID:
    row = conn.execute(REPLACE, [user]).fetchone()
    assert row is not None
    assert row["is_new"]
    return UUID(str(row["job_id"]))


def claim(conn: Connection, job_id: UUID) -> Job:
    conn.execute("UPDATE rekkrd.jobs SET called_until = now() + interval '1 minute' WHERE id = %s", [job_id])
    claimed = steps.claim(conn, job_id, worker="w", lease_seconds=LEASE_SECONDS)
    assert claimed is not None
    return claimed


def renew(conn: Connection, job: Job) -> bool:
    """Renew the lease; return whether the job was asked to end."""
    (renewal,) = steps.renew(conn, worker="w", leases=[(job.id, job.fence)], lease_seconds=LEASE_SECONDS)
    return renewal.is_cancelled


def advance(conn: Connection, job: Job) -> Job:
    with conn.transaction():
        locked = steps.lock(conn, job)
        assert locked is not None
        counts = Counts(1, 9, 3, 0)
        return steps.advance(conn, locked, counts, checkpoint={"n": 1}, takes_token=True, after_seconds=None)


def state_of(conn: Connection, job_id: UUID) -> State:
    found = jobs.find(conn, job_id)
    assert found is not None
    return found.state


def dispatched(conn: Connection) -> list[UUID]:
    line.release_followers(conn)
    return [call.job_id for call in line.call_up(conn, lane="import", takes_token=True, room=9, call_seconds=60)]


def test_a_running_step_renews_and_ends_during_the_request(conn: Connection, app: Connection, user: UUID) -> None:
    old = claim(conn, enqueue(conn, user))
    replace(app, user)
    assert not renew(conn, old)
    assert advance(conn, old).state is State.RUNNING


def test_a_committed_request_ends_the_job_with_its_step(conn: Connection, app: Connection, user: UUID) -> None:
    old = claim(conn, enqueue(conn, user))
    new = replace(app, user)
    app.commit()
    assert renew(conn, old)
    assert advance(conn, old).state is State.CANCELLED
    assert dispatched(conn) == [new]


def test_a_step_ends_its_job_without_a_renewal(conn: Connection, app: Connection, user: UUID) -> None:
    old = claim(conn, enqueue(conn, user))
    replace(app, user)
    app.commit()
    assert advance(conn, old).state is State.CANCELLED


def test_a_request_that_is_rolled_back_ends_nothing(conn: Connection, app: Connection, user: UUID) -> None:
    old = claim(conn, enqueue(conn, user))
    replace(app, user)
    app.rollback()
    assert not renew(conn, old)
    assert advance(conn, old).state is State.RUNNING


def test_a_step_that_ended_before_the_commit_is_the_last(conn: Connection, app: Connection, user: UUID) -> None:
    old = claim(conn, enqueue(conn, user))
    new = replace(app, user)
    assert advance(conn, old).state is State.RUNNING
    app.commit()
    assert dispatched(conn) == [new]
    assert state_of(conn, old.id) is State.CANCELLED


def test_a_job_that_ended_before_the_commit_is_followed(conn: Connection, app: Connection, user: UUID) -> None:
    old = claim(conn, enqueue(conn, user))
    new = replace(app, user)
    with conn.transaction():
        assert steps.lock(conn, old) is not None
        steps.complete(conn, old, Counts(1, 9, 9, 0), outcome="done")
    app.commit()
    assert dispatched(conn) == [new]
    assert state_of(conn, old.id) is State.COMPLETED


def test_a_job_enqueued_before_the_commit_is_replaced(conn: Connection, app: Connection, user: UUID) -> None:
    old = claim(conn, enqueue(conn, user))
    new = replace(app, user)
    with conn.transaction():
        assert steps.lock(conn, old) is not None
        steps.complete(conn, old, Counts(1, 9, 9, 0), outcome="done")
    between = enqueue(conn, user)
    app.commit()
    assert between not in (old.id, new)
    assert dispatched(conn) == [between]
    assert dispatched(conn) == [new]
    assert state_of(conn, between) is State.CANCELLED


def test_the_second_of_two_requests_remains(conn: Connection, app: Connection, user: UUID) -> None:
    old = claim(conn, enqueue(conn, user))
    first = replace(conn, user)
    second = replace(app, user)
    assert advance(conn, old).state is State.CANCELLED
    assert state_of(conn, first) is State.PENDING
    app.commit()
    assert state_of(conn, first) is State.CANCELLED
    assert dispatched(conn) == [second]


def test_a_dead_workers_job_ends_when_it_is_rescued(conn: Connection, app: Connection, user: UUID) -> None:
    old = claim(conn, enqueue(conn, user))
    replace(app, user)
    app.commit()
    conn.execute("UPDATE rekkrd.jobs SET leased_until = now() - interval '1 second' WHERE id = %s", [old.id])
    (expired,) = line.take_back_expired(conn)
    assert expired.job.cancel_requested_at is not None


def test_a_cancelled_request_still_ends_the_replaced_job(conn: Connection, app: Connection, user: UUID) -> None:
    old = claim(conn, enqueue(conn, user))
    new = replace(app, user)
    app.commit()
    jobs.cancel(conn, new)
    assert advance(conn, old).state is State.CANCELLED
