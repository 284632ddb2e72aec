"""The story of a job over HTTP: an operator reads why it failed, and nobody else does."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from actors.catalog import IMPORT_COLLECTION
from db import jobs, story
from db.story import Asked, Line
from tests.new_jobs import enqueue


@pytest.fixture
def job(resources, ada):
    """A job that failed at its third step, of a worker that said one thing."""
    with resources.pool.transaction() as conn:
        made = enqueue(conn, IMPORT_COLLECTION, ada).job
        conn.execute(
            "UPDATE rekkrd.jobs SET state = 'running', started_at = now(), leased_by = 'host:1:a', steps = 2,"
            " fence = 3, leased_until = now() + interval '1 minute', claimed_at = now(), attempts = 1 WHERE id = %s",
            [made.id],
        )
        was = jobs.find(conn, made.id)
        story.add_lines(conn, was, [Line(datetime.now(UTC), "warning", "asked_discogs", {"status": 502})])
        story.add_requests(conn, made.id, [Asked("GET /a", 200, 0.5), Asked("GET /a", None, 1.5)])
        conn.execute(
            "UPDATE rekkrd.jobs SET state = 'failed', finished_at = now(), leased_by = NULL, leased_until = NULL,"
            " error_class = 'Unavailable', error = 'Discogs was away.', error_detail = '502' WHERE id = %s",
            [made.id],
        )
        story.end_attempt(conn, was, jobs.find(conn, made.id), requests=2, has_failed=True)
    return made.id


def test_an_operator_reads_attempts_requests_and_log(client, as_operator, job):
    told = client.get(f"/api/jobs/{job}/story", headers=as_operator).json()
    (attempt,) = told["attempts"]
    assert (attempt["step"], attempt["nth"], attempt["worker"], attempt["ended_as"]) == (3, 2, "host:1:a", "failed")
    assert (attempt["error_class"], attempt["error"], attempt["error_detail"]) == (
        "Unavailable",
        "Discogs was away.",
        "502",
    )
    assert told["requests"] == [
        {"endpoint": "GET /a", "requests": 2, "by_status": {"200": 1, "none": 1}, "mean_seconds": 1.0}
    ]
    (line,) = told["log"]
    assert (line["level"], line["event"], line["facts"]) == ("warning", "asked_discogs", {"status": 502})
    assert told["worker"] is None
    assert client.get(f"/api/jobs/{job}/story?lines=0", headers=as_operator).json()["log"] == []


def test_the_application_reads_none_of_it(client, as_app, ada, job):
    answer = client.get(f"/api/jobs/{job}/story", headers=as_app(ada))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


def test_a_job_that_is_not_there_is_not_found(client, as_operator):
    assert client.get(f"/api/jobs/{uuid4()}/story", headers=as_operator).status_code == 404
