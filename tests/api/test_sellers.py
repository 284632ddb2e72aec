"""Watched sellers over HTTP: named once in whatever case, listed with how their shops stand, twenty at most."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from actors.market.sellers import MOST_A_USER
from db import sellers

SELLERS = "/api/discogs/sellers"


@pytest.fixture
def post(client, as_app, ada):
    return lambda name, user=ada: client.post(SELLERS, json={"seller": name}, headers=as_app(user))


@pytest.fixture
def listed(client, as_app, ada):
    return lambda user=ada: client.get(SELLERS, headers=as_app(user)).json()["sellers"]


@pytest.fixture
def read(resources):
    """Let a shop have been read."""

    def settle(name, state="open", *, hours=0, **facts):
        with resources.pool.transaction() as conn:
            sellers.settle(conn, name, state, again=timedelta(days=1), **facts)
            conn.execute(
                "UPDATE rekkrd.sellers SET fetched_at = fetched_at - make_interval(hours => %s) WHERE seller = %s",
                [hours, name],
            )

    return settle


def test_a_seller_is_watched_once_in_whatever_case(post, listed):
    first, second = post("Rainy_Day"), post("RAINY_DAY")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json() | {"sentence": first.json()["sentence"]}
    (one,) = listed()
    assert (one["seller"], one["state"], one["sentence"]) == ("Rainy_Day", "new", "The shop was not read yet.")
    assert (one["link"], one["attribution"]) == (
        "https://www.discogs.com/seller/Rainy_Day/profile",
        "Data provided by Discogs.",
    )


def test_a_new_shop_is_read_at_once_and_one_that_was_read_is_not(post, read, resources, bob):
    def jobs():
        with resources.pool.transaction() as conn:
            return conn.execute("SELECT count(*) AS n FROM rekkrd.jobs WHERE kind = 'read_shops'").fetchone()["n"]

    post("one")
    post("two")
    assert jobs() == 1
    read("one", offers=1, is_swept=True)
    with resources.pool.transaction() as conn:
        conn.execute("DELETE FROM rekkrd.jobs")
    post("one", bob)
    assert jobs() == 0


def test_how_a_shop_stands_is_said_in_words(post, listed, read):
    for name in ("open", "large", "gone", "closed"):
        post(name)
    read("open", offers=1, is_swept=True)
    read("large", offers=12_345, is_swept=True)
    read("gone", "gone", hours=5)
    read("closed", "closed", hours=5)
    assert [one["sentence"] for one in listed()] == [
        "1 offer 1 s ago.",
        "12,345 offers 1 s ago. Discogs shows programs the 10,000 newest only.",
        "Discogs knew no such seller 5 h ago. It is asked again once a week.",
        "Discogs did not show this shop 5 h ago. It is asked again every day.",
    ]


def test_between_two_readings_of_all_it_is_said_since_when(post, listed, read, resources):
    post("open")
    read("open", offers=7, is_swept=True)
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.sellers SET swept_at = swept_at - interval '2 days'")
    read("open", offers=9)
    assert listed()[0]["sentence"] == "9 offers 1 s ago. All of it was read 48 h ago; since then, what is new."


def test_nobody_watches_more_than_twenty_and_everybody_their_own(post, listed, ada, bob):
    for number in range(MOST_A_USER):
        assert post(f"shop{number}").status_code == 201
    refused = post("another")
    assert (refused.status_code, refused.json()["error"]["reason"]) == (409, "seller_refused")
    assert post("shop0").status_code == 200
    assert post("another", bob).status_code == 201
    assert (len(listed()), [one["seller"] for one in listed(bob)]) == (MOST_A_USER, ["another"])


def test_a_seller_is_watched_no_more_by_who_watched_them(post, listed, client, as_app, ada, bob):
    post("Shop")
    post("shop", bob)
    assert client.delete(f"{SELLERS}/SHOP", headers=as_app(ada)).status_code == 204
    assert client.delete(f"{SELLERS}/shop", headers=as_app(ada)).status_code == 404
    assert (listed(), len(listed(bob))) == ([], 1)


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a/b", "a\0b", "é", "x" * 65])
def test_what_is_no_name_at_discogs_is_refused(post, client, as_app, ada, name):
    assert post(name).status_code == 422
    assert client.delete(f"{SELLERS}/{quote(name, safe='')}", headers=as_app(ada)).status_code in (404, 405, 422)


def test_who_is_unknown_watches_nobody(client, as_app):
    unknown = "00000000-0000-0000-0000-00000000dead"
    assert client.get(SELLERS, headers=as_app(unknown)).status_code == 404
    assert client.post(SELLERS, json={"seller": "shop"}, headers=as_app(unknown)).status_code == 404
