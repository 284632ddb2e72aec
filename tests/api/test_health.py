"""Health, as whoever balances load sees it."""

from db.errors import DatabaseAway
from workers.limiter.errors import LimiterUnavailable


def test_all_is_well(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": "ok", "redis": "ok"})


def test_without_redis_jobs_are_still_taken(client, resources, ada, connect, as_app):
    connect(ada)
    resources.limiter.error = LimiterUnavailable("away")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"], answer.json()["redis"]) == (200, "degraded", "away")
    assert client.post("/api/jobs", json={"kind": "import_collection"}, headers=as_app(ada)).status_code == 202


def test_without_the_database_nothing_goes(client, resources, ada, as_app, monkeypatch):
    def away():
        raise DatabaseAway("No connection to postgresql://rekkrd:hush@host.")

    monkeypatch.setattr(resources.pool, "transaction", away)
    health = client.get("/healthz")
    assert (health.status_code, health.json()["status"]) == (503, "away")
    answer = client.post("/api/jobs", json={"kind": "import_collection"}, headers=as_app(ada))
    assert (answer.status_code, answer.json()["error"]["reason"]) == (503, "database_away")
    assert answer.headers["Retry-After"] == health.headers["Retry-After"] == "5"
    assert "hush" not in answer.text + health.text
