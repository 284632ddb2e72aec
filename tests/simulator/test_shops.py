"""Shops sell what they hold, at prices that follow the grade, to whoever asks for the seller by name."""

from simulator import state
from simulator.main import SHOPS, new_service
from simulator.records import GRADES
from simulator.settings import SimulatorSettings


def test_a_shop_sells_all_that_it_holds_and_a_collector_some(discogs, client, owner):
    shop = discogs.world.create_account("shop", records=40, is_shop=True, location="Japan", currency="JPY")
    assert [found(client(discogs), name)["pagination"]["items"] for name in ("shop", "ada")] == [40, 23]
    rows = found(client(discogs), "shop")["listings"]
    assert {row["ships_from"] for row in rows} == {"Japan"}
    assert {row["price"]["currency"] for row in rows} == {"JPY"}
    shop.profile.is_shop = False
    assert found(client(discogs), "shop")["pagination"]["items"] == 4


def test_what_a_shop_sold_is_gone_and_what_it_listed_is_first(discogs, client):
    shop = discogs.world.create_account("shop", records=3, is_shop=True)
    sold = next(iter(shop.instances))
    discogs.world.remove_copy(shop, sold)
    discogs.world.add_copy(shop, 1_000_003)
    rows = found(client(discogs), "shop", "?sort=listed&sort_order=desc")["listings"]
    assert (len(rows), rows[0]["release"]["id"]) == (3, 1_000_003)
    assert sold % 2_000_000_000 + 2_000_000_000 not in {row["id"] for row in rows}
    for status, count in (("Sold", 0), ("Draft", 0), ("All", 3)):
        assert found(client(discogs), "shop", f"?status={status}")["pagination"]["items"] == count


def test_half_of_a_shops_releases_are_those_of_the_collector_that_it_is_like(discogs, owner):
    shop = discogs.world.create_account("shop", records=200, is_shop=True, like="ada")
    theirs = {each.release_id for each in owner.instances.values()}
    shared = sum(each.release_id in theirs for each in shop.instances.values())
    assert 70 < shared < 130


def test_nobodys_shop_is_not_found_and_an_offer_is_told_in_the_askers_currency(discogs, client, owner):
    assert client(discogs).get("/users/nobody_here/inventory").status_code == 404
    discogs.world.create_account("shop", records=1, is_shop=True, currency="GBP")
    (row,) = found(client(discogs), "shop")["listings"]
    seen = client(discogs, owner).get(f"/marketplace/listings/{row['id']}").json()
    assert (row["price"]["currency"], seen["price"]["currency"]) == ("GBP", "EUR")
    assert seen["original_price"] == row["original_price"]
    assert seen["price"]["value"] > row["price"]["value"]
    asked = client(discogs).get(f"/marketplace/listings/{row['id']}?curr_abbr=GBP").json()
    assert asked["price"] == row["price"]
    assert client(discogs).get(f"/marketplace/listings/{row['id']}?curr_abbr=XXX").status_code == 422


def test_a_better_grade_costs_more_and_nothing_is_below_the_floor(discogs, client):
    shop = discogs.world.create_account("shop", records=0, is_shop=True)
    for grade in GRADES:
        copy = discogs.world.add_copy(shop, 1_000_003)
        discogs.world.note_copy(shop, copy.id, 1, grade)
    floor = float(discogs.world.catalogue.release(1_000_003).price)
    prices = {row["condition"]: row["price"]["value"] for row in found(client(discogs), "shop")["listings"]}
    assert min(prices.values()) >= round(floor, 2)
    assert prices["Near Mint (NM or M-)"] > prices["Good (G)"]


def test_the_demo_has_shops_and_begins_anew_under_the_same_ids_in_another_size(tmp_path):
    file = tmp_path / "state"

    def ids(records):
        world = new_service(SimulatorSettings(port=0, records=records, wants=0, state=file)).world
        state.save(world, file)
        return {each.profile.username: (number, each.count(0)) for number, each in world.accounts.items()}

    small, large = ids(40), ids(80)
    assert [small[name][1] for name, _, _ in SHOPS] == [10, 10, 10]
    assert [large[name][1] for name, _, _ in SHOPS] == [20, 20, 20]
    assert {name: number for name, (number, _) in small.items()} == {
        name: number for name, (number, _) in large.items()
    }
    assert ids(0) == {}


def found(http, name, query=""):
    return http.get(f"/users/{name}/inventory{query}").json()
