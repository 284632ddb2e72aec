"""Shops with the real client on the simulator: all offers for the fewest requests, and what shops do meanwhile."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from actors.checkpoints import ShopsCheckpoint
from actors.market import read_shops
from db import sellers
from db.jobs import NOBODY
from db.pool import Pool
from discogs.budget import Unlimited
from discogs.client import Discogs, http_client
from discogs.grades import shorten
from discogs.settings import DiscogsSettings
from simulator import Simulator, SimulatorSettings, running
from workers.kinds import Continue, NoArguments, Progress, Step

RECORDS = 600


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running(SimulatorSettings(port=0, records=RECORDS, wants=0, limit=10_000)) as simulator:
        yield simulator


@pytest.fixture
def pool(migrated_database_url) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def rows(pool):
    def found(statement, *given):
        with pool.transaction() as conn:
            return conn.execute(statement, list(given)).fetchall()

    return found


@pytest.fixture
def watch(pool, rows):
    user_id = uuid4()
    rows("INSERT INTO profiles (id, handle) VALUES (%s, 'ada') RETURNING id", user_id)

    def begin(*names):
        for name in names:
            with pool.transaction() as conn:
                sellers.watch(conn, user_id, name)

    return begin


@pytest.fixture
def run(pool, simulator):
    """Read what is due, as the clock does."""
    settings = DiscogsSettings(api_url=simulator.url)
    with http_client(settings) as http:
        discogs = Discogs(http, settings, Unlimited())

        def through():
            outcome = Continue(ShopsCheckpoint(), Progress(0))
            while isinstance(outcome, Continue):
                checkpoint = outcome.checkpoint
                step = Step(uuid4(), NOBODY, NoArguments(), checkpoint, Progress(0), discogs=discogs, account=None)
                fetched = read_shops.fetch(step)
                with pool.transaction() as conn:
                    outcome = read_shops.store(conn, step, fetched)
            return outcome.outcome

        yield through


def test_every_offer_comes_with_its_price_and_grades_for_the_fewest_requests(watch, run, rows, simulator):
    watch("B_Side", "plattenkeller")
    assert run() == "2 shops read in 4 pages: 300 new, 0 gone."
    assert len(simulator.log.arrivals) == 4
    for name, currency, country in (("b_side", "JPY", "Japan"), ("plattenkeller", "EUR", "Germany")):
        account = simulator.world.account(name)
        held = {row["listing_id"]: row for row in rows("SELECT * FROM rekkrd.listings WHERE seller = %s", name)}
        truth = {2_000_000_000 + each.id % 2_000_000_000: each for each in account.instances.values()}
        assert held.keys() == truth.keys()
        for number, each in truth.items():
            row = held[number]
            assert (row["release_id"], row["currency"], row["ships_from"]) == (each.release_id, currency, country)
            assert row["media"] == (shorten(each.notes[1]) if 1 in each.notes else "VG")
            assert row["posted_at"].timestamp() == each.added
            assert row["price"] > Decimal(0)


def test_a_day_later_one_request_brings_what_is_new(watch, run, rows, simulator):
    watch("b_side")
    run()
    shop = simulator.world.account("b_side")
    catalogue = simulator.world.catalogue
    cheap = min(range(1_000_001, 1_000_400), key=lambda number: catalogue.release(number).price)
    fresh = simulator.world.add_copy(shop, cheap)
    simulator.world.note_copy(shop, fresh.id, 1, "Poor (P)")  # the newest, and far from the dearest
    rows("UPDATE rekkrd.sellers SET due_at = now() - interval '1 minute' RETURNING seller")
    before = len(simulator.log.arrivals)
    assert run() == "1 shop read in 1 page: 1 new, 0 gone."
    assert len(simulator.log.arrivals) == before + 1
    assert rows("SELECT 1 FROM rekkrd.listings WHERE listing_id = %s", 2_000_000_000 + fresh.id % 2_000_000_000)


def test_a_week_later_what_was_sold_is_gone_and_what_was_regraded_is_as_it_is(watch, run, rows, simulator):
    watch("b_side")
    run()
    shop = simulator.world.account("b_side")
    oldest, newest = min(shop.instances), max(shop.instances)
    simulator.world.remove_copy(shop, oldest)
    simulator.world.note_copy(shop, newest, 1, "Poor (P)")
    week = timedelta(days=7)
    rows("UPDATE rekkrd.sellers SET due_at = due_at - %s, swept_at = swept_at - %s RETURNING seller", week, week)
    assert run() == "1 shop read in 2 pages: 0 new, 1 gone."
    (row,) = rows("SELECT media FROM rekkrd.listings WHERE listing_id = %s", 2_000_000_000 + newest % 2_000_000_000)
    assert row["media"] == "P"


def test_who_vanished_is_a_state_and_the_next_one_is_read(watch, run, rows, simulator):
    watch("nobody_here", "b_side")
    assert run() == "1 shop read in 3 pages: 150 new, 0 gone."
    found = rows("SELECT seller, state, offers FROM rekkrd.sellers ORDER BY seller")
    assert [(row["seller"], row["state"], row["offers"]) for row in found] == [
        ("b_side", "open", 150),
        ("nobody_here", "gone", None),
    ]
