"""The admin API, as a test in another process uses it."""

import json

import pytest

ACCOUNTS = "/_simulator/accounts"


@pytest.fixture
def http(discogs, client):
    return client(discogs)


def test_an_account_is_opened_shown_changed_and_closed(discogs, http):
    wanted = {"username": "bo", "records": 5, "wants": 2, "currency": "GBP", "personal_token": "let-me-in"}
    opened = http.post(ACCOUNTS, json=wanted)
    assert (opened.status_code, opened.json()["records"], opened.json()["personal_token"]) == (201, 5, "let-me-in")
    assert http.post(ACCOUNTS, json=wanted).status_code == 422
    assert http.patch(f"{ACCOUNTS}/bo", json={"username": "beau", "is_private": True}).json()["is_private"]
    assert [each["username"] for each in http.get(ACCOUNTS).json()["accounts"]] == ["beau"]
    assert http.delete(f"{ACCOUNTS}/beau").status_code == 204
    assert http.get(f"{ACCOUNTS}/beau").status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"username": ""}, {"username": "a", "recrods": 1}, {"username": "a", "currency": "XX"}]
)
def test_a_wrong_order_is_refused_with_a_reason(http, wrong):
    got = http.post(ACCOUNTS, json=wrong)
    assert got.status_code == 422
    assert got.json()


def test_the_truth_is_what_the_pages_show(discogs, owner, client):
    truth = client(discogs).get(f"{ACCOUNTS}/ada/truth").json()
    mine = client(discogs, owner)
    shown = [
        each
        for page in (1, 2, 3)
        for each in mine.get(f"/users/ada/collection/folders/0/releases?per_page=100&page={page}").json()["releases"]
    ]
    by_number = {each["instance_id"]: each for each in truth["instances"]}
    assert {each["instance_id"]: each for each in shown} == by_number
    assert truth["fields"] == mine.get("/users/ada/collection/fields").json()["fields"]
    assert truth["folders"] == mine.get("/users/ada/collection/folders").json()["folders"]
    wants = mine.get("/users/ada/wants?per_page=100").json()["wants"]
    assert sorted(wants, key=lambda each: each["id"]) == sorted(truth["wants"], key=lambda each: each["id"])


def test_records_are_edited_as_their_owner_would(discogs, owner, http):
    added = http.post(
        f"{ACCOUNTS}/ada/copies",
        json={
            "release_id": 5_000_000,
            "folder_id": 2,
            "rating": 4,
            "notes": {"3": "hello"},
            "date_added": "2020-01-01T00:00:00-08:00",
        },
    ).json()
    assert (added["folder_id"], added["rating"], added["date_added"]) == (2, 4, "2020-01-01T00:00:00-08:00")
    path = f"{ACCOUNTS}/ada/copies/{added['instance_id']}"
    edited = http.patch(path, json={"notes": {"3": "", "1": "Mint (M)"}}).json()
    assert edited["notes"] == [{"field_id": 1, "value": "Mint (M)"}]
    assert [http.delete(path).status_code, http.delete(path).status_code] == [204, 404]
    assert http.put(f"{ACCOUNTS}/ada/wants/5000000", json={"notes": "x"}).json()["notes"] == "x"
    assert http.delete(f"{ACCOUNTS}/ada/wants/5000000").status_code == 204


def test_tokens_are_given_and_revoked(discogs, owner, http):
    pair = http.post(f"{ACCOUNTS}/ada/tokens").json()
    assert discogs.world.account_of(pair["oauth_token"]) is owner
    http.post(f"{ACCOUNTS}/ada/revoke", json={"token": pair["oauth_token"]})
    assert discogs.world.account_of(pair["oauth_token"]) is None
    other = http.post(f"{ACCOUNTS}/ada/tokens").json()
    http.post(f"{ACCOUNTS}/ada/revoke")
    assert discogs.world.account_of(other["oauth_token"]) is None


def test_log_and_windows_are_told_and_forgotten(discogs, owner, http, client):
    for _ in range(3):
        client(discogs, owner).get("/oauth/identity")
    http.get("/")
    lines = http.get("/_simulator/log").text.splitlines()
    assert [json.loads(each)["endpoint"] for each in lines] == ["identity"] * 3 + ["root"]
    assert http.get("/_simulator/windows").json() == {"seconds": 60, "requests": 4, "most": 4, "statuses": {"200": 4}}
    assert http.get("/_simulator/windows?user=ada&seconds=600").json()["most"] == 3
    assert http.get("/_simulator/windows?colour=red").status_code == 422
    http.delete("/_simulator/log")
    assert http.get("/_simulator/windows").json()["most"] == 0


def test_faults_are_added_listed_and_taken_away(http):
    first = http.post("/_simulator/faults", json={"kind": "error", "status": 503, "times": 1})
    assert first.status_code == 201
    assert http.post("/_simulator/faults", json={"kind": "gremlins"}).status_code == 422
    assert http.get("/").status_code == 503
    assert http.get("/_simulator/faults").json()["faults"][0]["struck"] == 1
    assert http.delete(f"/_simulator/faults/{first.json()['id']}").status_code == 204
    http.post("/_simulator/faults", json={"kind": "error"})
    http.delete("/_simulator/faults")
    assert http.get("/_simulator/faults").json() == {"faults": []}


def test_the_admin_api_says_what_it_does_not_know(http):
    assert [http.get("/_simulator/nix").status_code, http.put("/_simulator/log").status_code] == [404, 405]
