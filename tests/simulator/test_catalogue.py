"""Releases, masters, the market and search."""

import pytest

from simulator.records import GRADES

A_RELEASE = 5_000_001


@pytest.fixture
def http(discogs, owner, client):
    return client(discogs, owner)


def test_a_release_prices_in_dollars_whatever_is_asked(discogs, http):
    release = discogs.world.catalogue.release(A_RELEASE)
    got = http.get(f"/releases/{A_RELEASE}?curr_abbr=EUR").json()
    assert got["lowest_price"] == (float(release.price) if release.for_sale else None)
    assert got["artists"][0]["name"] == release.artists[0].name


def test_a_release_that_is_gone_is_404(http):
    assert [http.get(f"/releases/{each}").status_code for each in (9_973, 0, 99_999_999, "x")] == [404] * 4


def test_the_rating_and_the_poor_stats_of_a_release(http):
    assert http.get(f"/releases/{A_RELEASE}/rating").json()["release_id"] == A_RELEASE
    assert http.get(f"/releases/{A_RELEASE}/stats").json() == {"is_offensive": False}


def test_a_master_leads_to_its_versions_and_they_know_what_the_caller_owns(discogs, owner, http):
    master_id = next(
        discogs.world.catalogue.release(each).master_id
        for each in range(5_000_000, 5_000_100)
        if discogs.world.catalogue.release(each).master_id
    )
    master = http.get(f"/masters/{master_id}").json()
    discogs.world.add_copy(owner, master["main_release"])
    got = http.get(f"/masters/{master_id}/versions?sort=released").json()
    owned = {each["id"]: each["stats"]["user"]["in_collection"] for each in got["versions"]}
    assert owned[master["main_release"]] == 1
    assert sum(owned.values()) == 1
    assert len({each["title"] for each in got["versions"]}) == 1
    assert http.get("/masters/1").status_code == 404


def test_stats_honour_the_currency_and_fall_back_to_the_callers(discogs, http, client):
    release_id = next(each for each in range(5_000_000, 5_000_100) if discogs.world.catalogue.release(each).for_sale)
    path = f"/marketplace/stats/{release_id}"
    assert http.get(f"{path}?curr_abbr=GBP").json()["lowest_price"]["currency"] == "GBP"
    assert http.get(path).json()["lowest_price"]["currency"] == "EUR"
    assert client(discogs).get(path).json()["lowest_price"]["currency"] == "USD"
    assert http.get(f"{path}?curr_abbr=ZZZ").status_code == 422
    blocked = http.get(f"/marketplace/stats/{997 * 5_000}").json()
    assert blocked == {"num_for_sale": None, "lowest_price": None, "blocked_from_sale": True}


def test_suggestions_are_a_ladder_in_the_sellers_currency(http):
    got = http.get(f"/marketplace/price_suggestions/{A_RELEASE}?curr_abbr=USD").json()
    assert list(got) == list(GRADES)
    top = got["Mint (M)"]["value"] / 95
    assert [round(each["value"] / top) for each in got.values()] == [95, 85, 65, 45, 25, 15, 10, 5]
    assert {each["currency"] for each in got.values()} == {"EUR"}
    assert http.get(f"/marketplace/price_suggestions/{89 * 50_000}").json() == {}


def test_without_seller_settings_suggestions_are_404_for_every_release(discogs, stranger, client):
    got = client(discogs, stranger).get(f"/marketplace/price_suggestions/{A_RELEASE}")
    assert (got.status_code, got.json()["message"]) == (404, "You must fill out your seller settings first.")
    assert client(discogs).get(f"/marketplace/price_suggestions/{A_RELEASE}").status_code == 401


def test_beyond_page_100_only_ones_own_inventory_goes_on(discogs, client, stranger):
    seller = discogs.world.create_account("shop", records=1_050)
    path = "/users/shop/inventory?per_page=1"
    got = client(discogs, stranger).get(f"{path}&page=101")
    assert (got.status_code, "above 100" in got.json()["message"]) == (403, True)
    assert client(discogs, seller).get(f"{path}&page=101").status_code == 200
    row = client(discogs, stranger).get(f"{path}&sort=price").json()
    assert row["pagination"]["items"] == 105
    assert row["listings"][0]["price"]["currency"] == "USD"
    listing = client(discogs).get(f"/marketplace/listings/{row['listings'][0]['id']}")
    assert listing.json()["release"] == row["listings"][0]["release"]
    assert client(discogs, stranger).get("/users/shop/inventory?sort=location").status_code == 422


def test_search_reaches_ten_thousand_and_pages_may_come_short(http):
    first = http.get("/database/search?per_page=100").json()["pagination"]
    assert (first["pages"], first["items"]) == (100, 10_000)
    assert http.get("/database/search?per_page=100&page=101").status_code == 404
    assert len(http.get("/database/search?page=2").json()["results"]) < 50
    assert http.get("/database/search?q=nothingatall").json()["results"] == []
    assert http.get("/database/search?type=pizza").status_code == 422


def test_search_finds_what_it_is_asked_for_and_shows_pictures_to_the_known(discogs, http, client):
    release = discogs.world.catalogue.release(1_000_003)
    got = http.get("/database/search", params={"barcode": release.barcode}).json()["results"]
    assert [each["id"] for each in got] == [release.id]
    assert got[0]["thumb"]
    known = client(discogs).get("/database/search", params={"barcode": release.barcode}).json()["results"]
    assert (known[0]["thumb"], known[0]["cover_image"]) == ("", "")


def test_the_market_search_is_always_401(http):
    assert http.get("/marketplace/search").status_code == 401


def test_covers_are_drawn(http):
    got = http.get(http.get(f"/releases/{A_RELEASE}").json()["thumb"])
    assert got.headers["content-type"] == "image/svg+xml"
    assert got.text.startswith("<svg")


def test_a_profile_hides_counts_and_address_from_strangers(discogs, owner, client, stranger):
    mine, theirs = (client(discogs, who).get("/users/ada").json() for who in (owner, stranger))
    assert (mine["num_collection"], mine["num_wantlist"], mine["curr_abbr"]) == (230, 40, "EUR")
    assert "email" in mine
    assert "email" not in theirs
    owner.profile.is_private = True
    assert "num_collection" not in client(discogs, stranger).get("/users/ada").json()
