"""What `--json` prints in the terminal is what HTTP answers an operator, key by key."""

import json
from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST
from cli import screen
from cli.main import app_for
from db import jobs as ledger
from db import operations, story, usage
from db.story import Asked, Line
from db.usage import Use
from tests.new_jobs import enqueue


@pytest.fixture
def printed(monkeypatch, tmp_path, resources):
    """Run a command on the database of the API, and return what it printed, without what the API logs meanwhile."""
    monkeypatch.chdir(tmp_path)
    texts = []
    monkeypatch.setattr(screen, "plain", texts.append)

    def run(*arguments):
        result = CliRunner().invoke(app_for(arguments), [*arguments, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(texts.pop())

    return run


@pytest.fixture
def answered(client, as_operator):
    def get(path):
        return client.get(path, headers=as_operator).json()

    return get


@pytest.fixture
def failed(resources, ada):
    """A job that failed at page 61 of an import, with what it asked and said."""
    with resources.pool.transaction() as conn:
        enqueue(conn, IMPORT_WANTLIST, ada)
        job_id = enqueue(conn, IMPORT_COLLECTION, ada).job.id
        conn.execute(
            "UPDATE rekkrd.jobs SET state = 'failed', started_at = now(), finished_at = now(), steps = 64, fence = 64,"
            " requests = 64, total_records = 10343, processed_records = 6100, error = 'Discogs was away.',"
            " error_class = 'Unavailable', error_detail = '502', checkpoint = %s WHERE id = %s",
            ['{"stage": "pages", "current_page": 61}', job_id],
        )
        was = ledger.find(conn, job_id)
        story.add_lines(conn, was, [Line(datetime.now(UTC), "warning", "asked_discogs", {"status": 502})])
        story.add_requests(conn, job_id, [Asked("GET /a", 200, 0.5), Asked("GET /a", None, 1.5)])
        for _ in range(3):
            operations.audit(conn, by="anna", action="retried", target={"id": str(job_id)}, jobs=1)
    return job_id


def test_a_page_of_jobs(printed, answered, failed):
    pages = printed("jobs", "--limit", "1"), answered("/api/jobs?limit=1")
    assert pages[0] == pages[1]
    assert (pages[0]["jobs"][0]["id"], pages[0]["next_cursor"]) == (str(failed), str(failed))


def test_a_live_job_says_the_same_in_the_hours_of_utc_wherever_the_terminal_is(
    printed, answered, failed, resources, monkeypatch
):
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.jobs SET due_at = now() + interval '1 hour' WHERE state = 'pending'")
    monkeypatch.setattr(screen, "zone", lambda: ZoneInfo("Asia/Tokyo"))
    ours, theirs = printed("jobs", "--state", "pending"), answered("/api/jobs?state=pending")
    assert ours == theirs
    assert ours["jobs"][0]["waits_for"]["sentence"]


def test_one_job_and_its_story(printed, answered, failed):
    there = answered(f"/api/jobs/{failed}")
    assert printed("jobs", "show", str(failed)) == {**there, "story": answered(f"/api/jobs/{failed}/story?lines=200")}
    assert there["error"]["detail"] == "502"


def test_what_failed_alike_and_what_operators_did(printed, answered, failed):
    assert printed("jobs", "failures") == answered("/api/jobs/failures")
    pages = printed("jobs", "audit", "--limit", "2"), answered("/api/operations/audit?limit=2")
    assert pages[0] == pages[1]
    assert pages[0]["next_before"] == pages[0]["acts"][-1]["id"]


def test_usage_by_the_month_and_by_the_minute(printed, answered, resources, ada):
    noon = datetime(2026, 3, 31, 12, tzinfo=UTC)
    with resources.pool.transaction() as conn:
        usage.add(conn, uuid4(), {Use(noon, ada, "import", "import_collection", "GET /a"): 103})
    assert printed("usage", "--month", "2026-03") == answered("/api/usage?month=2026-03&limit=20")
    minutes = printed("usage", "--minutes", "1", "--until", "2026-03-31T12:00")
    assert minutes == answered("/api/usage/minutes?last=1&by=kind&until=2026-03-31T12:00:00Z")
    assert minutes["minutes"][0]["requests"] == 103
