"""Offers over HTTP: floor, count and link, beside what watched sellers have; nothing to show is a sentence."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from actors.market.offers import NO_LIST, NO_SELLER
from db import listings, prices, rates, sellers
from db.listings import Listing
from db.prices import Fresh
from services.market import pricing

RELEASE = 249_504
WALK = UUID(int=1)
FIGURES = {"num_for_sale": 3, "lowest_price": {"value": "30.00", "currency": "USD"}, "blocked_from_sale": False}


@pytest.fixture
def floor(resources):
    def is_known(release_id=RELEASE):
        with resources.pool.transaction() as conn:
            prices.store(conn, release_id, "stats", Fresh("priced", FIGURES, Decimal(30), None, pricing.DAY))

    return is_known


@pytest.fixture
def shop(resources):
    """Let a user watch a shop that has these offers: number, price, currency, and grade."""

    def of(user_id, name, *offers, release_id=RELEASE, is_read=True):
        with resources.pool.transaction() as conn:
            sellers.watch(conn, user_id, name)
            if is_read:
                sellers.settle(conn, name, "open", again=timedelta(days=1), offers=len(offers), is_swept=True)
            shown = [
                Listing(number, release_id, grade, "VG", amount and Decimal(amount), amount and currency, "Japan", None)
                for number, amount, currency, grade in offers
            ]
            listings.upsert(conn, name, WALK, shown)

    return of


@pytest.fixture
def look(client, as_app, ada):
    def at(user_id=ada, release_id=RELEASE):
        return client.get(f"/api/discogs/marketplace/listings/{release_id}", headers=as_app(user_id))

    return at


def test_floor_count_and_link_stand_beside_what_watched_sellers_have(look, floor, shop, ada, bob, resources):
    floor()
    with resources.pool.transaction() as conn:
        rates.keep(conn, {"EUR": Decimal("0.5"), "JPY": Decimal(150)}, source="discogs")
        conn.execute("UPDATE profiles SET currency = 'EUR'")
    shop(ada, "one", (11, "20.00", "USD", "NM"), (12, "3150.00", "JPY", None), (13, "5.00", "GBP", "VG"))
    shop(ada, "two", (21, "9.99", "EUR", "VG+"), (22, None, None, "P"))
    shop(ada, "other", (31, "1.00", "EUR", "M"), release_id=7)
    shop(bob, "unwatched", (41, "1.00", "EUR", "M"))
    told = look().json()
    assert (told["state"], told["num_for_sale"], told["lowest"]["amount"]) == ("priced", 3, "30.00")
    assert told["source"]["link"] == f"https://www.discogs.com/sell/release/{RELEASE}"
    assert told["source"]["age_seconds"] is not None
    assert (told["says"], told["offers_sentence"]) == (NO_LIST, "2 of the 3 watched sellers have it: 5 offers.")
    assert [each["listing_id"] for each in told["offers"]] == [21, 11, 12, 13, 22]
    first, second = told["offers"][:2]
    assert (first["seller"], first["media"], first["media_name"], first["sleeve_name"], first["ships_from"]) == (
        "two",
        "VG+",
        "Very Good Plus (VG+)",
        "Very Good (VG)",
        "Japan",
    )
    assert (first["link"], first["age_seconds"]) == ("https://www.discogs.com/sell/item/21", 0)
    assert (second["price"], second["own_price"], second["rate"]) == (
        {"amount": "20.00", "currency": "USD"},
        {"amount": "10.00", "currency": "EUR"},
        "0.500000",
    )
    assert [each["own_price"] for each in told["offers"][3:]] == [None, None]
    assert told["offers"][4]["price"] is None


def test_nothing_to_show_is_said_in_words(look, floor, shop, ada):
    floor()
    assert look().json()["offers_sentence"] == NO_SELLER
    shop(ada, "one", is_read=False)
    assert look().json()["offers_sentence"] == "No watched seller's shop was read yet."
    shop(ada, "two", (1, "5.00", "USD", "M"), release_id=7)
    assert look().json()["offers_sentence"] == "None of the 2 watched sellers has it. 1 shop was not read yet."
    told = look().json()
    assert (told["offers"], told["offers_total"], told["watched_sellers"]) == ([], 0, 2)


def test_of_one_watched_seller_it_is_said_whether_they_have_it(look, floor, shop, ada):
    floor()
    floor(7)
    shop(ada, "one", (1, "5.00", "USD", "M"))
    assert look().json()["offers_sentence"] == "The watched seller has it: 1 offer."
    assert look(release_id=7).json()["offers_sentence"] == "The watched seller does not have it."


def test_while_discogs_is_away_the_offers_are_shown_all_the_same(look, shop, ada):
    shop(ada, "one", (1, "5.00", "USD", "M"))
    answer = look()
    told = answer.json()
    assert answer.status_code == 200
    assert (told["state"], told["num_for_sale"], told["source"]["fetched_at"]) == ("away", None, None)
    assert told["sentence"] == told["source"]["why_stale"] != ""
    assert len(told["offers"]) == 1


def test_looking_lets_what_is_not_fresh_be_asked_for_soon_and_nothing_else(look, floor, shop, ada, resources):
    def waiting():
        with resources.pool.transaction() as conn:
            jobs = conn.execute("DELETE FROM rekkrd.jobs WHERE kind = 'read_shops' RETURNING id").fetchall()
            due = sellers.next_due(conn)
            return len(jobs), None if due is None else due.seller.name, listings.next_looked(conn)

    def pass_(table):
        with resources.pool.transaction() as conn:
            conn.execute(f"UPDATE rekkrd.{table} SET fetched_at = now() - interval '7 hours'")

    floor()
    shop(ada, "one", (1, "5.00", "USD", "M"))
    look()
    assert waiting() == (0, None, None)
    pass_("sellers")
    look()
    assert waiting() == (1, "one", None)
    shop(ada, "one", (1, "5.00", "USD", "M"))
    pass_("listings")
    look()
    assert waiting() == (1, None, 1)
