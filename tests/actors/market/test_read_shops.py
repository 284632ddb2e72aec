"""Shops are read once for all who watch: newest first, weekly to the end, and only a whole walk says what was sold."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from uuid import uuid4

import pytest

from actors.checkpoints import ShopsCheckpoint
from actors.market import read_shops, shopping
from db import listings, rates, sellers
from db.jobs import NOBODY
from db.pool import Pool
from discogs.errors import Gone, Invalid, PastEnd, Unauthorised, Unavailable
from discogs.money import Money
from discogs.records.market import InventoryPage, Listing
from workers.kinds import Continue, Done, NoArguments, Progress, Step

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def offer(number, *, price="20.00", condition="Near Mint (NM or M-)", release_id=7):
    """An offer; the higher its number, the newer."""
    return Listing(
        id=number,
        status="For Sale",
        condition=condition,
        sleeve_condition="Generic",
        comments="",
        ships_from="Japan\0",
        posted=NEW_YEAR + timedelta(minutes=number),
        allow_offers=False,
        price=Money(Decimal(99), "USD"),
        original_price=Money(Decimal(price), "JPY"),
        shipping_price=None,
        uri="",
        resource_url="",
        seller="Shop",
        release_id=release_id,
        release_title="Aja",
        release_artist="Steely Dan",
        release_label="",
        release_catno="",
        release_format="",
        release_year=1977,
        release_description="",
    )


@dataclass
class FakeDiscogs:
    """Shops in memory, newest first; ``errors`` are raised for a seller, ``before`` is called for a page."""

    shops: dict[str, list[int]] = field(default_factory=dict)
    errors: dict[object, Exception] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    before: dict[int, object] = field(default_factory=dict)
    prices: dict[int, str] = field(default_factory=dict)
    statuses: dict[int, str] = field(default_factory=dict)

    def listing(self, number):
        self.asked.append(("one", number))
        if number in self.errors:
            raise self.errors[number]
        if not any(number in shop for shop in self.shops.values()):
            raise Gone("no such listing", status=404)
        shown = offer(number, price=self.prices.get(number, "20.00"))
        return replace(shown, status=self.statuses.get(number, "For Sale"))

    def inventory(self, name, page, *, per_page):
        self.asked.append((name, page))
        if name in self.errors:
            raise self.errors[name]
        self.before.get(page, lambda: None)()
        numbers = sorted(self.shops[name], reverse=True)
        pages = max(1, -(-len(numbers) // per_page))
        if page > min(pages, 100):
            raise PastEnd("no such page", status=403 if page > 100 else 404)
        rows = numbers[(page - 1) * per_page : page * per_page]
        items = tuple(offer(number, price=self.prices.get(number, "20.00")) for number in rows)
        return InventoryPage(items, page, pages, per_page, len(numbers))


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
def discogs():
    return FakeDiscogs()


@pytest.fixture
def person(do):
    def make():
        user_id = uuid4()
        do("INSERT INTO public.profiles (id, handle) VALUES (%s, %s)", user_id, str(user_id))
        return user_id

    return make


@pytest.fixture
def watch(pool, person):
    """Let somebody watch sellers."""

    def begin(*names, user_id=None):
        user_id = user_id or person()
        for name in names:
            with pool.transaction() as conn:
                sellers.watch(conn, user_id, name)
        return user_id

    return begin


@pytest.fixture
def take_step(pool, discogs):
    def once(checkpoint):
        step = Step(uuid4(), NOBODY, NoArguments(), checkpoint, Progress(0), discogs=discogs, account=None)
        fetched = read_shops.fetch(step)
        with pool.transaction() as conn:
            return read_shops.store(conn, step, fetched)

    return once


@pytest.fixture
def run(take_step):
    """Run a job to its end; ``doubled`` takes each step twice, as after a death between answer and checkpoint."""

    def through(*, doubled=False):
        outcome = take_step(ShopsCheckpoint())
        while isinstance(outcome, Continue):
            if doubled:
                take_step(outcome.checkpoint)
            outcome = take_step(outcome.checkpoint)
        return outcome

    return through


@pytest.fixture
def shop(pool, do):
    """How a shop stands, and the numbers of its offers."""

    def look(name="shop"):
        (row,) = do("SELECT * FROM rekkrd.sellers WHERE seller = %s", name).fetchall()
        held = do("SELECT listing_id FROM rekkrd.listings WHERE seller = %s", name).fetchall()
        return row, {each["listing_id"] for each in held}

    return look


@pytest.fixture
def later(do):
    """Let time pass for shops."""

    def pass_(span):
        do(
            "UPDATE rekkrd.sellers SET due_at = due_at - %s::interval, swept_at = swept_at - %s::interval,"
            " fetched_at = fetched_at - %s::interval",
            span,
            span,
            span,
        )
        do("UPDATE rekkrd.listings SET fetched_at = fetched_at - %s::interval", span)

    return pass_


def test_a_shop_is_read_to_its_end_once_for_all_who_watch_it(watch, discogs, run, shop, do):
    discogs.shops["Shop"] = [*range(1, 251)]
    watch("Shop")
    watch("SHOP")
    done = run()
    assert discogs.asked == [("Shop", 1), ("Shop", 2), ("Shop", 3)]
    seller, held = shop()
    assert (seller["state"], seller["offers"], seller["currency"]) == ("open", 250, "JPY")
    assert held == {*range(1, 251)}
    assert done.outcome == "1 shop read in 3 pages: 250 new, 0 gone."
    (row,) = do("SELECT * FROM rekkrd.listings WHERE listing_id = 9").fetchall()
    assert (row["media"], row["sleeve"], row["price"], row["currency"]) == ("NM", "Generic", Decimal("20.00"), "JPY")
    assert (row["ships_from"], row["posted_at"]) == ("Japan␀", NEW_YEAR + timedelta(minutes=9))


def test_what_was_read_is_left_until_the_next_day_and_then_read_up_to_what_is_known(watch, discogs, run, shop, later):
    discogs.shops["shop"] = [*range(1, 251)]
    watch("shop")
    run()
    assert run().outcome.startswith("0 shops")
    discogs.asked.clear()
    discogs.shops["shop"] += range(251, 371)
    discogs.shops["shop"].remove(1)
    later("1 day")
    assert run().outcome == "1 shop read in 2 pages: 120 new, 0 gone."
    assert discogs.asked == [("shop", 1), ("shop", 2)]
    seller, held = shop()
    assert held == {*range(1, 371)}
    assert seller["swept_at"] < seller["fetched_at"]


def test_a_reading_that_is_broken_off_leaves_no_gap_behind_what_it_saw(watch, discogs, run, take_step, shop, later):
    discogs.shops["shop"] = [*range(1, 251)]
    watch("shop")
    run()
    discogs.shops["shop"] += range(251, 501)
    later("1 day")
    first = take_step(ShopsCheckpoint())  # chooses
    take_step(first.checkpoint)  # the newest hundred are stored, and the job goes no further
    later("1 day")
    run()
    _, held = shop()
    assert held == {*range(1, 501)}


def test_once_a_week_it_is_read_to_its_end_and_what_was_sold_goes_and_prices_are_as_they_are(
    watch, discogs, run, shop, later, do
):
    discogs.shops["shop"] = [*range(1, 251)]
    watch("shop")
    run()
    discogs.shops["shop"] = [*range(101, 252)]
    discogs.prices[101] = "15.50"
    later("7 days")
    assert run().outcome == "1 shop read in 2 pages: 1 new, 100 gone."
    assert shop()[1] == {*range(101, 252)}
    assert do("SELECT price FROM rekkrd.listings WHERE listing_id = 101").fetchone()["price"] == Decimal("15.50")


def test_a_walk_that_something_slipped_past_declares_nothing_sold_before_it_is_unseen_for_two_weeks(
    watch, discogs, run, shop, later, do
):
    discogs.shops["shop"] = [*range(1, 251)]
    watch("shop")
    run()
    later("7 days")

    def sell(number):
        discogs.before.clear()
        discogs.shops["shop"].remove(number)

    discogs.before[2] = lambda: sell(250)  # so that 150 moves to page 1, which was read
    assert run().outcome == "1 shop read in 3 pages: 0 new, 0 gone."
    assert shop()[1] == {*range(1, 251)}
    later("7 days")
    do("UPDATE rekkrd.listings SET fetched_at = now() - interval '14 days' WHERE listing_id = 150")
    discogs.shops["shop"] = [number for number in discogs.shops["shop"] if number != 150]
    discogs.before[2] = lambda: sell(249)
    run()
    assert shop()[1] == {*range(1, 251)} - {150}


@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_shop_does_while_it_is_read_nothing_on_offer_is_lost_and_a_quiet_week_leaves_the_truth(
    watch, discogs, run, shop, later, monkeypatch, seed
):
    monkeypatch.setattr(shopping, "PER_PAGE", 5)
    chance, numbers = Random(seed), count(1)
    discogs.shops["shop"] = [next(numbers) for _ in range(30)]
    watch("shop")
    run()
    held = set(discogs.shops["shop"])

    def trade(_=None):
        offered = discogs.shops["shop"]
        for _ in range(chance.choice((0, 0, 1, 2))):
            if offered and chance.random() < 0.6:
                held.discard(sold := chance.choice(offered))
                offered.remove(sold)
            else:
                offered.append(next(numbers))

    for _ in range(6):
        discogs.before = dict.fromkeys(range(2, 40), trade)
        later(chance.choice(("1 day", "2 days", "3 days")))
        run()
        assert held <= shop()[1], "an offer that was known and is still there was forgotten"
        held |= shop()[1] & set(discogs.shops["shop"])
    discogs.before = {}
    later("7 days")
    run()
    assert shop()[1] == set(discogs.shops["shop"])


def test_a_step_that_is_taken_twice_leaves_the_same(watch, discogs, run, shop):
    discogs.shops["shop"] = [*range(1, 251)]
    watch("shop")
    run(doubled=True)
    assert shop()[1] == {*range(1, 251)}


def test_of_a_large_shop_the_ten_thousand_newest_are_read_and_no_page_beyond(watch, discogs, run, shop):
    discogs.shops["shop"] = [*range(1, 10_151)]
    watch("shop")
    run()
    assert len(discogs.asked) == 100
    seller, held = shop()
    assert (seller["offers"], len(held), min(held)) == (10_150, 10_000, 151)
    assert seller["swept_at"] is not None


@pytest.mark.parametrize(
    ("error", "state", "days"),
    [
        (Gone("no such user", status=404), "gone", 7),
        (Invalid("no", status=403), "closed", 1),
        (Unauthorised("no", status=401), "closed", 1),
    ],
)
def test_a_seller_who_vanished_or_shows_nothing_is_a_state_and_the_next_shop_is_read(
    watch, discogs, run, shop, do, error, state, days
):
    discogs.errors["Away"] = error
    discogs.shops["shop"] = [1]
    watch("Away", "shop")
    assert isinstance(run(), Done)
    seller, held = shop("away")
    assert (seller["state"], held, round((seller["due_at"] - seller["fetched_at"]) / timedelta(days=1))) == (
        state,
        set(),
        days,
    )
    assert shop()[1] == {1}


def test_the_offers_of_who_vanished_go_and_of_who_shows_nothing_stay_for_two_weeks(watch, discogs, run, shop, later):
    discogs.shops |= {"gone": [1], "shut": [2]}
    watch("gone", "shut")
    run()
    discogs.errors |= {"gone": Gone("no", status=404), "shut": Invalid("no", status=403)}
    later("1 day")
    run()
    assert [shop(name)[1] for name in ("gone", "shut")] == [set(), {2}]
    later("13 days")
    run()
    assert shop("shut")[1] == set()
    discogs.errors.clear()
    later("7 days")
    run()
    assert [(shop(name)[0]["state"], len(shop(name)[1])) for name in ("gone", "shut")] == [("open", 1), ("open", 1)]


def test_a_shop_whose_answer_does_not_come_holds_nobody_up(watch, discogs, take_step, run, shop):
    discogs.errors["Slow"] = Unavailable("too long")
    discogs.shops["shop"] = [1]
    watch("Slow", "shop")
    chosen = take_step(ShopsCheckpoint())
    with pytest.raises(Unavailable):
        take_step(chosen.checkpoint)
    run()
    assert (shop("slow")[0]["state"], shop()[1]) == ("new", {1})


def test_whom_nobody_watches_any_more_is_forgotten_with_all_offers_and_without_a_request(
    watch, discogs, run, shop, pool, do
):
    discogs.shops |= {"shop": [1], "other": [2]}
    user_id = watch("shop", "other")
    watch("other")
    run()
    discogs.asked.clear()
    with pool.transaction() as conn:
        assert sellers.unwatch(conn, user_id, "Shop")
        assert sellers.unwatch(conn, user_id, "other")
        assert not sellers.unwatch(conn, user_id, "other")
    run()
    assert do("SELECT seller FROM rekkrd.sellers").fetchall() == [{"seller": "other"}]
    assert do("SELECT listing_id FROM rekkrd.listings").fetchall() == [{"listing_id": 2}]
    assert discogs.asked == []


def test_a_job_begins_no_other_shop_after_its_pages_and_says_so(watch, discogs, run, monkeypatch, shop):
    monkeypatch.setattr(read_shops, "MOST", 2)
    discogs.shops |= {"one": [*range(250)], "two": [*range(1000, 1001)]}
    watch("one", "two")
    assert run().outcome == "1 shop read in 3 pages: 250 new, 0 gone. More are due; the next job of the clock goes on."
    assert shop("two")[0]["state"] == "new"
    run()
    assert shop("two")[1] == {1000}


def test_who_looks_lets_shops_be_read_again_after_six_hours(watch, discogs, run, pool, later):
    discogs.shops["shop"] = [1]
    user_id = watch("shop")
    run()

    def look_again():
        with pool.transaction() as conn:
            sellers.hasten(conn, user_id, fresh=timedelta(hours=6))
        return run().outcome

    later("5 hours")
    assert look_again().startswith("0 shops")
    later("1 hour")
    assert run().outcome.startswith("0 shops")
    assert look_again().startswith("1 shop")


def test_a_sellers_currency_gets_an_exchange_rate(watch, discogs, run, pool):
    discogs.shops["shop"] = [1]
    watch("shop")
    run()
    with pool.transaction() as conn:
        assert "JPY" in rates.wanted(conn, age=timedelta(days=1))


@pytest.fixture
def look(pool):
    """Let somebody look at offers; how many of them are asked for."""

    def at(*numbers):
        with pool.transaction() as conn:
            return listings.look(conn, numbers, fresh=timedelta(hours=6))

    return at


def test_an_offer_that_somebody_looked_at_is_asked_for_by_itself_once_it_is_not_fresh(
    watch, discogs, run, shop, later, look, do
):
    discogs.shops["shop"] = [*range(1, 6)]
    watch("shop")
    run()
    later("5 hours")
    assert look(1, 2, 3, 4) == 0
    later("1 hour 1 second")
    assert look(1, 2, 3, 4) == 4
    assert look(1, 2, 3, 4) == 0
    discogs.asked.clear()
    discogs.shops["shop"].remove(2)
    discogs.prices[1], discogs.statuses[3], discogs.errors[4] = "7.50", "Sold", Invalid("no", status=403)
    assert run().outcome == "0 shops read in 0 pages, 4 offers looked at again: 0 new, 2 gone."
    assert discogs.asked == [("one", 1), ("one", 2), ("one", 3), ("one", 4)]
    rows = do("SELECT * FROM rekkrd.listings ORDER BY listing_id").fetchall()
    assert [(row["listing_id"], row["price"]) for row in rows] == [
        (1, Decimal("7.50")),
        (4, Decimal("20.00")),
        (5, Decimal("20.00")),
    ]
    assert len({row["seen_in"] for row in rows}) == 1
    ages = [row["fetched_at"] > datetime.now(UTC) - timedelta(hours=1) for row in rows]
    assert ages == [True, False, False]
    assert run().outcome == "0 shops read in 0 pages: 0 new, 0 gone."


def test_an_offer_whose_answer_does_not_come_holds_nobody_up_and_is_asked_for_at_the_next_look(
    watch, discogs, run, take_step, later, look
):
    discogs.shops["shop"] = [1]
    watch("shop")
    run()
    later("7 hours")
    look(1)
    discogs.errors[1] = Unavailable("too long")
    chosen = take_step(ShopsCheckpoint())
    with pytest.raises(Unavailable):
        take_step(chosen.checkpoint)
    assert run().outcome.startswith("0 shops read in 0 pages:")
    del discogs.errors[1]
    assert look(1) == 1
    assert "1 offer looked at again" in run().outcome


def test_offers_that_are_looked_at_leave_room_for_shops(watch, discogs, run, later, look, monkeypatch):
    monkeypatch.setattr(read_shops, "MOST_LOOKED", 2)
    discogs.shops["shop"] = [*range(1, 6)]
    watch("shop")
    run()
    later("2 days")
    look(*range(1, 6))
    discogs.asked.clear()
    assert run().outcome == "1 shop read in 1 page, 2 offers looked at again: 0 new, 0 gone."
    assert discogs.asked[:3] == [("one", 1), ("one", 2), ("shop", 1)]
