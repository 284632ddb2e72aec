"""Statements over many jobs pass over a row that another transaction has locked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest

from db import jobs, line, operations, steps, users
from db.jobs import Job, State
from db.operations import Choice
from db.pool import Pool
from tests import new_jobs
from tests.new_jobs import NewJob


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    """A pool that raises where a statement waits for two seconds."""
    pool = Pool(migrated_database_url, size=4, timeout_seconds=2)
    yield pool
    pool.close()


@contextmanager
def locked(url: str, job_id: UUID, table: str = "rekkrd.jobs") -> Iterator[psycopg.Connection]:
    """Lock one row in a transaction that stays open, as an application does that has not committed yet."""
    with psycopg.connect(url) as application:
        application.execute(f"SELECT FROM {table} WHERE id = %s FOR UPDATE".encode(), [job_id])
        yield application
        application.rollback()


def add(pool: Pool, user: UUID | None = None, *, has_import_row: bool = False) -> UUID:
    new = NewJob(
        kind="import_collection" if has_import_row else "count",
        lane="import",
        user_id=user or uuid4(),
        args={},
        unique_key=None,
        takes_token=True,
        speaks_for_user=False,
        has_import_row=has_import_row,
    )
    with pool.transaction() as conn:
        if has_import_row:
            new = replace(new, user_id=users.create(conn, uuid4().hex).id)
        return new_jobs.add(conn, new)[0].id


def dispatch(pool: Pool, room: int) -> set[UUID]:
    with pool.transaction() as conn:
        return {one.job_id for one in line.call_up(conn, lane="import", takes_token=True, room=room, call_seconds=60)}


def claim(pool: Pool, job_id: UUID, lease_seconds: float = 60) -> Job:
    dispatch(pool, 9)
    with pool.transaction() as conn:
        job = steps.claim(conn, job_id, worker="w", lease_seconds=lease_seconds)
    assert job is not None
    return job


def renew(pool: Pool, *held: Job, lease_seconds: float = 60) -> dict[UUID, bool]:
    with pool.transaction() as conn:
        leases = [(job.id, job.fence) for job in held]
        renewed = steps.renew(conn, worker="w", leases=leases, lease_seconds=lease_seconds)
    return {one.job_id: one.is_leased and (one.job_id, one.fence) in leases for one in renewed}


def rescue(pool: Pool) -> set[UUID]:
    with pool.transaction() as conn:
        return {one.job.id for one in line.take_back_expired(conn)}


def find(pool: Pool, job_id: UUID) -> Job:
    with pool.transaction() as conn:
        job = jobs.find(conn, job_id)
    assert job is not None
    return job


def test_renewal_passes_over_a_locked_job(pool: Pool, migrated_database_url: str) -> None:
    first, second = claim(pool, add(pool), 0.001), claim(pool, add(pool), 0.001)
    with locked(migrated_database_url, first.id):
        assert renew(pool, first, second) == {first.id: True, second.id: True}
    assert rescue(pool) == set(), "the lease of the locked job was extended beside its row"
    assert (find(pool, first.id).leased_by, find(pool, second.id).leased_by) == ("w", "w")


def test_a_renewal_after_the_lock_ends_the_extension(pool: Pool, migrated_database_url: str) -> None:
    job = claim(pool, add(pool))
    with locked(migrated_database_url, job.id):
        renew(pool, job)
    assert renew(pool, job, lease_seconds=0.001) == {job.id: True}
    assert rescue(pool) == {job.id}


def test_an_extension_protects_only_its_own_step(pool: Pool, migrated_database_url: str) -> None:
    job = claim(pool, add(pool))
    with locked(migrated_database_url, job.id):
        renew(pool, job)
    with pool.transaction() as conn:
        steps.give_back(conn, job, requests=0, after_seconds=0.0, waits_for=None)
    again = claim(pool, job.id, 0.001)
    assert renew(pool, job) == {job.id: False}, "an older fence renews nothing"
    assert rescue(pool) == {again.id}


def test_dispatch_passes_over_locked_jobs(pool: Pool, migrated_database_url: str) -> None:
    user = uuid4()
    first, second, other = add(pool, user), add(pool, user), add(pool)
    with locked(migrated_database_url, first):
        assert dispatch(pool, 1) | dispatch(pool, 1) == {second, other}
        assert dispatch(pool, 9) == set()
    assert dispatch(pool, 9) == {first}


def test_a_locked_job_gives_its_place_to_another_user(pool: Pool, migrated_database_url: str) -> None:
    first, other = (add(pool, user) for user in (UUID(int=1), UUID(int=2)))
    with locked(migrated_database_url, first):
        assert dispatch(pool, 1) == {other}


@pytest.mark.parametrize("table", ["rekkrd.jobs", "public.discogs_import_jobs"])
def test_rescue_passes_over_a_locked_job(pool: Pool, migrated_database_url: str, table: str) -> None:
    first, second = (claim(pool, add(pool, has_import_row=True), 0.001) for _ in range(2))
    with locked(migrated_database_url, first.id, table):
        assert rescue(pool) == {second.id}
    assert rescue(pool) == {first.id}


@pytest.mark.parametrize("table", ["rekkrd.jobs", "public.discogs_import_jobs"])
def test_a_bulk_change_reports_locked_jobs(
    pool: Pool, migrated_database_url: str, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setattr(operations, "LOCKED_SECONDS", 0.1)
    first, second = (add(pool, has_import_row=True) for _ in range(2))
    choice = Choice((State.PENDING,))
    with locked(migrated_database_url, first, table):
        piece = operations.go_on(pool, choice, operations.cancel, by="ada", verb="cancelled", after=None)
    assert (piece.looked_at, piece.changed, piece.locked, piece.last) == (2, 1, 1, None)
    assert (find(pool, first).state, find(pool, second).state) == (State.PENDING, State.CANCELLED)


def test_a_bulk_change_isolates_the_job_that_waits(
    pool: Pool, migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open transaction has taken the uniqueness key of one of the failed jobs: no row is locked, and it waits."""
    monkeypatch.setattr(operations, "LOCKED_SECONDS", 1.0)
    monkeypatch.setattr(operations, "LOCK_SECONDS", 0.02)
    failed = sorted(add(pool) for _ in range(5))
    taken = (
        "INSERT INTO rekkrd.jobs (kind, lane, queue, user_id, unique_key, takes_token, speaks_for_user)"
        " SELECT kind, lane, queue, user_id, unique_key, takes_token, speaks_for_user FROM rekkrd.jobs WHERE id = %s"
    )
    with psycopg.connect(migrated_database_url) as application:
        application.execute(
            "UPDATE rekkrd.jobs SET unique_key = 'key', state = 'failed', error_class = 'E', error = 'e',"
            " finished_at = now()"
        )
        application.commit()
        application.execute(taken, [failed[2]])
        choice = Choice((State.FAILED,))
        piece = operations.go_on(pool, choice, operations.retry, by="ada", verb="retried", after=None)
        application.rollback()
    assert (piece.looked_at, piece.changed, piece.locked) == (5, 4, 1)
    assert find(pool, failed[2]).state is State.FAILED


def test_withdrawing_dispatches_passes_over_locked_jobs(pool: Pool, migrated_database_url: str) -> None:
    first, second = add(pool), add(pool)
    assert dispatch(pool, 9) == {first, second}
    with locked(migrated_database_url, first), pool.transaction() as conn:
        steps.uncall(conn, [first, second])
    assert dispatch(pool, 9) == {second}
