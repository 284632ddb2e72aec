"""First prices and rates: requested when they are first needed, not at the schedule's next run."""

from datetime import timedelta
from decimal import Decimal

import pytest
from psycopg.types.json import Jsonb

from db import enqueue
from db.pool import Pool
from db.prices import Fresh
from services.market import exchange_rates, price_requests
from services.market.watching import store_price

WEEK = timedelta(days=7)
EURO = {"VG+": {"value": "20.00", "currency": "EUR"}}


@pytest.fixture
def pool(migrated_database_url):
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def do(pool):
    def execute(statement, *given):
        with pool.transaction() as conn:
            return conn.execute(statement, list(given))

    return execute


@pytest.fixture
def jobs(pool):
    """Return how many jobs of a kind exist."""

    def count(kind):
        with pool.transaction() as conn:
            return conn.execute("SELECT count(*) AS n FROM rekkrd.jobs WHERE kind = %s", [kind]).fetchone()["n"]

    return count


@pytest.fixture
def lowest_price(do):
    """Store a lowest price, off which rates are read."""
    do(
        "INSERT INTO rekkrd.prices (release_id, what, state, fetched_at, amount)"
        " VALUES (7, 'stats', 'priced', now(), 9)"
    )
    do("INSERT INTO discogs_price_cache (discogs_release_id, marketplace_stats) VALUES (7, %s)", Jsonb({}))


def store(pool, figures=EURO, release_id=1):
    with pool.transaction() as conn:
        store_price(conn, release_id, "suggestions", Fresh("priced", figures, Decimal(20), None, WEEK))


def test_first_price_without_a_rate_requests_it(pool, jobs, lowest_price):
    store(pool)
    store(pool, release_id=2)
    assert jobs("refresh_rates") == 1


def test_known_rate_is_not_requested(pool, do, jobs, lowest_price):
    do("INSERT INTO rekkrd.exchange_rates (currency, source, per_dollar) VALUES ('EUR', 'discogs', 0.9)")
    store(pool)
    store(pool, {"VG+": {"value": "20.00", "currency": "USD"}}, release_id=2)
    assert jobs("refresh_rates") == 0


def test_failed_rate_job_is_not_repeated_per_price(pool, do, jobs, lowest_price):
    store(pool)
    do("UPDATE rekkrd.jobs SET state = 'completed', started_at = now(), finished_at = now(), requests = 3")
    do("UPDATE rekkrd.jobs SET created_at = created_at - interval '1 minute'")
    store(pool, release_id=2)
    assert jobs("refresh_rates") == 1
    do("UPDATE rekkrd.jobs SET created_at = created_at - %s", exchange_rates.QUIET)
    store(pool, release_id=3)
    assert jobs("refresh_rates") == 2


def test_rate_job_that_found_nothing_to_do_delays_no_request(pool, do, jobs, lowest_price):
    with pool.transaction() as conn:
        enqueue.request(conn, "refresh_rates")
    do(
        "UPDATE rekkrd.jobs SET state = 'completed', started_at = now(), finished_at = now(),"
        " created_at = created_at - interval '1 minute'"
    )
    store(pool)
    assert jobs("refresh_rates") == 2


def test_rate_waits_for_a_lowest_price_to_read_it_off(pool, jobs):
    store(pool)
    assert jobs("refresh_rates") == 0


def test_currency_that_discogs_does_not_convert_is_not_requested(pool, jobs, lowest_price):
    store(pool, {"VG+": {"value": "20.00", "currency": "XXX"}})
    assert jobs("refresh_rates") == 0


def test_new_releases_start_the_price_refresh_once(pool, jobs):
    for release_ids in ([1, 2], [1, 2], [3]):
        with pool.transaction() as conn:
            price_requests.plan_releases(conn, release_ids)
    assert jobs("refresh_prices") == 1


def test_known_releases_start_no_price_refresh(pool, do, jobs):
    with pool.transaction() as conn:
        price_requests.plan_releases(conn, [1])
    do("UPDATE rekkrd.jobs SET state = 'completed', started_at = now(), finished_at = now()")
    with pool.transaction() as conn:
        price_requests.plan_releases(conn, [1])
    assert jobs("refresh_prices") == 1
