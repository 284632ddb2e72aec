"""What Prometheus is told, and who may scrape it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from actors.catalog import IMPORT_COLLECTION
from api.app import create_app
from db import fleet, pauses, usage
from db.errors import DatabaseAway
from db.fleet import SignOfLife
from db.jobs import State
from db.line import Expired
from tests.new_jobs import enqueue
from workers import holds
from workers.figures import Figures
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.lanes import Lane
from workers.limiter.snapshot import Waiting, Waits

DOCS = Path(__file__).parents[2] / "docs"
METRICS = "metrics-" + "m" * 24
LANES = ["interactive", "import", "background"]
SIGN = SignOfLife("here:1:a", "here", 1, "1+a", LANES, ["import_collection"], 8, 3, 1, 0.1, 0.1, 2.0)


def scraped(client, headers):
    """Scrape and read it as Prometheus does: name and labels to value."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_scrape_tells_how_the_budget_stands(client, resources, as_operator):
    resources.limiter.seen = replace(
        resources.limiter.seen,
        spent_by_lane={Lane.INTERACTIVE: 3, Lane.IMPORT: 30, Lane.BACKGROUND: 5},
        waiting=(Waiting(Lane.IMPORT, "a", 1.5), Waiting(Lane.IMPORT, "a", 2.5)),
        granted=1204,
        throttled=2,
        foreign=4,
        waits=dict.fromkeys(Lane, Waits(12.0, ((0.5, 6), (1.0, 9), (float("inf"), 10)))),
    )
    told = scraped(client, as_operator)
    assert told["rekkrd_limiter_up",] == 1
    assert told["rekkrd_limiter_spent", "import"] == 30
    assert told["rekkrd_limiter_waiting", "import"] == 2
    assert told["rekkrd_limiter_waiting_users", "import"] == 1
    assert told["rekkrd_limiter_oldest_wait_seconds", "import"] == 2.5
    assert told["rekkrd_limiter_grants_total",] == 1204
    assert told["rekkrd_limiter_throttled_total",] == 2
    assert told["rekkrd_limiter_foreign",] == 4
    assert told["rekkrd_limiter_brake_share",] == 1
    assert told["rekkrd_limiter_wait_seconds_bucket", "import", "1.0"] == 9
    assert told["rekkrd_limiter_wait_seconds_bucket", "import", "+Inf"] == 10
    assert told["rekkrd_limiter_wait_seconds_count", "import"] == 10
    assert told["rekkrd_limiter_wait_seconds_sum", "import"] == 12.0


def test_with_a_real_budget_every_figure_is_there(opened, api_settings, as_operator):
    until = datetime.now(UTC) + timedelta(hours=1)
    holds.brake(opened.pool, opened.limiter, share=0.5, until=until, reason="tea", by="anna")
    app = create_app(api_settings, opened)
    app.state.holding.look()
    told = scraped(TestClient(app), as_operator)
    assert (told["rekkrd_limiter_limit",], told["rekkrd_limiter_limit_configured",]) == (27, 55)
    assert (told["rekkrd_limiter_brake_share",], told["rekkrd_limiter_gate_closed",]) == (0.5, 0)
    assert (told["rekkrd_gate_held", "operator"], told["rekkrd_gate_held", "blocked"]) == (1, 0)
    assert abs(told["rekkrd_gate_until_timestamp_seconds", "operator"] - until.timestamp()) < 1
    assert told["rekkrd_database_up",] == 1


def test_without_redis_it_says_so_and_is_no_error(client, resources, as_operator):
    resources.limiter.error = LimiterUnavailable("gone")
    told = scraped(client, as_operator)
    assert told["rekkrd_limiter_up",] == 0
    assert not any(name.startswith("rekkrd_limiter_spent") for name, *_ in told)


