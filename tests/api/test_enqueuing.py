"""Work over HTTP: many jobs are all enqueued or none, and a key enqueues once."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from api import job_requests
from db import operations

IMPORT = {"kind": "import_collection"}
WANTS = {"kind": "import_wantlist"}


@pytest.fixture
def as_backend(as_app, ada):
    """The application's headers without a user: it names one in each job."""
    return {key: value for key, value in as_app(ada).items() if key != "X-Rekkrd-User"}


@pytest.fixture
def two(ada, bob, connect):
    connect(ada)
    connect(bob, "other", 43)
    return [{**IMPORT, "user": str(ada)}, {**WANTS, "user": str(bob)}, {**IMPORT, "user": str(ada)}]


def rows(resources, statement="SELECT * FROM rekkrd.jobs ORDER BY created_at"):
    with resources.pool.transaction() as conn:
        return conn.execute(statement).fetchall()


def reason_of(answer):
    return answer.json()["error"]["reason"]


def test_many_jobs_are_enqueued_at_once_and_told_in_order(client, resources, two, as_backend):
    answer = client.post("/api/jobs", json={"jobs": two}, headers=as_backend)
    assert answer.status_code == 202
    said = answer.json()
    ids = [one["id"] for one in said["jobs"]]
    assert ids[0] == ids[2] != ids[1]
    assert said["new"] == sum(one["is_new"] for one in said["jobs"])
    assert sorted(str(row["id"]) for row in rows(resources)) == sorted(set(ids))
    again = client.post("/api/jobs", json={"jobs": two}, headers=as_backend)
    assert (again.status_code, again.json()["new"]) == (200, 0)
    assert [one["id"] for one in again.json()["jobs"]] == ids


def test_ten_thousand_jobs_are_one_request_and_one_more_is_too_many(client, resources, as_operator):
    jobs = [{"kind": "upkeep", "run_at": "2020-01-01T00:00:00Z", "priority": 1}] * 10_000
    answer = client.post("/api/jobs", json={"jobs": jobs}, headers=as_operator)
    assert answer.status_code == 202
    assert len(answer.json()["jobs"]) == 10_000
    assert client.post("/api/jobs", json={"jobs": [*jobs, jobs[0]]}, headers=as_operator).status_code == 422
    assert client.post("/api/jobs", json={"jobs": []}, headers=as_operator).status_code == 422


def test_each_wrong_one_is_named_and_nothing_is_enqueued(client, resources, ada, bob, two, as_backend, as_operator):
    wrong = [*two, {"kind": "no_such", "user": str(ada)}, {**IMPORT, "arguments": {"pages": 1}, "user": str(bob)}]
    answer = client.post("/api/jobs", json={"jobs": [*wrong, IMPORT]}, headers=as_backend)
    assert (answer.status_code, reason_of(answer)) == (422, "jobs_wrong")
    message = answer.json()["error"]["message"]
    assert [place for place in range(6) if f"jobs.{place}:" in message] == [3, 4, 5]
    assert rows(resources) == []


def test_unknown_and_unconnected_users_are_named_together(client, resources, two, as_backend, as_operator):
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.links SET state = 'needs_reconnect' WHERE user_id = %s", (two[1]["user"],))
    strangers = [{**IMPORT, "user": str(uuid4())} for _ in range(30)]
    message = client.post("/api/jobs", json={"jobs": [*two, *strangers]}, headers=as_backend).json()["error"]["message"]
    assert f"jobs.1: Discogs no longer accepts the token of the user {two[1]['user']}" in message
    assert "jobs.3: There is no user" in message
    assert message.count("jobs.") == job_requests.MOST_NAMED
    assert "and 11 more" in message
    assert rows(resources) == []


def test_operators_name_users_by_handle_or_address(client, two, ada, bob, resources, as_operator):
    jobs = [{**IMPORT, "user": "ada"}, {**IMPORT, "user": "BOB@example.org"}, {"kind": "upkeep"}]
    assert client.post("/api/jobs", json={"jobs": jobs}, headers=as_operator).status_code == 202
    assert [row["user_id"] for row in rows(resources)][:2] == [ada, bob]


def test_a_header_speaks_for_all_jobs_and_then_none_names_a_user(client, two, ada, as_app):
    answer = client.post("/api/jobs", json={"jobs": [IMPORT, WANTS]}, headers=as_app(ada))
    assert (answer.status_code, answer.json()["new"]) == (202, 2)
    assert client.post("/api/jobs", json={"jobs": two}, headers=as_app(ada)).status_code == 422


def test_one_job_without_a_user_is_refused(client, two, as_backend):
    assert client.post("/api/jobs", json=two[0], headers=as_backend).status_code == 422


