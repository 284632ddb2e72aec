"""Writing: copies, fields, folders and wishes."""

import pytest

FOLDERS = "/users/ada/collection/folders"


@pytest.fixture
def http(discogs, owner, client):
    return client(discogs, owner)


@pytest.fixture
def copy(owner):
    return next(iter(owner.instances.values()))


def at(copy):
    return f"{FOLDERS}/{copy.folder_id}/releases/{copy.release_id}/instances/{copy.id}"


def test_adding_is_never_idempotent(http, owner):
    ids = [http.post(f"{FOLDERS}/1/releases/5000000").raise_for_status().json()["instance_id"] for _ in range(2)]
    assert len(set(ids)) == 2
    assert [each.id for each in owner.copies(5_000_000)] == ids


@pytest.mark.parametrize(("folder", "release", "status"), [(0, 5_000_000, 422), (99, 5_000_000, 404), (1, 9_973, 404)])
def test_what_cannot_be_added_is_refused(http, owner, folder, release, status):
    assert http.post(f"{FOLDERS}/{folder}/releases/{release}").status_code == status
    assert owner.count(0) == 230


def test_rating_and_moving_are_one_call_and_counts_follow(http, owner, copy):
    before, target = owner.count(copy.folder_id), http.post(FOLDERS, json={"name": "New"}).json()["id"]
    left = copy.folder_id
    assert http.post(at(copy), json={"rating": 5, "folder_id": target}).status_code == 204
    assert (copy.rating, copy.folder_id, owner.count(left), owner.count(target)) == (5, target, before - 1, 1)
    assert http.get(f"{FOLDERS}/{target}/releases").json()["releases"][0]["instance_id"] == copy.id


@pytest.mark.parametrize(("body", "status"), [({"rating": 6}, 422), ({"rating": "x"}, 422), ({"folder_id": 99}, 404)])
def test_a_wrong_rating_or_folder_changes_nothing(http, copy, body, status):
    rating, folder_id = copy.rating, copy.folder_id
    assert http.post(at(copy), json=body).status_code == status
    assert (copy.rating, copy.folder_id) == (rating, folder_id)


def test_the_folder_in_the_path_must_be_the_copys_own(http, copy):
    assert http.delete(at(copy).replace(f"folders/{copy.folder_id}/", "folders/0/")).status_code == 404


def test_a_copy_is_deleted_once(http, owner, copy):
    assert [http.delete(at(copy)).status_code for _ in range(2)] == [204, 404]
    assert owner.count(0) == 229


def test_fields_take_text_and_options_and_empty_takes_away(http, copy):
    assert http.post(f"{at(copy)}/fields/3", json={"value": "  <b>ñ</b>\n🎁 "}).status_code == 204
    assert http.post(f"{at(copy)}/fields/1?value=Poor%20(P)").status_code == 204
    assert (copy.notes[3], copy.notes[1]) == ("  <b>ñ</b>\n🎁 ", "Poor (P)")
    assert http.post(f"{at(copy)}/fields/3", json={"value": ""}).status_code == 204
    assert 3 not in copy.notes


@pytest.mark.parametrize(
    ("field", "body", "status"), [(1, {"value": "Poor"}, 422), (99, {"value": "x"}, 404), (3, {}, 422)]
)
def test_a_wrong_field_value_changes_nothing(http, copy, field, body, status):
    notes = dict(copy.notes)
    assert http.post(f"{at(copy)}/fields/{field}", json=body).status_code == status
    assert copy.notes == notes


def test_an_edit_is_seen_on_the_next_page(http, owner, copy):
    items = "/users/ada/collection/releases/"
    http.get(f"{items}{copy.release_id}")
    http.post(f"{at(copy)}/fields/3", json={"value": "edited"})
    seen = {each["instance_id"]: each for each in http.get(f"{items}{copy.release_id}").json()["releases"]}[copy.id]
    assert {"field_id": 3, "value": "edited"} in seen["notes"]


def test_folders_are_made_renamed_and_deleted_when_empty(http, owner, copy):
    made = http.post(FOLDERS, json={"name": "Été"})
    assert (made.status_code, made.json()["count"]) == (201, 0)
    path = f"{FOLDERS}/{made.json()['id']}"
    assert http.post(path, json={"name": "Hiver"}).json()["name"] == "Hiver"
    assert [http.delete(path).status_code, http.get(path).status_code] == [204, 404]
    assert http.delete(f"{FOLDERS}/{copy.folder_id}").status_code == 403
    assert [http.delete(f"{FOLDERS}/{each}").status_code for each in (0, 1)] == [403, 403]


def test_a_wish_is_put_edited_and_dropped(http, owner):
    path = "/users/ada/wants/5000000"
    put = [http.put(path, json={"notes": "only the German press", "rating": 4}) for _ in range(2)]
    assert [each.status_code for each in put] == [201, 201]
    assert put[1].json()["notes"] == "only the German press"
    edited = http.post(path, json={"rating": 1})
    assert (edited.status_code, edited.json()["rating"], edited.json()["notes"]) == (200, 1, "only the German press")
    assert len(owner.wants) == 41
    assert [http.delete(path).status_code for _ in range(2)] == [204, 404]
    assert http.put("/users/ada/wants/9973").status_code == 404


def test_only_the_owner_writes(discogs, owner, stranger, client, copy):
    calls = [
        ("POST", f"{FOLDERS}/1/releases/5000000"),
        ("POST", at(copy)),
        ("DELETE", at(copy)),
        ("POST", f"{at(copy)}/fields/3"),
        ("POST", FOLDERS),
        ("PUT", "/users/ada/wants/5000000"),
    ]
    for who, status in ((None, 401), (stranger, 403)):
        http = client(discogs, who)
        assert [http.request(method, path).status_code for method, path in calls] == [status] * len(calls)
    assert owner.count(0) == 230


def test_the_wants_notes_are_the_owners_alone(discogs, owner, stranger, client):
    discogs.world.put_want(owner, 5_000_000, notes="secret")
    assert "notes" in client(discogs, owner).get("/users/ada/wants/5000000").json()
    assert "notes" not in client(discogs, stranger).get("/users/ada/wants/5000000").json()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/oauth/identity", 405),
        ("DELETE", "/users/ada", 405),
        ("GET", "/marketplace/listings", 405),
        ("GET", "/nowhere", 404),
        ("GET", "/users/nobody", 404),
        ("GET", "/users/ada/collection/folders/99", 404),
    ],
)
def test_wrong_verbs_and_paths_are_said_in_json(http, method, path, status):
    got = http.request(method, path)
    assert got.status_code == status
    assert got.json()["message"]