def test_no_user_stands_in_a_label(client, resources, as_operator, ada):
    resources.limiter.seen = replace(
        resources.limiter.seen, waiting=(Waiting(Lane.IMPORT, str(ada), 1.0), Waiting(Lane.IMPORT, "program:shop", 1.0))
    )
    text = client.get("/metrics", headers=as_operator).text
    assert str(ada) not in text
    assert "shop" not in text


def test_openmetrics_is_there_for_who_accepts_it(client, as_operator):
    answer = client.get("/metrics", headers={**as_operator, "Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


@pytest.fixture
def with_metrics_token(api_settings, resources):
    from pydantic import SecretStr

    settings = api_settings.model_copy(update={"tokens_metrics": SecretStr(METRICS)})
    with TestClient(create_app(settings, resources)) as client:
        yield client


def test_a_token_for_the_metrics_opens_them_and_nothing_else(with_metrics_token, as_app, ada):
    token = {"Authorization": f"Bearer {METRICS}"}
    assert scraped(with_metrics_token, token)["rekkrd_limiter_up",] == 1
    for method, path in (("GET", "/api/limiter"), ("GET", "/api/jobs"), ("POST", "/api/limiter/tokens")):
        body = {"program": "shop"} if method == "POST" else None
        answer = with_metrics_token.request(method, path, json=body, headers=token)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden"), path
    assert with_metrics_token.delete("/api/limiter/brake", headers=token).status_code == 403


def test_the_applications_token_does_not_open_the_metrics(client, as_app, ada):
    assert client.get("/metrics", headers=as_app(ada)).status_code == 403


@pytest.fixture
def engine(client, resources, ada, bob):
    """An engine in which something waits, something failed, and a lane is paused."""
    with resources.pool.transaction() as conn:
        waits, failed = (enqueue(conn, IMPORT_COLLECTION, user).job.id for user in (ada, bob))
        conn.execute("UPDATE rekkrd.jobs SET due_at = now() - interval '90 s' WHERE id = %s", [waits])
        conn.execute(
            "UPDATE rekkrd.jobs SET state = 'failed', finished_at = now(), error_class = 'Gone', error = 'x'"
            " WHERE id = %s",
            [failed],
        )
        until = datetime.now(UTC) + timedelta(hours=1)
        pauses.pause(conn, "background", until=until, reason="tea", by="anna")
    client.app.state.holding.look()
    return until


def test_a_scrape_tells_what_waits_what_failed_and_what_is_paused(client, engine, as_operator):
    told = scraped(client, as_operator)
    assert (told["rekkrd_jobs", "import", "pending"], told["rekkrd_jobs", "import", "running"]) == (1, 0)
    assert (told["rekkrd_line_ready", "import"], told["rekkrd_line_ready", "background"]) == (1, 0)
    assert 89 < told["rekkrd_line_oldest_seconds", "import"] < 200
    assert (told["rekkrd_line_called", "import"], told["rekkrd_line_under_way", "import"]) == (0, 0)
    assert told["rekkrd_jobs_failed", "import"] == 1
    assert abs(told["rekkrd_lane_paused_until_timestamp_seconds", "background"] - engine.timestamp()) < 1
    assert told["rekkrd_lane_paused_until_timestamp_seconds", "import"] == 0


def test_a_scrape_tells_who_works_and_which_lane_nobody_attends(client, engine, as_operator, resources):
    told = scraped(client, as_operator)
    assert (told["rekkrd_workers_alive",], told["rekkrd_lane_unattended", "import"]) == (0, 1)
    with resources.pool.transaction() as conn:
        fleet.keep(conn, replace(SIGN, kinds=["upkeep"]))
        fleet.keep(conn, replace(SIGN, name="here:2:b", kinds=["upkeep"], lanes=["import"], looked_ago=60.0))
        fleet.keep(conn, replace(SIGN, name="here:3:c"))
        conn.execute("UPDATE rekkrd.workers SET seen_at = now() - interval '1 minute' WHERE name = 'here:3:c'")
    told = scraped(client, as_operator)
    assert (told["rekkrd_workers_alive",], told["rekkrd_workers_gone",]) == (2, 1)
    assert (told["rekkrd_workers_consuming", "import"], told["rekkrd_lane_unattended", "import"]) == (1, 0)
    threads = [told[name,] for name in ("rekkrd_worker_threads", "rekkrd_worker_threads_busy")]
    assert told["rekkrd_kinds_unknown",] == 1
    assert (*threads, told["rekkrd_worker_threads_stuck",]) == (16, 6, 2)


def test_what_workers_counted_is_told_as_counters_and_histograms(client, engine, as_operator, resources, job_row):
    now = datetime.now(UTC)
    was, over = job_row(now), job_row(now, state=State.COMPLETED, started_at=now - timedelta(hours=2), finished_at=now)
    again = job_row(now, state=State.RETRYING, attempts=1, error_class="Unavailable")
    figures = Figures(resources.pool, flush_seconds=3600.0)
    for seconds in (0.01, 0.3, 90.0):
        figures.step_ended(was, again, seconds)
    figures.step_ended(was, over, 0.3)
    figures.taken_over(Expired(again, "w", now, crashed=True), again)
    figures.called_up("import", 4)
    figures.close()
    with resources.pool.transaction() as conn:
        minute = now.replace(second=0, microsecond=0)
        usage.add(conn, uuid4(), {usage.Use(minute, None, "import", "k", "GET /a"): 3})
    told = scraped(client, as_operator)
    assert told["rekkrd_steps_total", "import_collection", "retried"] == 3
    assert told["rekkrd_retries_total", "Unavailable", "import_collection"] == 3
    assert told["rekkrd_take_overs_total", "true", "import_collection"] == 1
    assert (told["rekkrd_call_ups_total", "import"], told["rekkrd_requests_total", "import"]) == (4, 3)
    steps = {bound: told["rekkrd_step_seconds_bucket", "import_collection", bound] for bound in ("0.05", "0.5", "60.0")}
    assert steps == {"0.05": 1, "0.5": 3, "60.0": 3}
    assert told["rekkrd_step_seconds_bucket", "import_collection", "+Inf"] == 4
    assert told["rekkrd_step_seconds_count", "import_collection"] == 4
    assert told["rekkrd_step_seconds_sum", "import_collection"] == pytest.approx(90.61)
    assert told["rekkrd_job_seconds_bucket", "import_collection", "import", "3600.0", "completed"] == 0
    assert told["rekkrd_job_seconds_bucket", "import_collection", "import", "14400.0", "completed"] == 1


def test_no_user_stands_in_a_figure_of_the_engine(client, engine, as_operator, ada, bob):
    text = client.get("/metrics", headers=as_operator).text
    assert "rekkrd_line_ready" in text
    assert not any(str(user) in text for user in (ada, bob))


def test_a_ledger_that_is_away_costs_the_engines_figures_only(client, engine, as_operator, resources, monkeypatch):
    def away():
        raise DatabaseAway("away")

    monkeypatch.setattr(resources.pool, "transaction", away)
    told = scraped(client, as_operator)
    assert told["rekkrd_limiter_up",] == 1
    assert not any(name.startswith(("rekkrd_line_ready", "rekkrd_workers")) for name, *_ in told)


def test_every_figure_is_in_the_documents_and_nothing_else(opened, api_settings, as_operator):
    documented = {
        name.removesuffix("_total")
        for name in re.findall(r"`(rekkrd_[a-z_]+)(?:\{[a-z_,]+\})?`", (DOCS / "http.md").read_text(encoding="utf-8"))
    }
    app = create_app(api_settings, opened)
    app.state.holding.look()
    answer = TestClient(app).get("/metrics", headers=as_operator)
    told = {family.name for family in text_string_to_metric_families(answer.text)}
    assert told - documented == set()
    assert documented - told == set()
