"""The timetable over HTTP: what recurs, an entry run now, and the pauses with their audit."""

import pytest

from actors.scheduling.timetable import TIMETABLE
from db import jobs


def entry(client, headers, name):
    return next(one for one in client.get("/api/schedule", headers=headers).json()["entries"] if one["name"] == name)


def test_every_entry_says_what_it_does_and_when(client, as_operator):
    said = client.get("/api/schedule", headers=as_operator).json()["entries"]
    assert [one["name"] for one in said] == [entry.name for entry in TIMETABLE]
    assert all(one["sentence"].endswith(".") and one["next_at"] for one in said)
    assert all(one["last"] is None and one["pause"] is None for one in said)


def test_a_run_by_hand_names_its_person_and_its_job(client, as_operator, resources):
    headers = {**as_operator, "X-Rekkrd-Operator": "Ada"}
    answer = client.post("/api/schedule/upkeep/run", headers=headers)
    assert answer.status_code == 202
    with resources.pool.transaction() as conn:
        (job,) = jobs.page(conn)
    last = answer.json()["last"]
    assert (last["made_by"], last["job_id"], last["enqueued"]) == ("api: Ada", str(job.id), 1)
    (act,) = client.get("/api/operations/audit", headers=headers).json()["acts"]
    assert (act["action"], act["target"]["entry"], act["jobs"]) == ("ran", "upkeep", 1)


def test_a_pause_names_its_person_and_is_remembered(client, as_operator):
    headers = {**as_operator, "X-Rekkrd-Operator": "Ada"}
    body = {"for_seconds": 600, "reason": "the shop has a sale"}
    paused = client.put("/api/schedule/nightly_sync/pause", json=body, headers=headers).json()
    assert (paused["pause"]["made_by"], paused["pause"]["reason"]) == ("api: Ada", "the shop has a sale")
    assert entry(client, headers, "upkeep")["pause"] is None
    resumed = [client.delete("/api/schedule/nightly_sync/pause", headers=headers).json()["pause"] for _ in range(2)]
    assert resumed == [None, None]
    acts = client.get("/api/operations/audit", headers=headers).json()["acts"]
    assert [(act["action"], act["target"]["entry"]) for act in acts] == [
        ("resumed", "nightly_sync"),
        ("paused", "nightly_sync"),
    ]


@pytest.mark.parametrize("body", [{"reason": "why"}, {"for_seconds": 60, "reason": " "}, {"for_seconds": 10**9}])
def test_a_pause_that_nobody_means_is_refused(client, as_operator, body):
    assert client.put("/api/schedule/upkeep/pause", json=body, headers=as_operator).status_code == 422
    assert entry(client, as_operator, "upkeep")["pause"] is None


def test_an_entry_that_is_none_is_told(client, as_operator):
    assert client.post("/api/schedule/attic/run", headers=as_operator).status_code == 422


def test_the_application_holds_no_clock(client, as_app, ada):
    assert client.get("/api/schedule", headers=as_app(ada)).status_code == 403
    assert client.post("/api/schedule/upkeep/run", headers=as_app(ada)).status_code == 403
