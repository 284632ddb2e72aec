"""Cost of the functions that are called once for each job: the rows read grow with the number of jobs, not faster.

Rows are counted by PostgreSQL itself (pg_stat_xact_user_tables), so no time is measured.
"""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.databases import new_database

FEW, MANY = 50, 400
READ = """
    SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))
    FROM pg_stat_xact_user_tables
    WHERE relid IN ('rekkrd.jobs'::regclass, 'rekkrd.turns'::regclass, 'rekkrd.links'::regclass,
                    'public.profiles'::regclass, 'public.discogs_import_jobs'::regclass)
"""
ENQUEUE = "SELECT rekkrd.enqueue('import_collection', %s)"
REPLACE = "SELECT rekkrd.enqueue('import_collection', %s, if_live => 'replace')"
CANCEL = "SELECT rekkrd.cancel(id) FROM rekkrd.jobs WHERE user_id = %s"


@pytest.fixture
def fresh_url(_postgres_url: str, _template: str) -> Iterator[str]:
    """A database that no test had before: indexes keep the size that earlier rows gave them, and plans depend on it."""
    with new_database(_postgres_url, _template) as url:
        yield url


@pytest.fixture
def users(fresh_url: str) -> list[UUID]:
    """Connected users on an analysed database without jobs, so that plans are made for empty tables."""
    with psycopg.connect(fresh_url, autocommit=True) as conn:
        rows = conn.execute(
            "INSERT INTO public.profiles (handle) SELECT 'u' || nth FROM generate_series(1, %s) AS nth RETURNING id",
            [MANY],
        ).fetchall()
        conn.execute("INSERT INTO rekkrd.links (user_id) SELECT id FROM public.profiles")
        conn.execute("ANALYZE")
    return [user_id for (user_id,) in rows]


def rows_read(url: str, users: list[UUID], *statements: str) -> list[int]:
    """Run each statement for each user, all in one transaction; return the rows that each of them read."""
    found = []
    with psycopg.connect(url) as conn:
        for statement in statements:
            before = conn.execute(READ).fetchone()
            for user in users:
                conn.execute(statement.encode(), [user])
            after = conn.execute(READ).fetchone()
            assert before is not None
            assert after is not None
            found.append(int(after[0] - before[0]))
        conn.rollback()
    return found


def test_calls_in_one_transaction_read_linearly_many_rows(fresh_url: str, users: list[UUID]) -> None:
    statements = (ENQUEUE, ENQUEUE, REPLACE, CANCEL)
    few = rows_read(fresh_url, users[:FEW], *statements)
    many = rows_read(fresh_url, users, *statements)
    for statement, one, other in zip(statements, few, many, strict=True):
        assert other <= 1.2 * one * MANY / FEW, statement


def test_an_array_reads_linearly_many_rows(fresh_url: str, users: list[UUID]) -> None:
    read = []
    for chosen in (users[:FEW], users):
        jobs = Jsonb([{"kind": "import_collection", "user_id": str(user)} for user in chosen])
        with psycopg.connect(fresh_url) as conn:
            conn.execute("SELECT count(*) FROM rekkrd.enqueue_many(%s)", [jobs])
            row = conn.execute(READ).fetchone()
            conn.rollback()
        assert row is not None
        read.append(int(row[0]))
    assert read[1] <= 1.2 * read[0] * MANY / FEW
