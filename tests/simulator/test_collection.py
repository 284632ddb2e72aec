"""Pages of a collection."""

import pytest

from simulator.orders import COLLECTION_SORTS

PATH = "/users/ada/collection/folders/0/releases"


def walk(http, path, key, **params):
    """Walk a list to its last page as the pagination tells."""
    items, page, pages = [], 1, 1
    while page <= pages:
        got = http.get(path, params={"per_page": 100, "page": page, **params}).raise_for_status().json()
        pages = got["pagination"]["pages"]
        items += got[key]
        page += 1
    return items


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", COLLECTION_SORTS)
def test_every_sort_brings_every_copy_once(discogs, owner, client, sort, order):
    items = walk(client(discogs, owner), PATH, "releases", sort=sort, sort_order=order)
    assert sorted(each["instance_id"] for each in items) == sorted(owner.instances)


def test_newest_first_is_newest_first(discogs, owner, client):
    items = walk(client(discogs, owner), PATH, "releases", sort="added", sort_order="desc")
    dates = [owner.instances[each["instance_id"]].added for each in items]
    assert dates == sorted(dates, reverse=True)


def test_more_than_a_hundred_a_page_is_silently_a_hundred(discogs, owner, client):
    got = client(discogs, owner).get(PATH, params={"per_page": 500}).json()
    assert (got["pagination"]["per_page"], got["pagination"]["pages"], len(got["releases"])) == (100, 3, 100)


def test_a_page_past_the_end_is_404_and_an_empty_list_has_one_page(discogs, owner, client):
    http = client(discogs, owner)
    assert http.get(PATH, params={"page": 6}).status_code == 404
    empty = discogs.world.create_account("empty")
    page = client(discogs, empty).get("/users/empty/collection/folders/0/releases").json()
    assert page == {"pagination": {"page": 1, "pages": 1, "per_page": 50, "items": 0, "urls": {}}, "releases": []}


def test_addresses_of_pages_are_where_they_belong(discogs, owner, client):
    http = client(discogs, owner)
    urls = [http.get(PATH, params={"page": page}).json()["pagination"]["urls"] for page in (1, 2, 5)]
    assert [sorted(each) for each in urls] == [["last", "next"], ["first", "last", "next", "prev"], ["first", "prev"]]
    assert http.get(urls[0]["next"]).json()["pagination"]["page"] == 2


def test_an_unknown_sort_is_422(discogs, owner, client):
    got = client(discogs, owner).get(PATH, params={"sort": "colour"})
    assert got.status_code == 422
    assert got.json()["message"].startswith("Invalid sort: expected one of")


def test_strangers_see_one_folder_no_folder_id_and_no_private_notes(discogs, owner, stranger, client):
    private = {each.id for each in owner.fields.values() if not each.is_public}
    for http in (client(discogs), client(discogs, stranger)):
        items = walk(http, PATH, "releases")
        assert len(items) == 230
        assert not any("folder_id" in each for each in items)
        assert not any(note["field_id"] in private for each in items for note in each.get("notes", ()))
        assert [each["id"] for each in http.get("/users/ada/collection/folders").json()["folders"]] == [0]


def test_a_private_collection_is_403_for_everyone_else(discogs, owner, stranger, client):
    owner.profile.is_private = True
    for path in (PATH, "/users/ada/wants", "/users/ada/collection/folders"):
        assert [client(discogs, who).get(path).status_code for who in (None, stranger, owner)] == [403, 403, 200]


def test_notes_are_missing_when_no_field_is_set(discogs, owner, client):
    items = {each["instance_id"]: each for each in walk(client(discogs, owner), PATH, "releases")}
    for instance in owner.instances.values():
        assert ("notes" in items[instance.id]) == bool(instance.notes)


def test_all_copies_of_one_release_are_found_in_all_folders(discogs, client):
    account = discogs.world.create_account("many", records=300, copies=200)
    release_id = next(iter(account.instances.values())).release_id
    items = walk(client(discogs, account), f"/users/many/collection/releases/{release_id}", "releases")
    assert len({each["instance_id"] for each in items}) >= 200
    assert {each["id"] for each in items} == {release_id}


def test_instance_ids_are_above_two_to_the_31st(owner):
    assert min(owner.instances) > 2**31


def test_the_same_seed_makes_the_same_collection(discogs, owner):
    again = discogs.world.create_account("twin", records=230, wants=40, seed=11)
    ours, theirs = (
        [(each.release_id, each.added, each.rating, each.notes) for each in account.instances.values()]
        for account in (owner, again)
    )
    assert ours == theirs


def test_the_value_is_text_in_the_accounts_currency_for_the_owner_alone(discogs, owner, client):
    value = client(discogs, owner).get("/users/ada/collection/value").json()
    assert sorted(value) == ["maximum", "median", "minimum"]
    assert all(each.startswith("€") and each[-3] == "." for each in value.values())
    assert client(discogs).get("/users/ada/collection/value").status_code == 403


def test_unstable_order_moves_equal_dates_and_nothing_else(discogs, owner, client):
    for instance in owner.instances.values():
        instance.added = 1_700_000_000 + instance.id % 3
    owner.is_unstable = True
    http = client(discogs, owner)
    walks = [[each["instance_id"] for each in walk(http, PATH, "releases", sort="added")] for _ in range(2)]
    assert walks[0] != walks[1]
    for each in walks:
        dates = [owner.instances[number].added for number in each]
        assert dates == sorted(dates)
