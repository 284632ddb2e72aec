"""Presence sessions: their end shortens the leases of their worker, and nothing else."""

import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest

from db import Connection, jobs, line, presence, steps, story
from db.jobs import Job
from db.pool import Pool, connect
from db.presence import Session
from tests import new_jobs
from tests.new_jobs import NewJob

IS_THERE = "SELECT FROM pg_stat_activity WHERE pid = %s"
LEFT = (
    "SELECT extract(epoch FROM leased_until - now())::float8 AS lease, called_until IS NOT NULL AS is_dispatched"
    " FROM rekkrd.jobs WHERE id = %s"
)


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=4, timeout_seconds=2)
    yield pool
    pool.close()


@pytest.fixture
def direct(migrated_database_url: str) -> Iterator[Connection]:
    with connect(migrated_database_url, timeout_seconds=5) as conn:
        yield conn


def ended_session(url: str, pool: Pool, worker: str = "w") -> Session:
    """Register a session and close it, as a killed process does."""
    with connect(url, timeout_seconds=5) as conn:
        session = presence.register(conn, worker)
    assert session is not None
    with connect(url, timeout_seconds=5) as conn:
        while conn.execute(IS_THERE, [session.backend_pid]).rowcount:
            time.sleep(0.01)  # the server takes a moment to notice
    return session


def add(pool: Pool, worker: str = "w") -> UUID:
    """Add a job whose step this worker dispatches."""
    new = NewJob(
        kind="count", lane="import", user_id=uuid4(), args={}, unique_key=None, takes_token=True, speaks_for_user=False
    )
    with pool.transaction() as conn:
        job_id = new_jobs.add(conn, new)[0].id
    with pool.transaction() as conn:
        line.call_up(conn, lane="import", takes_token=True, room=9, call_seconds=60, worker=worker)
    return job_id


def claim(pool: Pool, worker: str = "w", *, crashes: int = 0, lease_seconds: float = 60) -> Job:
    job_id = add(pool, worker)
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.jobs SET crashes = %s WHERE id = %s", [crashes, job_id])
        job = steps.claim(conn, job_id, worker=worker, lease_seconds=lease_seconds)
        assert job is not None
        assert steps.mark_executing(conn, job)
    return job


def shorten(pool: Pool, session: Session) -> bool:
    with pool.transaction() as conn:
        return presence.shorten_leases(conn, session, crashes=2)


def lease_left(pool: Pool, job_id: UUID) -> float:
    with pool.transaction() as conn:
        row = conn.execute(LEFT, [job_id]).fetchone()
    assert row is not None
    return float(row["lease"])


def test_a_session_that_lives_is_not_ended(pool: Pool, direct: Connection) -> None:
    assert presence.register(direct, "w") == Session("w", direct.info.backend_pid)
    with pool.transaction() as conn:
        assert presence.find_ended(conn) == []


def test_a_session_behind_a_pooler_is_not_registered(pooler_url: str, pool: Pool) -> None:
    with connect(pooler_url, timeout_seconds=5) as conn:
        assert presence.register(conn, "w") is None
    with pool.transaction() as conn:
        assert conn.execute("SELECT FROM rekkrd.presence_sessions").rowcount == 0


def test_a_closed_session_has_ended(pool: Pool, migrated_database_url: str) -> None:
    session = ended_session(migrated_database_url, pool)
    with pool.transaction() as conn:
        assert presence.find_ended(conn) == [session]


def test_a_reused_process_id_does_not_hide_the_end(pool: Pool, direct: Connection) -> None:
    session = presence.register(direct, "w")
    direct.execute("UPDATE rekkrd.presence_sessions SET backend_started_at = backend_started_at - interval '1 s'")
    with pool.transaction() as conn:
        assert presence.find_ended(conn) == [session]


def test_after_a_restart_of_the_server_only_leases_count(pool: Pool, migrated_database_url: str) -> None:
    ended_session(migrated_database_url, pool)
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.presence_sessions SET server_started_at = server_started_at - interval '1 s'")
        assert presence.find_ended(conn) == []


