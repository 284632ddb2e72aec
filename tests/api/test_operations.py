"""Operators over HTTP: everything the terminal can do to jobs, with a row in the audit for each act."""

import pytest

from api import many
from db import operations

IMPORT = {"kind": "import_collection"}
FAIL = "UPDATE rekkrd.jobs SET state = 'failed', finished_at = now(), error_class = %s, error = 'Discogs was away.'"


@pytest.fixture
def as_ada_the_operator(as_operator):
    return {**as_operator, "X-Rekkrd-Operator": "Ada"}


@pytest.fixture
def fill(resources, ada):
    """Put jobs into the ledger, failed of something, for a user, one a minute."""

    def make(number, *, error_class="Unavailable", state="failed", user=ada, kind="import_collection"):
        with resources.pool.transaction() as conn:
            conn.execute(
                "INSERT INTO rekkrd.jobs (kind, lane, queue, user_id, takes_token, speaks_for_user, state, created_at,"
                " finished_at, error_class, error)"
                " SELECT %(kind)s, 'import', 'token', %(user)s, true, true, %(state)s,"
                "  now() - n * interval '1 minute', CASE WHEN %(state)s IN ('failed', 'cancelled') THEN now() END,"
                "  CASE WHEN %(state)s = 'failed' THEN %(error)s END,"
                "  CASE WHEN %(state)s = 'failed' THEN 'Discogs was away.' END"
                " FROM generate_series(1, %(number)s) AS n",
                {"kind": kind, "user": user, "state": state, "error": error_class, "number": number},
            )

    return make


def states(resources):
    with resources.pool.transaction() as conn:
        found = conn.execute("SELECT state, count(*) AS jobs FROM rekkrd.jobs GROUP BY state").fetchall()
    return {row["state"]: row["jobs"] for row in found}


def acts(client, headers):
    return [
        (act["made_by"], act["action"], act["jobs"])
        for act in client.get("/api/operations/audit", headers=headers).json()["acts"]
    ]


def reason_of(answer):
    return answer.json()["error"]["reason"]


