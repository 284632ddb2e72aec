"""Behind a transaction pooler everything works that works without one."""

from collections.abc import Iterator
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest

from db import handshakes, jobs, line, links, steps, users
from db.links import Credentials
from db.pool import Pool
from db.sealing import Keys
from tests import new_jobs
from tests.new_jobs import NewJob
from tests.transaction_pooler import Pooler


@pytest.fixture
def pool(pooler: Pooler) -> Iterator[Pool]:
    pool = Pool(pooler.url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


def test_each_transaction_meets_another_backend(pool: Pool, pooler: Pooler) -> None:
    for _ in range(3):
        with pool.transaction() as conn:
            conn.execute("SELECT 1")
            conn.execute("SELECT 2")
    assert all(one != following for one, following in pairwise(pooler.used))
    assert len(pooler.used) == 3


def test_links_live_behind_it(pool: Pool, pooler: Pooler, keys: Keys, ada: UUID) -> None:
    with pool.transaction() as conn:
        links.connect(conn, keys, ada, username="ada", discogs_user_id=1, credentials=Credentials("oauth", "t", "s"))
    with pool.transaction() as conn:
        handshakes.begin(conn, keys, ada, request_token="r", request_secret="s")
    with pool.transaction() as conn:
        account = links.account(conn, keys, ada)
        assert account is not None
        assert account.credentials == Credentials("oauth", "t", "s")
        assert handshakes.take_for_user(conn, keys, "r", ada).request_secret == "s"
        assert users.find(conn, "ada").id == ada
    assert pooler.offences == []


def test_a_job_goes_through_its_life_behind_it(pool: Pool, pooler: Pooler, ada: UUID) -> None:
    new = NewJob(
        kind="count", lane="import", user_id=ada, args={}, unique_key=None, takes_token=True, speaks_for_user=True
    )
    for _ in range(7):  # psycopg prepares a statement at its fifth use, unless told not to
        with pool.transaction() as conn:
            job, _ = new_jobs.add(conn, new)
        with pool.transaction() as conn:
            (call,) = line.call_up(conn, lane="import", takes_token=True, room=1, call_seconds=10)
        assert call.job_id == job.id
        with pool.transaction() as conn:
            claimed = steps.claim(conn, job.id, worker="w", lease_seconds=10)
        assert claimed is not None
        with pool.transaction() as conn:
            assert steps.lock(conn, claimed) is not None
            jobs.cancel(conn, job.id)
        with pool.transaction() as conn:
            conn.execute("DELETE FROM rekkrd.jobs")
    assert pooler.offences == []


def test_the_pooler_of_this_test_bites(pooler: Pooler) -> None:
    with psycopg.connect(pooler.url, autocommit=True) as conn:
        conn.execute("SET search_path TO nowhere")
        shown = conn.execute("SHOW search_path").fetchone()
        with pytest.raises(psycopg.errors.InvalidSqlStatementName):
            conn.execute("SELECT 1", prepare=True)
    assert shown is not None
    assert shown[0] != "nowhere"
    assert len(pooler.offences) == 2
