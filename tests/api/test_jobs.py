"""Jobs over HTTP: asked for once, told in words, seen by their owner alone."""

from uuid import uuid4

import pytest

from actors.catalog import IMPORT_COLLECTION
from db import links
from tests.new_jobs import enqueue

IMPORT = {"kind": "import_collection"}


@pytest.fixture
def job(client, resources, ada, connect):
    connect(ada)
    with resources.pool.transaction() as conn:
        return enqueue(conn, IMPORT_COLLECTION, ada).job


def run(resources, statement, *values):
    with resources.pool.transaction() as conn:
        return conn.execute(statement, values)


def error_of(answer):
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "reason", "message", "next_step"}
    return answer.json()["error"]["code"], answer.json()["error"]["reason"]


def test_a_new_job_is_accepted_and_told(client, ada, connect, as_app):
    connect(ada)
    answer = client.post("/api/jobs", json=IMPORT, headers=as_app(ada))
    assert answer.status_code == 202
    said = answer.json()
    assert said["is_new"] is True
    assert (said["job"]["state"], said["job"]["user_id"]) == ("pending", str(ada))
    assert said["job"]["waits_for"]["sentence"] == "1st in queue import, about 1 s."
    assert answer.headers["Location"] == f"/api/jobs/{said['job']['id']}"


def test_a_second_request_is_answered_with_the_first_job(client, ada, job, as_app):
    answer = client.post("/api/jobs", json=IMPORT, headers=as_app(ada))
    assert answer.status_code == 200
    assert answer.json()["is_new"] is False
    assert answer.json()["job"]["id"] == str(job.id)


def test_an_operator_names_the_user(client, ada, connect, as_operator):
    connect(ada)
    answer = client.post("/api/jobs", json={**IMPORT, "user": "ada"}, headers=as_operator)
    assert (answer.status_code, answer.json()["job"]["user_id"]) == (202, str(ada))


def test_work_of_no_user_is_for_operators(client, ada, as_app, as_operator):
    assert client.post("/api/jobs", json={"kind": "upkeep"}, headers=as_operator).status_code == 202
    assert error_of(client.post("/api/jobs", json={"kind": "upkeep"}, headers=as_app(ada))) == (
        "invalid",
        "job_refused",
    )


def test_an_estimate_says_the_cost_and_starts_nothing(client, resources, discogs, ada, connect, as_app):
    connect(ada)
    answer = client.post("/api/jobs?estimate=true", json=IMPORT, headers=as_app(ada))
    assert answer.status_code == 200
    assert answer.json()["estimate"]["sentence"] == "10,043 records: 104 requests, about 2 min."
    assert client.get("/api/jobs", headers=as_app(ada)).json()["jobs"] == []
    assert discogs.asked == []
    assert resources.limiter.asked == []


def test_who_is_not_connected_is_told_so(client, ada, connect, resources, as_app):
    assert error_of(client.post("/api/jobs", json=IMPORT, headers=as_app(ada))) == ("not_connected", "not_connected")
    connect(ada)
    run(resources, "UPDATE rekkrd.links SET state = 'needs_reconnect'")
    answer = client.post("/api/jobs", json=IMPORT, headers=as_app(ada))
    assert (answer.status_code, error_of(answer)[0]) == (409, "not_connected")
    assert "no longer accepts the token" in answer.json()["error"]["message"]
    with resources.pool.transaction() as conn:
        links.disconnect(conn, ada)
    assert error_of(client.post("/api/jobs", json=IMPORT, headers=as_app(ada)))[0] == "not_connected"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "body.kind"),
        ({"kind": "no_such"}, "import_collection"),
        ({"kind": "import_collection", "arguments": {"pages": 3}}, "pages"),
        ({"kind": "import_collection", "argument": {}}, "body.argument"),
        ("[]", "body"),
    ],
)
def test_a_body_that_does_not_fit_is_told_by_name(client, ada, connect, as_app, body, named):
    connect(ada)
    answer = client.post("/api/jobs", json=body, headers=as_app(ada))
    assert answer.status_code == 422
    said = answer.json()["error"]
    assert said["code"] == "invalid"
    assert named in said["message"] + said["next_step"]


def test_what_was_sent_is_not_repeated_in_an_error(client, ada, as_app):
    answer = client.post(
        "/api/discogs/auth/complete", json={"request_token": "x" * 300, "verifier": "hush"}, headers=as_app(ada)
    )
    assert answer.status_code == 422
    assert "xxx" not in answer.text
    assert "hush" not in answer.text


def test_an_unknown_user_is_not_found(client, as_app, as_operator):
    assert error_of(client.post("/api/jobs", json=IMPORT, headers=as_app(uuid4()))) == ("not_found", "unknown_user")
    answer = client.post("/api/jobs", json={**IMPORT, "user": "nobody"}, headers=as_operator)
    assert error_of(answer) == ("not_found", "unknown_user")


def test_an_operator_who_names_nobody_is_asked_for_whom(client, as_operator):
    assert error_of(client.post("/api/jobs", json=IMPORT, headers=as_operator))[0] == "invalid"


def test_only_operators_name_other_users(client, ada, bob, as_app):
    answer = client.post("/api/jobs", json={**IMPORT, "user": "bob"}, headers=as_app(ada))
    assert (answer.status_code, error_of(answer)[0]) == (403, "forbidden")
    assert client.get("/api/jobs?user=bob", headers=as_app(ada)).status_code == 403