ROUTES = [
    ("POST", "/api/jobs/retry"),
    ("POST", "/api/jobs/cancel"),
    ("POST", "/api/jobs/remove"),
    ("DELETE", "/api/jobs/00000000-0000-4000-8000-000000000001"),
    ("GET", "/api/jobs/failures"),
    ("GET", "/api/operations/audit"),
    ("POST", "/api/jobs/00000000-0000-4000-8000-000000000001/retry"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_only_operators_come_in(client, ada, as_app, method, path):
    answer = client.request(method, path, headers=as_app(ada), json={"all": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert client.request(method, path, json={"all": True}).status_code == 401


def test_a_failed_job_is_put_back_by_a_named_person(client, resources, fill, as_operator, as_ada_the_operator):
    fill(1)
    job_id = client.get("/api/jobs", headers=as_operator).json()["jobs"][0]["id"]
    answer = client.post(f"/api/jobs/{job_id}/retry", headers=as_ada_the_operator)
    assert (answer.status_code, answer.json()["state"]) == (200, "pending")
    assert acts(client, as_operator) == [("api: Ada", "retried", 1)]
    again = client.post(f"/api/jobs/{job_id}/retry", headers=as_ada_the_operator)
    assert (again.status_code, reason_of(again)) == (409, "job_live")
    assert len(acts(client, as_operator)) == 1


def test_a_job_for_which_another_stands_is_left_alone(client, resources, ada, connect, as_operator):
    connect(ada)
    first = client.post("/api/jobs", json={**IMPORT, "user": "ada"}, headers=as_operator).json()["job"]["id"]
    client.post(f"/api/jobs/{first}/cancel", headers=as_operator)
    client.post("/api/jobs", json={**IMPORT, "user": "ada"}, headers=as_operator)
    answer = client.post(f"/api/jobs/{first}/retry", headers=as_operator)
    assert (answer.status_code, reason_of(answer)) == (409, "job_stood_for")
    many_said = client.post(
        "/api/jobs/retry", json={"user": "ada", "states": ["cancelled"]}, headers=as_operator
    ).json()
    assert (many_said["matched"], many_said["done"], many_said["left_alone"]) == (1, 0, 1)
    assert [act[:2] for act in acts(client, as_operator)][1:] == [
        ("api", "enqueued"),
        ("api", "cancelled"),
        ("api", "enqueued"),
    ]


def test_a_job_that_is_completed_is_not_put_back(client, resources, fill, as_operator):
    fill(1)
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.jobs SET state = 'completed', started_at = now(), error_class = NULL, error = NULL")
    job_id = client.get("/api/jobs", headers=as_operator).json()["jobs"][0]["id"]
    assert reason_of(client.post(f"/api/jobs/{job_id}/retry", headers=as_operator)) == "job_over"


def test_a_dry_run_counts_and_does_nothing(client, resources, fill, as_operator):
    fill(3)
    fill(2, error_class="Gone")
    said = client.post("/api/jobs/retry", json={"error_class": "Gone", "dry_run": True}, headers=as_operator).json()
    assert (said["matched"], said["done"], said["dry_run"]) == (2, 0, True)
    assert states(resources) == {"failed": 5}
    assert acts(client, as_operator) == []


@pytest.mark.parametrize("body", [{}, {"states": ["failed"]}, {"dry_run": True}])
def test_nothing_in_common_is_refused(client, resources, fill, as_operator, body):
    fill(1)
    assert client.post("/api/jobs/retry", json=body, headers=as_operator).status_code == 422
    assert states(resources) == {"failed": 1}
    assert client.post("/api/jobs/retry", json={**body, "all": True}, headers=as_operator).status_code == 200


def test_states_that_do_not_fit_are_refused(client, as_operator):
    for path, state in (("retry", "completed"), ("retry", "pending"), ("cancel", "failed"), ("remove", "running")):
        body = {"all": True, "states": [state]}
        assert client.post(f"/api/jobs/{path}", json=body, headers=as_operator).status_code == 422


def test_many_are_done_a_bounded_piece_a_request_until_there_are_no_more(
    client, resources, fill, as_operator, as_ada_the_operator, monkeypatch
):
    monkeypatch.setattr(operations, "PIECE", 4)
    monkeypatch.setattr(many, "MOST_PIECES", 2)
    fill(10)
    fill(7, state="cancelled")
    body = {"kind": "import_collection", "states": ["failed", "cancelled"]}
    done, cursors, more = 0, [], True
    while more:
        said = client.post("/api/jobs/retry", json=body, headers=as_ada_the_operator).json()
        assert said["matched"] <= 8
        done, more = done + said["done"], said["more"]
        body["cursor"] = said["cursor"]
        cursors.append(said["cursor"])
    assert (done, states(resources)) == (17, {"pending": 17})
    assert len(cursors) == 3
    assert sum(act[2] for act in acts(client, as_operator)) == 17


def test_a_request_ends_after_its_seconds(client, resources, fill, as_operator, monkeypatch):
    monkeypatch.setattr(operations, "PIECE", 4)
    monkeypatch.setattr(many, "SECONDS", -1.0)
    fill(10)
    said = client.post("/api/jobs/retry", json={"all": True}, headers=as_operator).json()
    assert (said["done"], said["more"]) == (4, True)


@pytest.mark.parametrize("cursor", ["", "x", "failed 2026-01-01T00:00:00 00000000-0000-0000-0000-000000000000"])
def test_a_cursor_of_somebody_else_is_refused(client, as_operator, cursor):
    body = {"all": True, "cursor": cursor}
    assert client.post("/api/jobs/retry", json=body, headers=as_operator).status_code == 422


def test_live_jobs_are_cancelled_by_user(client, resources, fill, ada, bob, as_operator):
    fill(3, state="pending")
    fill(2, state="pending", user=bob)
    said = client.post("/api/jobs/cancel", json={"user": "bob"}, headers=as_operator).json()
    assert (said["done"], states(resources)) == (2, {"pending": 3, "cancelled": 2})
    assert acts(client, as_operator) == [("api", "cancelled", 2)]


def test_a_job_that_is_over_is_removed_by_a_named_person(client, resources, fill, as_operator, as_ada_the_operator):
    fill(1)
    path = f"/api/jobs/{client.get('/api/jobs', headers=as_operator).json()['jobs'][0]['id']}"
    assert client.delete(path, headers=as_ada_the_operator).status_code == 204
    assert states(resources) == {}
    assert acts(client, as_operator) == [("api: Ada", "removed", 1)]
    assert client.delete(path, headers=as_ada_the_operator).status_code == 404
    assert len(acts(client, as_operator)) == 1


def test_a_live_job_is_not_removed(client, resources, fill, as_operator):
    fill(1, state="pending")
    path = f"/api/jobs/{client.get('/api/jobs', headers=as_operator).json()['jobs'][0]['id']}"
    refused = client.delete(path, headers=as_operator)
    assert (refused.status_code, reason_of(refused)) == (409, "job_live")
    assert (states(resources), acts(client, as_operator)) == ({"pending": 1}, [])


def test_what_is_over_is_removed_by_what_it_has_in_common(client, resources, fill, as_operator):
    fill(3)
    fill(2, error_class="Gone")
    fill(2, state="cancelled")
    fill(1, state="pending")
    asked = {"error_class": "Gone", "states": ["failed", "cancelled"]}
    counted = client.post("/api/jobs/remove", json={**asked, "dry_run": True}, headers=as_operator).json()
    assert (counted["matched"], states(resources)["failed"]) == (2, 5)
    assert client.post("/api/jobs/remove", json=asked, headers=as_operator).json()["done"] == 2
    assert states(resources) == {"failed": 3, "cancelled": 2, "pending": 1}
    client.post("/api/jobs/remove", json={"all": True}, headers=as_operator)
    assert states(resources) == {"cancelled": 2, "pending": 1}, "failed ones when nothing else is said"
    assert acts(client, as_operator) == [("api", "removed", 3), ("api", "removed", 2)]


def test_what_failed_alike_is_one_line_with_what_to_do(client, fill, as_operator):
    fill(3)
    fill(1, error_class="Poison")
    first, second = client.get("/api/jobs/failures", headers=as_operator).json()["failures"]
    assert (first["error_class"], first["jobs"], first["sentence"]) == ("Unavailable", 3, "Discogs was away.")
    assert "POST /api/jobs/{id}/retry" in first["next_step"]
    assert "POST" not in second["next_step"]


def test_an_errors_next_step_is_the_readers(client, ada, fill, as_app, as_operator):
    fill(1)
    (mine,) = client.get("/api/jobs", headers=as_app(ada)).json()["jobs"]
    (seen,) = client.get("/api/jobs", headers=as_operator).json()["jobs"]
    assert mine["error"]["next_step"].startswith("Start it again later")
    assert "put the jobs back" in seen["error"]["next_step"]


def test_jobs_are_listed_by_kind_error_and_age(client, resources, ada, bob, fill, as_app, as_operator):
    fill(5)
    fill(1, error_class="Gone", user=bob)
    fill(2, state="pending", kind="import_wantlist")

    def listed(headers=as_operator, **query):
        return len(client.get("/api/jobs", params=query, headers=headers).json()["jobs"])

    at = [
        one["created_at"] for one in client.get("/api/jobs?error_class=Unavailable", headers=as_operator).json()["jobs"]
    ]
    assert listed(kind="import_wantlist") == 2
    assert listed(error_class="Gone") == 1
    assert listed(error_class="Gone", headers=as_app(ada)) == 0
    assert listed(error_class="Unavailable", newer_than=at[2]) == 2
    assert listed(error_class="Unavailable", older_than=at[2]) == 2
    assert listed(user="ada", newer_than=at[3], older_than=at[0]) == 2 + 1
    assert client.get("/api/jobs?newer_than=yesterday", headers=as_operator).status_code == 422


def test_the_audit_comes_a_page_at_a_time(client, ada, connect, as_operator):
    connect(ada)
    for _ in range(5):
        job = client.post("/api/jobs", json={**IMPORT, "user": "ada", "if_live": "replace"}, headers=as_operator)
        assert job.status_code == 202
    seen, before = [], None
    while True:
        page = client.get(
            "/api/operations/audit", params={"limit": 2} | ({"before": before} if before else {}), headers=as_operator
        ).json()
        seen += [act["id"] for act in page["acts"]]
        before = page["next_before"]
        if before is None:
            break
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("name", ["x" * 65, "", " Ada", "<b>", "a\tb"])
def test_an_operators_name_is_bounded_and_plain(client, fill, as_operator, name):
    fill(1)
    headers = {**as_operator, "X-Rekkrd-Operator": name}
    assert client.post("/api/jobs/retry", json={"all": True}, headers=headers).status_code in {400, 422}