def test_an_ended_session_shortens_the_leases_of_its_worker(pool: Pool, migrated_database_url: str) -> None:
    mine, other = claim(pool, "w"), claim(pool, "another")
    soon = claim(pool, "w", lease_seconds=0.5)
    assert shorten(pool, ended_session(migrated_database_url, pool))
    assert lease_left(pool, mine.id) <= presence.SHORTENED_SECONDS
    assert lease_left(pool, soon.id) <= 0.5
    assert lease_left(pool, other.id) > 50


def test_leases_are_shortened_once(pool: Pool, migrated_database_url: str) -> None:
    job, session = claim(pool), ended_session(migrated_database_url, pool)
    assert shorten(pool, session)
    with pool.transaction() as conn:
        steps.renew(conn, worker="w", leases=[(job.id, job.fence)], lease_seconds=60)
    assert not shorten(pool, session)
    assert lease_left(pool, job.id) > 50


def test_a_job_whose_next_crash_fails_it_keeps_its_lease(pool: Pool, migrated_database_url: str) -> None:
    job = claim(pool, crashes=2)
    assert shorten(pool, ended_session(migrated_database_url, pool))
    assert lease_left(pool, job.id) > 50


def test_dispatched_steps_of_a_gone_worker_are_withdrawn(pool: Pool, migrated_database_url: str) -> None:
    mine, other = add(pool, "w"), add(pool, "another")
    assert shorten(pool, ended_session(migrated_database_url, pool))
    with pool.transaction() as conn:
        left = [jobs.find(conn, job_id) for job_id in (mine, other)]
    assert [job.called_until is None for job in left if job is not None] == [True, False]


def test_an_extended_lease_is_shortened_too(pool: Pool, migrated_database_url: str) -> None:
    job = claim(pool, lease_seconds=0.001)
    with psycopg.connect(migrated_database_url) as application:
        application.execute("SELECT FROM rekkrd.jobs WHERE id = %s FOR UPDATE", [job.id])
        with pool.transaction() as conn:
            steps.renew(conn, worker="w", leases=[(job.id, job.fence)], lease_seconds=60)
        assert shorten(pool, ended_session(migrated_database_url, pool))
    with pool.transaction() as conn:
        (row,) = conn.execute(
            "SELECT extract(epoch FROM leased_until - now())::float8 AS left FROM rekkrd.lease_extensions"
        ).fetchall()
    assert row["left"] <= presence.SHORTENED_SECONDS


def test_an_unregistered_session_shortens_nothing(pool: Pool, migrated_database_url: str) -> None:
    job, session = claim(pool), ended_session(migrated_database_url, pool)
    with pool.transaction() as conn:
        assert not presence.unregister(conn, session, lease_seconds=60), "no dispatcher had noticed"
    assert not shorten(pool, session)
    assert lease_left(pool, job.id) > 50


def test_a_certain_death_ends_the_leases_at_once(pool: Pool) -> None:
    job = claim(pool, crashes=2)
    with pool.transaction() as conn:
        presence.report_death(conn, "w")
    assert lease_left(pool, job.id) <= 0


def test_a_crash_of_a_living_worker_is_taken_back_once(pool: Pool, migrated_database_url: str) -> None:
    job, session = claim(pool, lease_seconds=0.001), ended_session(migrated_database_url, pool)
    assert shorten(pool, session)
    with pool.transaction() as conn:
        (expired,) = line.take_back_expired(conn)
        story.end_crashed(conn, expired)
    assert expired.job.crashes == 1
    with pool.transaction() as conn:
        assert presence.unregister(conn, session, lease_seconds=60), "a dispatcher had noticed"
        assert presence.forgive_crash(conn, "w", job.id, job.fence)
        assert not presence.forgive_crash(conn, "w", job.id, job.fence)
        found = jobs.find(conn, job.id)
    assert found is not None
    assert found.crashes == 0


def test_sessions_of_long_ago_are_deleted(pool: Pool, migrated_database_url: str, direct: Connection) -> None:
    session = ended_session(migrated_database_url, pool)
    presence.register(direct, "alive")
    assert shorten(pool, session)
    with pool.transaction() as conn:
        assert presence.forget_ended(conn, room=9) == 0
        conn.execute("UPDATE rekkrd.presence_sessions SET ended_at = ended_at - interval '2 hours'")
        assert presence.forget_ended(conn, room=9) == 1
