"""What Prometheus is told, and who may scrape it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from workers import gates
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.lanes import Lane
from workers.limiter.snapshot import Waiting, Waits

METRICS = "metrics-" + "m" * 24


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
    gates.brake(opened.pool, opened.limiter, share=0.5, until=until, reason="tea", by="anna")
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
