"""Sellers are forgotten only while nobody watches them, whoever begins to at that very moment."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from db import sellers
from db.pool import Pool

WAITS = """
    SELECT count(*) AS n FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
def pool(migrated_database_url):
    pool = Pool(migrated_database_url, size=3, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def person(pool):
    user_id = uuid4()
    with pool.transaction() as conn:
        conn.execute("INSERT INTO profiles (id, handle) VALUES (%s, 'ada')", [user_id])
    return user_id


@pytest.fixture
def unwatched(pool, person):
    with pool.transaction() as conn:
        sellers.watch(conn, person, "Shop")
        sellers.unwatch(conn, person, "shop")


@pytest.fixture
def blocked(pool):
    """Wait until another one waits for a lock."""

    def until():
        with pool.transaction() as conn:
            while conn.execute(WAITS).fetchone()["n"] == 0:
                conn.execute("SELECT pg_stat_clear_snapshot(), pg_sleep(0.005)")

    return until


def test_whom_somebody_begins_to_watch_meanwhile_is_not_forgotten(pool, person, unwatched, blocked):
    def forget():
        with pool.transaction() as conn:
            return sellers.forget(conn, "shop")

    with ThreadPoolExecutor(1) as other:
        with pool.transaction() as conn:
            sellers.watch(conn, person, "shop")
            forgotten = other.submit(forget)
            blocked()
        assert forgotten.result() is False
    with pool.transaction() as conn:
        assert [one.seller.name for one in sellers.watched(conn, person)] == ["Shop"]


def test_whom_somebody_begins_to_watch_once_they_are_forgotten_is_met_anew(pool, person, unwatched, blocked):
    def watch():
        with pool.transaction() as conn:
            return sellers.watch(conn, person, "SHOP")

    with ThreadPoolExecutor(1) as other:
        with pool.transaction() as conn:
            assert sellers.forget(conn, "shop")
            watched = other.submit(watch)
            blocked()
        assert watched.result() is True
    with pool.transaction() as conn:
        assert [one.seller.name for one in sellers.watched(conn, person)] == ["SHOP"]
