"""Health endpoints, as load balancers and orchestrators see them."""

import asyncio
import threading
from contextlib import ExitStack
from dataclasses import replace

import anyio.to_thread
import psycopg
import pytest
from psycopg import sql

from db import fleet
from db.errors import DatabaseAway, DatabaseFull
from db.fleet import SignOfLife
from workers.redis_probe import RedisHealth, RedisProbe, RedisState

QUEUES = ["interactive", "import", "background"]
SIGN = SignOfLife("vm:1:a", "vm", 1, "1+a", QUEUES, ["import_collection"], 8, 0, 0, 0.1, 0.1, 2.0)


@pytest.fixture
def redis_state(monkeypatch):
    """Let the probe find Redis in a state."""
    return lambda state: monkeypatch.setattr(RedisProbe, "look", lambda _: RedisHealth(state))


@pytest.fixture
def keep(resources):
    """Store the heartbeat of a worker."""

    def sign(**said):
        with resources.pool.transaction() as conn:
            fleet.keep(conn, replace(SIGN, **said))

    return sign


@pytest.fixture
def connected(ada, connect):
    connect(ada)
    return ada


@pytest.fixture
def read_only(migrated_database_url, opened):
    """Make the database read-only, for connections of the pool too."""
    with psycopg.connect(migrated_database_url, autocommit=True) as conn:
        name = sql.Identifier(conn.info.dbname)

        def switch(value):
            conn.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}").format(name, value))
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        switch(sql.SQL("on"))
        yield
        conn.execute("SET default_transaction_read_only = off")
        switch(sql.SQL("off"))


def test_a_healthy_process_is_ok(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ok", "database": "ok", "redis": "up", "causes": []},
    )


@pytest.mark.parametrize("state", [RedisState.HUNG, RedisState.DOWN, RedisState.READ_ONLY])
def test_without_redis_jobs_are_still_accepted(state, client, ada, connect, as_app, redis_state):
    connect(ada)
    redis_state(state)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"], answer.json()["redis"]) == (200, "degraded", state.value)
    assert [cause["code"] for cause in answer.json()["causes"]] == [f"redis_{state.value}"]
    assert client.post("/api/jobs", json={"kind": "import_collection"}, headers=as_app(ada)).status_code == 202
    assert client.get("/readyz").json()["missing"][0].endswith("no step starts and no request is sent to Discogs.")


def test_without_the_database_health_is_503(client, resources, ada, as_app, monkeypatch):
    def away(**_):
        raise DatabaseAway("No connection to the database.")

    monkeypatch.setattr(resources.pool, "transaction", away)
    monkeypatch.setattr(client.app.state.probes.pool, "transaction", away)
    health = client.get("/healthz")
    assert (health.status_code, health.json()["status"], health.json()["database"]) == (503, "away", "away")
    assert health.json()["causes"][0]["message"].startswith("The database cannot be reached")
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["causes"][0]["code"]) == (503, "database_away")
    answer = client.post("/api/jobs", json={"kind": "import_collection"}, headers=as_app(ada))
    assert (answer.status_code, answer.json()["error"]["reason"]) == (503, "database_away")
    assert answer.headers["Retry-After"] == health.headers["Retry-After"] == "5"


def test_a_read_only_database_is_not_ready(client, connected, as_app, read_only):
    health = client.get("/healthz")
    assert (health.status_code, health.json()["status"], health.json()["database"]) == (200, "degraded", "read_only")
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["causes"][0]["code"]) == (503, "database_read_only")
    assert ready.json()["missing"][0] == (
        "The database is read-only, so no job is accepted and no result can be stored."
    )
    answer = client.post("/api/jobs", json={"kind": "import_collection"}, headers=as_app(connected))
    assert (answer.status_code, answer.json()["error"]["reason"]) == (503, "database_read_only")


def test_a_full_disk_is_not_ready(client, keep, monkeypatch):
    keep()

    def full(_):
        raise DatabaseFull("The database server is short of room: No space left on device. Free some, then try again.")

    monkeypatch.setattr("db.system.write", full)
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["causes"][0]["code"]) == (503, "database_full")
    assert "No space left on device" in ready.json()["missing"][0]


def test_a_worker_that_cannot_store_makes_the_system_unready(client, keep):
    keep(store_error="The database server is short of room: could not extend file.")
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["causes"][0]["code"]) == (503, "database_full")
    keep()
    assert client.get("/readyz").status_code == 200


def test_what_discogs_stops_is_listed_and_not_missing(client, resources, keep):
    keep()
    with resources.pool.transaction() as conn:
        conn.execute(
            "INSERT INTO rekkrd.gates (budget, cause, reason, closed_until)"
            " VALUES ('discogs-api', 'blocked', 'x', now() + interval '9 min')"
        )
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["missing"]) == (200, [])
    assert [cause["code"] for cause in ready.json()["causes"]] == ["breaker_open"]


def test_health_answers_while_threads_and_connections_are_taken(client, resources):
    """Stands for a busy API: all threads of the routes and all connections of the pool are in use."""
    go = threading.Event()
    with ExitStack() as stack:
        for _ in range(resources.settings.database.pool_size):
            stack.enter_context(resources.pool.transaction())
        stack.callback(go.set)
        client.portal.start_task_soon(_take_all_threads, go)
        assert client.portal.call(_are_taken)
        assert client.get("/healthz").json()["status"] == "ok"
        assert client.get("/readyz").json()["missing"]


async def _take_all_threads(go):
    async with anyio.create_task_group() as tasks:
        for _ in range(int(anyio.to_thread.current_default_thread_limiter().total_tokens)):
            tasks.start_soon(anyio.to_thread.run_sync, go.wait, 60)


async def _are_taken():
    while anyio.to_thread.current_default_thread_limiter().available_tokens:
        await asyncio.sleep(0)
    return True


def test_checks_at_the_same_moment_share_one_look(client):
    probes, looks = client.app.state.probes, []
    go = threading.Event()

    def look():
        looks.append(1)
        go.wait(30)
        return probes.health()

    async def ask():
        tasks = [asyncio.create_task(probes.run(look)) for _ in range(50)]
        await asyncio.sleep(0)
        go.set()
        return await asyncio.gather(*tasks)

    assert len(client.portal.call(ask)) == 50
    assert len(looks) == 1