def test_a_job_says_where_it_stands(client, resources, ada, job, as_app):
    run(
        resources,
        "UPDATE rekkrd.jobs SET state = 'running', started_at = now() - interval '61 seconds', steps = 64,"
        " requests = 64, total_records = 10343, processed_records = 6100,"
        """ checkpoint = '{"stage": "pages", "current_page": 61}'""",
    )
    said = client.get(f"/api/jobs/{job.id}", headers=as_app(ada)).json()
    progress = said["progress"]
    assert (progress["processed"], progress["total"], progress["page"], progress["pages"]) == (6100, 10_343, 61, 104)
    assert 90 <= progress["records_per_second"] <= 100
    assert said["requests_left"] == 43
    assert said["ends_at"] is not None
    assert said["cost"] == {"requests": 64, "steps": 64, "failed_attempts": 0}


def test_a_closed_gate_is_told_with_what_is_safe(client, resources, ada, job, as_app):
    run(resources, """UPDATE rekkrd.jobs SET total_records = 200, checkpoint = '{"current_page": 1}'""")
    run(
        resources,
        "INSERT INTO rekkrd.gates (budget, cause, reason, closed_until)"
        " VALUES ('discogs-api', 'throttled', 'Discogs asked us to wait', now() + interval '1 minute')",
    )
    waits = client.get(f"/api/jobs/{job.id}", headers=as_app(ada)).json()["waits_for"]
    assert waits["sentence"].startswith("Discogs asked us to wait (HTTP 429). Starts at ")
    assert waits["sentence"].endswith("Page 1 of 2 is stored.")
    assert waits["going_on_at"] is not None


def test_another_users_job_is_not_found(client, bob, job, as_app, as_operator):
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/cancel")):
        answer = client.request(method, f"/api/jobs/{job.id}{path}", headers=as_app(bob))
        assert (answer.status_code, error_of(answer)[0]) == (404, "not_found")
    assert client.get("/api/jobs", headers=as_app(bob)).json()["jobs"] == []
    assert client.get(f"/api/jobs?cursor={job.id}", headers=as_app(bob)).status_code == 404
    assert client.get(f"/api/jobs/{job.id}", headers=as_operator).status_code == 200


def test_no_job_is_not_found_and_no_id_is_invalid(client, as_operator):
    assert client.get(f"/api/jobs/{uuid4()}", headers=as_operator).status_code == 404
    assert error_of(client.get("/api/jobs/nonsense", headers=as_operator))[0] == "invalid"


def test_jobs_come_a_page_at_a_time_newest_first(client, resources, ada, as_operator):
    for number in range(5):
        run(
            resources,
            "INSERT INTO rekkrd.jobs (kind, lane, queue, user_id, takes_token, speaks_for_user, created_at)"
            " VALUES ('upkeep', 'background', 'background', %s, false, false, now() + %s * interval '1 second')",
            ada,
            number // 2,
        )
    seen, cursor = [], None
    while True:
        page = client.get(
            "/api/jobs", params={"limit": 2} | ({"cursor": cursor} if cursor else {}), headers=as_operator
        )
        seen += page.json()["jobs"]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert len({one["id"] for one in seen}) == len(seen) == 5
    assert [one["created_at"] for one in seen] == sorted((one["created_at"] for one in seen), reverse=True)


def test_jobs_are_filtered_by_user_and_state(client, resources, ada, bob, connect, as_app, as_operator):
    for user, number in ((ada, 42), (bob, 43)):
        connect(user, discogs_user_id=number)
        client.post("/api/jobs", json=IMPORT, headers=as_app(user))
    listed = client.get("/api/jobs?user=bob", headers=as_operator).json()["jobs"]
    assert [one["user_id"] for one in listed] == [str(bob)]
    assert client.get("/api/jobs?state=failed", headers=as_operator).json()["jobs"] == []
    assert len(client.get("/api/jobs?state=pending", headers=as_operator).json()["jobs"]) == 2
    assert client.get("/api/jobs?state=sleeping", headers=as_operator).status_code == 422


def test_a_waiting_job_is_cancelled_at_once_and_again_is_the_same(client, ada, job, as_app):
    for _ in range(2):
        answer = client.post(f"/api/jobs/{job.id}/cancel", headers=as_app(ada))
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")


def test_a_step_under_way_ends_before_its_job_is_cancelled(client, resources, ada, job, as_app):
    run(
        resources,
        "UPDATE rekkrd.jobs SET state = 'running', started_at = now(), leased_by = 'w', is_executing = true,"
        " leased_until = now() + interval '1 minute'",
    )
    answer = client.post(f"/api/jobs/{job.id}/cancel", headers=as_app(ada))
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    assert answer.json()["waits_for"]["sentence"] == "Ends after its present step."


def test_a_job_that_is_over_cannot_be_cancelled(client, resources, ada, job, as_app):
    run(resources, "UPDATE rekkrd.jobs SET state = 'completed', started_at = now(), finished_at = now(), outcome = 'x'")
    answer = client.post(f"/api/jobs/{job.id}/cancel", headers=as_app(ada))
    assert (answer.status_code, error_of(answer)) == (409, ("conflict", "job_over"))


def test_only_operators_see_an_errors_detail(client, resources, ada, job, as_app, as_operator):
    run(
        resources,
        "UPDATE rekkrd.jobs SET state = 'failed', finished_at = now(), error_class = 'Poison', error = 'It ended.',"
        " error_detail = 'Traceback'",
    )
    assert client.get(f"/api/jobs/{job.id}", headers=as_app(ada)).json()["error"]["detail"] is None
    assert client.get(f"/api/jobs/{job.id}", headers=as_operator).json()["error"]["detail"] == "Traceback"
