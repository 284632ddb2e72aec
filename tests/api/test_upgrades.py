"""Better copies for less: a better grade than the best that is owned, below its worth, the largest saving first."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from actors.market.offers import NO_SELLER
from db import listings, prices, rates, sellers
from db.listings import Listing
from db.prices import Fresh
from services.market import pricing

CHEAPER = "/api/discogs/marketplace/cheaper"
AJA, GAUCHO = 7, 8
LADDER = {"NM": {"value": "40.00", "currency": "USD"}, "VG+": {"value": "30.00", "currency": "USD"}}


@pytest.fixture
def own(resources, ada):
    """Let a user have a copy of a release, in a grade or in none."""

    def copy(release_id, grade, *, user_id=ada, title="Aja"):
        with resources.pool.transaction() as conn:
            conn.execute(
                "INSERT INTO albums (user_id, artist, title, discogs_release_id, media_condition)"
                " VALUES (%s, 'Steely Dan', %s, %s, %s)",
                [user_id, title, release_id, grade],
            )

    return copy


@pytest.fixture
def worth(resources):
    def is_(release_id=AJA, figures=LADDER):
        with resources.pool.transaction() as conn:
            prices.store(conn, release_id, "suggestions", Fresh("priced", figures, Decimal(30), None, pricing.DAY))

    return is_


@pytest.fixture
def shop(resources, ada):
    """Let a user watch a shop that has these offers: number, release, grade, price."""

    def of(*offers, name="shop", user_id=ada, currency="USD"):
        with resources.pool.transaction() as conn:
            sellers.watch(conn, user_id, name)
            sellers.settle(conn, name, "open", again=timedelta(days=1), offers=len(offers), is_swept=True)
            shown = [
                Listing(number, release_id, grade, None, Decimal(price), currency, "Japan", None)
                for number, release_id, grade, price in offers
            ]
            listings.upsert(conn, name, UUID(int=1), shown)

    return of


@pytest.fixture
def look(client, as_app, ada):
    def at(user_id=ada, **query):
        answer = client.get(CHEAPER, params=query, headers=as_app(user_id))
        assert answer.status_code == 200
        return answer.json()

    return at


def numbers(page):
    return [each["offer"]["listing_id"] for each in page["upgrades"]]


def test_only_better_grades_below_their_worth_are_shown_the_largest_saving_first(own, worth, shop, look):
    own(AJA, "VG")
    worth()
    shop(
        (1, AJA, "VG+", "25.00"),
        (2, AJA, "NM", "20.00"),
        (3, AJA, "VG", "1.00"),
        (4, AJA, "G", "0.50"),
        (5, AJA, "NM", "40.00"),
        (6, AJA, None, "0.10"),
        (7, GAUCHO, "M", "0.10"),
    )
    told = look()
    assert numbers(told) == [2, 1]
    assert [told[key] for key in ("better", "cheaper", "unknown", "next_cursor")] == [3, 2, 0, None]
    assert told["sentence"] == (
        "2 of 3 offers in a better grade than the copy that is owned: below what Discogs suggests for it."
    )
    first = told["upgrades"][0]
    assert (first["saving"], first["worth"]) == (
        {"amount": "20.00", "currency": "USD"},
        {"amount": "40.00", "currency": "USD"},
    )
    assert first["sentence"] == "NM in place of VG for USD 20.00: USD 20.00 below what Discogs suggests for NM."
    assert (first["artist"], first["title"], first["owned_grade"], first["is_assumed"]) == (
        "Steely Dan",
        "Aja",
        "VG",
        False,
    )
    assert first["worth_fetched_at"] is not None


def test_the_best_copy_that_is_owned_counts_and_an_ungraded_one_as_vg(own, worth, shop, look):
    own(AJA, "G")
    own(AJA, "VG+")
    own(GAUCHO, None)
    worth()
    worth(GAUCHO)
    shop((1, AJA, "VG+", "1.00"), (2, AJA, "NM", "10.00"), (3, GAUCHO, "VG", "1.00"), (4, GAUCHO, "VG+", "5.00"))
    told = look()
    assert numbers(told) == [2, 4]
    assert [(each["owned_grade"], each["is_assumed"]) for each in told["upgrades"]] == [("VG+", False), ("VG", True)]
    assert told["upgrades"][1]["sentence"].startswith("VG+ in place of an ungraded copy for USD 5.00:")


def test_a_release_alone_and_nobody_elses_sellers_or_copies(own, worth, shop, look, ada, bob):
    for release_id in (AJA, GAUCHO):
        own(release_id, "VG")
        worth(release_id)
    own(9, "VG", user_id=bob)
    worth(9)
    shop((1, AJA, "NM", "1.00"), (2, GAUCHO, "NM", "2.00"), (3, 9, "NM", "3.00"))
    shop((4, AJA, "NM", "4.00"), name="bobs", user_id=bob)
    assert numbers(look()) == [1, 2]
    assert numbers(look(release_id=GAUCHO)) == [2]
    assert look(release_id=9)["sentence"] == (
        "No watched seller has a record in a better grade than the copy that is owned."
    )
    assert numbers(look(bob)) == []


def test_amounts_are_compared_in_the_users_currency_and_what_does_not_compare_is_counted(
    own, worth, shop, look, resources
):
    own(AJA, "VG")
    worth()
    with resources.pool.transaction() as conn:
        rates.keep(conn, {"EUR": Decimal("0.5"), "JPY": Decimal(150)}, source="discogs")
        conn.execute("UPDATE profiles SET currency = 'EUR'")
    shop((1, AJA, "NM", "5985.00"), (2, AJA, "NM", "6015.00"), (3, AJA, "M", "1.00"), currency="JPY")
    shop((4, AJA, "NM", "1.00"), name="other", currency="SEK")
    told = look()
    assert numbers(told) == [1]
    assert told["upgrades"][0]["saving"] == {"amount": "0.05", "currency": "EUR"}
    assert (told["better"], told["unknown"]) == (4, 2)
    assert told["sentence"].endswith(" Of 2 no suggestion or no exchange rate is known.")


def test_pages_follow_each_other_without_a_gap_though_savings_are_equal(own, worth, shop, look):
    own(AJA, "VG")
    worth()
    shop(*((number, AJA, "NM", "20.00") for number in range(1, 6)), (9, AJA, "VG+", "29.99"))
    seen, cursor, pages = [], None, 0
    while pages < 9 and (pages == 0 or cursor is not None):
        page = look(limit=2, **({} if cursor is None else {"cursor": cursor}))
        seen += numbers(page)
        cursor, pages = page["next_cursor"], pages + 1
    assert (seen, pages) == ([1, 2, 3, 4, 5, 9], 3)


def test_nothing_to_show_is_said_in_words(own, worth, shop, look, client, as_app, ada):
    assert look()["sentence"] == NO_SELLER
    own(AJA, "VG")
    shop((1, AJA, "NM", "50.00"))
    assert look()["sentence"] == (
        "1 offer in a better grade than the copy that is owned, and nothing to compare with: no suggestion or no "
        "exchange rate is known yet."
    )
    worth()
    assert look()["sentence"] == (
        "1 offer in a better grade than the copy that is owned, none of them below what Discogs suggests for it."
    )
    for cursor in ("x", "1.00", "1.00_", "NaN_1", "1.00_1\n", "9" * 20 + ".00_1"):
        assert client.get(CHEAPER, params={"cursor": cursor}, headers=as_app(ada)).status_code == 422


def test_looking_lets_a_shop_that_is_not_fresh_be_read_soon(shop, look, resources):
    shop()
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.sellers SET fetched_at = now() - interval '7 hours'")
    look()
    with resources.pool.transaction() as conn:
        assert sellers.next_due(conn) is not None
