"""Sync over HTTP: settings that say what they mean, and a sync now."""

import pytest

from db import jobs, users

SETTINGS = "/api/discogs/sync/settings"


@pytest.fixture
def eve(resources):
    """An archivist."""
    with resources.pool.transaction() as conn:
        return users.create(conn, "eve", tier="archivist").id


def test_what_is_left_out_of_a_change_stays(client, as_app, eve, connect):
    connect(eve)
    assert client.get(SETTINGS, headers=as_app(eve)).json() == {
        "is_auto": True,
        "direction": "in",
        "frequency": "nightly",
        "changed_at": None,
        "is_in_effect": True,
        "paused_reason": None,
        "sentence": "What is on Discogs comes over every night, between 03:00 and 06:00 in your time zone.",
    }
    client.patch(SETTINGS, json={"frequency": "weekly"}, headers=as_app(eve))
    said = client.patch(SETTINGS, json={"is_auto": False}, headers=as_app(eve)).json()
    assert (said["is_auto"], said["frequency"], said["is_in_effect"]) == (False, "weekly", False)
    assert client.get(SETTINGS, headers=as_app(eve)).json() == said


def test_a_choice_that_the_tier_does_not_have_is_kept_and_told(client, as_app, ada, connect):
    connect(ada)
    said = client.patch(SETTINGS, json={"frequency": "weekly"}, headers=as_app(ada)).json()
    assert (said["is_auto"], said["frequency"], said["is_in_effect"]) == (True, "weekly", False)
    assert "Archivist tier's" in said["sentence"]


@pytest.mark.parametrize("wrong", [{"direction": "up"}, {"frequency": "hourly"}, {"is_auto": "perhaps"}, {"every": 1}])
def test_what_no_clock_does_cannot_be_chosen(client, as_app, ada, wrong):
    assert client.patch(SETTINGS, json=wrong, headers=as_app(ada)).status_code == 422
    assert client.get(SETTINGS, headers=as_app(ada)).json()["changed_at"] is None


def test_settings_are_for_the_user_who_asks(client, as_app, as_operator, ada, bob):
    client.patch(SETTINGS, json={"is_auto": False}, headers=as_app(ada))
    assert client.get(SETTINGS, headers=as_app(bob)).json()["is_auto"] is True
    assert client.get(SETTINGS, headers=as_operator).status_code == 403


def test_a_sync_now_brings_both_lists_and_the_second_is_the_first(client, as_app, ada, connect, resources):
    connect(ada)
    first, second = (client.post("/api/discogs/sync", headers=as_app(ada)) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    kinds = [one["job"]["kind"] for one in first.json()["jobs"]]
    assert kinds == ["import_collection", "import_wantlist"]
    ids = [[one["job"]["id"] for one in answer.json()["jobs"]] for answer in (first, second)]
    assert ids[0] == ids[1]
    assert [one["is_new"] for one in second.json()["jobs"]] == [False, False]
    with resources.pool.transaction() as conn:
        assert len(jobs.page(conn, user_id=ada)) == 2


def test_without_an_account_there_is_nothing_to_sync(client, as_app, ada, resources):
    answer = client.post("/api/discogs/sync", headers=as_app(ada))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_connected")
    with resources.pool.transaction() as conn:
        assert jobs.page(conn, user_id=ada) == []