def test_a_job_may_wait_have_a_priority_and_replace(client, resources, ada, two, as_app):
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    first = client.post("/api/jobs", json={**IMPORT, "run_at": at, "priority": 7}, headers=as_app(ada)).json()
    (row,) = rows(resources)
    assert (row["due_at"].isoformat(), row["priority"]) == (at, 7)
    second = client.post("/api/jobs", json={**IMPORT, "if_live": "replace"}, headers=as_app(ada))
    assert (second.status_code, second.json()["replaced"]) == (202, first["job"]["id"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"run_at": "2026-01-01T00:00:00"},
        {"run_at": "2999-01-01T00:00:00Z"},
        {"run_at": "0001-01-01T00:00:00+14:00"},
        {"priority": 101},
        {"priority": -101},
        {"if_live": "kill"},
    ],
)
def test_what_is_out_of_bounds_is_named(client, ada, two, as_app, wrong):
    answer = client.post("/api/jobs", json={**IMPORT, **wrong}, headers=as_app(ada))
    assert answer.status_code == 422
    assert next(iter(wrong)) in answer.json()["error"]["message"]


def test_a_key_enqueues_once_and_gives_the_first_answers_jobs_again(client, resources, ada, two, as_app):
    headers = {**as_app(ada), "Idempotency-Key": "buy-42"}
    first = client.post("/api/jobs", json=IMPORT, headers=headers)
    assert (first.status_code, "Idempotent-Replayed" in first.headers) == (202, False)
    client.post(f"/api/jobs/{first.json()['job']['id']}/cancel", headers=as_app(ada))
    again = client.post("/api/jobs", json=IMPORT, headers=headers)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert again.json()["job"]["id"] == first.json()["job"]["id"]
    assert len(rows(resources)) == 1


def test_a_key_of_many_gives_them_all_again(client, resources, two, as_backend):
    headers = {**as_backend, "Idempotency-Key": "night"}
    first = client.post("/api/jobs", json={"jobs": two}, headers=headers).json()
    again = client.post("/api/jobs", json={"jobs": two}, headers=headers)
    assert (again.status_code, again.json()) == (200, first)


def test_a_key_with_another_body_is_a_mistake_and_another_user_has_another_key(client, ada, bob, two, as_app):
    key = {"Idempotency-Key": "k"}
    client.post("/api/jobs", json=IMPORT, headers=as_app(ada) | key)
    reused = client.post("/api/jobs", json=WANTS, headers=as_app(ada) | key)
    assert (reused.status_code, reason_of(reused)) == (422, "idempotency_key_reused")
    assert client.post("/api/jobs", json=WANTS, headers=as_app(bob) | key).status_code == 202


def test_a_refused_request_uses_no_key_up(client, ada, connect, as_app):
    headers = {**as_app(ada), "Idempotency-Key": "k"}
    assert client.post("/api/jobs", json=IMPORT, headers=headers).status_code == 409
    connect(ada)
    assert client.post("/api/jobs", json=IMPORT, headers=headers).status_code == 202


def test_a_key_counts_for_a_day(client, resources, ada, two, as_app):
    headers = {**as_app(ada), "Idempotency-Key": "k"}
    client.post("/api/jobs", json=IMPORT, headers=headers)
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.idempotency SET made_at = now() - interval '25 hours'")
    assert client.post("/api/jobs", json=WANTS, headers=headers).status_code == 202


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "caf\u00e9"])
def test_a_key_is_visible_ascii(client, ada, two, as_app, key):
    headers = {**as_app(ada), "Idempotency-Key": key.encode("latin-1")}
    assert client.post("/api/jobs", json=IMPORT, headers=headers).status_code == 422


def test_many_at_once_with_one_key_enqueue_once(client, resources, as_operator):
    answers = []
    start = threading.Barrier(6)

    def ask():
        start.wait()
        body = {"jobs": [{"kind": "upkeep"}]}
        answers.append(client.post("/api/jobs", json=body, headers={**as_operator, "Idempotency-Key": "k"}))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [202]
    assert len({answer.json()["jobs"][0]["id"] for answer in answers}) == 1
    with resources.pool.transaction() as conn:
        assert [act.jobs for act in operations.acts(conn)] == [1]


def test_a_key_under_way_for_long_is_in_progress(client, resources, ada, two, as_app, monkeypatch):
    begin = b"BEGIN; SET LOCAL statement_timeout = 200"
    with resources.pool.transaction() as conn:
        conn.execute(
            "INSERT INTO rekkrd.idempotency (scope, key, body_hash) VALUES (%s, 'k', '')", (f"application {ada}",)
        )
        monkeypatch.setattr(resources.pool, "_begin", begin)
        answer = client.post("/api/jobs", json=IMPORT, headers={**as_app(ada), "Idempotency-Key": "k"})
    assert (answer.status_code, reason_of(answer)) == (409, "in_progress")
    assert rows(resources) == []
