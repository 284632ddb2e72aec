"""Lanes and workers over HTTP: what waits, who works, pauses with their audit, and readiness."""

from dataclasses import replace

import pytest

from actors.catalog import IMPORT_COLLECTION
from db import fleet
from db.fleet import SignOfLife
from tests.new_jobs import enqueue

LANES = ["interactive", "import", "background"]
SIGN = SignOfLife("here:1:a", "here", 1, "1+a", LANES, ["import_collection"], 8, 1, 0, 0.1, 0.1, 2.0)


@pytest.fixture
def keep(resources):
    """Let a worker give a sign of life."""

    def sign(**said):
        with resources.pool.transaction() as conn:
            fleet.keep(conn, replace(SIGN, **said))

    return sign


def lane(client, headers, name):
    return next(one for one in client.get("/api/queues", headers=headers).json()["queues"] if one["lane"] == name)


def test_a_lane_says_what_waits_and_what_failed(client, as_operator, resources, ada, bob):
    with resources.pool.transaction() as conn:
        waits, failed = (enqueue(conn, IMPORT_COLLECTION, user).job.id for user in (ada, bob))
        conn.execute("UPDATE rekkrd.jobs SET due_at = now() - interval '90 s' WHERE id = %s", [waits])
        conn.execute(
            "UPDATE rekkrd.jobs SET state = 'failed', finished_at = now(), error_class = 'Gone', error = 'x'"
            " WHERE id = %s",
            [failed],
        )
    seen = lane(client, as_operator, "import")
    assert (seen["ready"], seen["live"], seen["failed"], seen["ended"]["failed"]) == (1, 1, 1, 1)
    assert 89 < seen["oldest_seconds"] < 200
    assert (seen["per_minute"], seen["pause"]) == (0.2, None)
    assert lane(client, as_operator, "interactive")["live"] == 0


def test_a_pause_names_its_person_and_is_remembered(client, as_operator):
    headers = {**as_operator, "X-Rekkrd-Operator": "Ada"}
    body = {"for_seconds": 600, "reason": "the shop has a sale"}
    paused = client.put("/api/queues/import/pause", json=body, headers=headers).json()
    assert (paused["pause"]["made_by"], paused["pause"]["reason"]) == ("api: Ada", "the shop has a sale")
    resumed = [client.delete("/api/queues/import/pause", headers=headers).json()["pause"] for _ in range(2)]
    assert resumed == [None, None]
    acts = client.get("/api/operations/audit", headers=headers).json()["acts"]
    assert [(act["action"], act["target"]["lane"]) for act in acts] == [("resumed", "import"), ("paused", "import")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"reason": "why"}, 422),
        ({"for_seconds": 600}, 422),
        ({"for_seconds": 600, "reason": " "}, 422),
        ({"until": "2020-01-01T00:00:00Z", "reason": "why"}, 422),
        ({"until": "2999-01-01T00:00:00Z", "reason": "why"}, 422),
    ],
)
def test_a_pause_that_nobody_means_is_refused(client, as_operator, body, status):
    assert client.put("/api/queues/import/pause", json=body, headers=as_operator).status_code == status
    assert lane(client, as_operator, "import")["pause"] is None


def test_a_lane_that_is_none_is_told(client, as_operator):
    answer = client.put("/api/queues/attic/pause", json={"for_seconds": 1, "reason": "x"}, headers=as_operator)
    assert answer.status_code == 422


def test_workers_say_what_they_hold_and_what_nobody_attends(client, as_operator, resources, ada, keep):
    keep(lanes=["interactive"])
    with resources.pool.transaction() as conn:
        job = enqueue(conn, IMPORT_COLLECTION, ada).job.id
    seen = client.get("/api/workers", headers=as_operator).json()
    assert (seen["unattended"], seen["unknown_kinds"]) == (["import"], [])
    keep()
    with resources.pool.transaction() as conn:
        conn.execute(
            "UPDATE rekkrd.jobs SET state = 'running', started_at = now(), leased_by = 'here:1:a',"
            " leased_until = now() + interval '1 minute' WHERE id = %s",
            [job],
        )
    seen = client.get("/api/workers", headers=as_operator).json()
    (worker,) = seen["workers"]
    assert [one["job_id"] for one in worker["holds"]] == [str(job)]
    assert (worker["is_consuming"], worker["trouble"], seen["unattended"]) == (True, None, [])


def test_the_application_sees_none_of_it(client, as_app, ada):
    for path in ("/api/queues", "/api/workers"):
        assert client.get(path, headers=as_app(ada)).status_code == 403


def test_ready_is_who_has_a_worker_for_every_lane(client, keep):
    alone = client.get("/readyz")
    assert (alone.status_code, len(alone.json()["missing"])) == (503, 1)
    keep(lanes=["interactive", "import"])
    assert client.get("/readyz").json()["missing"] == ["No running worker takes jobs of queue background."]
    keep(name="here:2:b", lanes=["background"])
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "missing": [], "causes": []})
    keep(asked_ago=60.0)
    keep(name="here:2:b", lanes=["background"], looked_ago=60.0)
    assert client.get("/readyz").status_code == 503
