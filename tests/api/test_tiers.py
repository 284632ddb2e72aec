"""The tiers over HTTP: a table to compare them, and a refusal that says what to upgrade to."""

import pytest

from db import users

LACKING = "Sync both ways: that begins with the Curator tier, and this is Collector."


@pytest.fixture
def cleo(resources, connect):
    """Who pays nothing, and is connected."""
    with resources.pool.transaction() as conn:
        user_id = users.create(conn, "cleo", tier="collector").id
    connect(user_id)
    return user_id


def test_what_the_tier_lacks_is_403_with_the_tier_to_upgrade_to(client, as_app, cleo):
    answer = client.post("/api/jobs", json={"kind": "push_collection"}, headers=as_app(cleo))
    assert answer.status_code == 403
    assert answer.json()["error"] == {
        "code": "forbidden",
        "reason": "tier_too_low",
        "message": LACKING,
        "next_step": "Upgrade to Curator.",
    }
    assert client.get("/api/jobs", headers=as_app(cleo)).json()["jobs"] == []


def test_among_many_jobs_each_that_the_tier_lacks_is_named(client, as_app, as_operator, cleo, ada, connect):
    connect(ada, "shelves", 43)
    body = {"jobs": [{"kind": "push_collection", "user": str(one)} for one in (ada, cleo)]}
    answer = client.post("/api/jobs", json=body, headers=as_operator)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (422, "jobs_wrong")
    assert answer.json()["error"]["message"] == f"jobs.1: {LACKING}"


def test_the_tiers_stand_side_by_side(client, as_app, ada):
    found = client.get("/api/tiers", headers=as_app(ada)).json()["features"]
    assert found[0] == {
        "name": "newest",
        "words": "The 50 newest records and wants",
        "least": "collector",
        "tiers": {"collector": True, "curator": True, "archivist": True},
    }
    assert found[-1]["tiers"] == {"collector": False, "curator": False, "archivist": True}
