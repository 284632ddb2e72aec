"""Lanes and workers in the terminal: what waits, who works, pauses with their audit, and a check for orchestrators."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from actors.operating.queues import Backlog, Neglect, Queue
from cli import main, queues, workers
from cli.errors import WorkFailed
from db import fleet, gates, kinds, operations, pauses
from db.fleet import Held, SignOfLife, Worker
from db.kinds import KindRow
from db.pauses import Pause
from db.pool import Pool
from services.operations.facts import System
from services.operations.standstill import causes_of
from tests.new_jobs import NewJob
from tests.new_jobs import add as add_job
from workers.limiter.lanes import Lane
from workers.presence import this_host
from workers.redis_probe import RedisHealth, RedisProbe, RedisState
from workers.settings import EngineSettings

LANES = [lane.value for lane in Lane]
SIGN = SignOfLife("here:1:a", "here", 1, "1+a", LANES, ["upkeep"], 8, 1, 0, 0.1, 0.1, 2.0)


@pytest.fixture
def pool(migrated_database_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


def run(command: str, *arguments: str) -> Result:
    return CliRunner().invoke(main.app_for([command]), [command, *arguments])


def holding(pool) -> dict[str, Pause]:
    with pool.transaction() as conn:
        return pauses.holding(conn)


def test_a_lane_is_paused_and_resumed_and_both_are_remembered(pool):
    told = run("queues", "pause", "import", "--for", "30m", "--reason", "the shop has a sale")
    assert "import is paused until" in told.stdout
    assert holding(pool)["import"].reason == "the shop has a sale"
    assert "the shop has a sale" in run("queues").stdout
    assert run("queues", "resume", "import").stdout.strip() == "Goes on: import."
    assert run("queues", "resume", "import").stdout.strip() == "import is not paused."
    with pool.transaction() as conn:
        assert [act.action for act in operations.acts(conn)] == ["resumed", "paused"]


def test_every_lane_is_paused_at_once(pool):
    run("queues", "pause", "all", "--for", "30m", "--reason", "moving house")
    assert sorted(holding(pool)) == sorted(LANES)
    assert run("queues", "resume", "all").stdout.strip() == "Goes on: interactive, import, background."


@pytest.mark.parametrize(
    "wrong", [("attic", "--for", "30m", "--reason", "x"), ("import", "--for", "30d", "--reason", "x")]
)
def test_a_pause_that_nobody_means_changes_nothing(pool, wrong):
    assert run("queues", "pause", *wrong).exit_code != 0
    assert holding(pool) == {}


def test_a_check_fails_while_work_waits_that_nobody_takes(pool):
    assert run("workers", "--check").exit_code == 0
    new = NewJob("upkeep", "background", uuid4(), {}, None, takes_token=False, speaks_for_user=False)
    with pool.transaction() as conn:
        add_job(conn, new)
    failed = run("workers", "--check").exception
    assert isinstance(failed, WorkFailed)
    assert "background" in str(failed)
    assert run("workers", "--check", "--json").exit_code == 1
    with pool.transaction() as conn:
        fleet.keep(conn, SIGN)
    assert run("workers", "--check").exit_code == 0
    assert json.loads(run("workers", "--json").stdout)["workers"][0]["is_consuming"] is True


def test_the_worker_of_a_machine_is_checked_by_itself(pool):
    elsewhere = run("workers", "--check", "--here").exception
    assert isinstance(elsewhere, WorkFailed)
    with pool.transaction() as conn:
        fleet.keep(conn, SIGN)
    assert run("workers", "--check", "--here").exit_code == 1
    here = replace(SIGN, name="me:1:a", host=this_host())
    with pool.transaction() as conn:
        fleet.keep(conn, replace(here, asked_ago=60.0))
    hangs = run("workers", "--check", "--here").exception
    assert "me:1:a: its consumers do not ask Redis for work" in str(hangs)
    with pool.transaction() as conn:
        fleet.keep(conn, here)
    assert run("workers", "--check", "--here").exit_code == 0
    assert [one["name"] for one in json.loads(run("workers", "--here", "--json").stdout)["workers"]] == ["me:1:a"]


def test_a_check_fails_while_a_kind_waits_that_no_worker_knows(pool):
    with pool.transaction() as conn:
        kinds.keep(conn, [KindRow("brand_new", "x.", "background", None, False, False, False, {})])
        new = NewJob("brand_new", "background", uuid4(), {}, None, takes_token=False, speaks_for_user=False)
        add_job(conn, new)
        fleet.keep(conn, SIGN)
    failed = run("workers", "--check").exception
    assert isinstance(failed, WorkFailed)
    assert "brand_new" in str(failed)


def test_lanes_fit_into_80_columns(drawn):
    now = datetime.now(UTC)
    pause = Pause("import", now, now + timedelta(hours=1), "the shop has a sale", "anna")
    full = Queue(
        Lane.IMPORT,
        ready=123_456,
        delayed=12_345,
        called=1_000,
        under_way=8,
        oldest_seconds=200_000,
        failed=12_345,
        ended={"completed": 500, "failed": 1},
        requests=275,
        by_state={"pending": 136_801, "running": 8},
        pause=pause,
    )
    system = System(now, redis=RedisHealth(RedisState.HUNG), pauses={"import": pause})
    causes = causes_of(system, {Lane.IMPORT: now - timedelta(minutes=1)}, {})
    seen = Backlog(now, [replace(full, lane=Lane.INTERACTIVE, pause=None), full], causes, 0)
    lines = drawn(queues.picture(seen))
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "123,456" in text
    assert "100.2" in text
    said = " ".join(text.split())
    assert "Redis does not answer, so no step starts and no request is sent to Discogs. No worker is running." in said
    assert "Queue import is paused by anna: the shop has a sale. Until " in said
    assert "What to do first: Check REDIS_URL" in said


def test_each_cause_of_a_standstill_has_one_line(pool, monkeypatch):
    new = NewJob("upkeep", "background", uuid4(), {}, None, takes_token=True, speaks_for_user=False)
    with pool.transaction() as conn:
        add_job(conn, new)
        conn.execute("UPDATE rekkrd.jobs SET due_at = now() - interval '1 min'")
        gates.close(conn, "discogs-api", "blocked", "x", seconds=500)
    monkeypatch.setattr(RedisProbe, "look", lambda _: RedisHealth(RedisState.DOWN))
    found = json.loads(run("queues", "--json").stdout)["causes"]
    assert [cause["code"] for cause in found] == ["redis_down", "no_worker", "breaker_open"]
    assert [cause["until"] is None for cause in found] == [True, True, False]
    assert all(cause["remedy"] for cause in found)
    said = " ".join(run("queues", "--once").stdout.split())
    for cause in found:
        assert said.count(cause["message"]) == 1


def test_jobs_that_repeat_a_request_are_named(pool):
    new = NewJob("upkeep", "background", uuid4(), {}, None, takes_token=True, speaks_for_user=False)
    with pool.transaction() as conn:
        add_job(conn, new)
        conn.execute(
            "UPDATE rekkrd.jobs SET state = 'retrying', started_at = now(), attempts = 1,"
            " error = 'Discogs answered 502.', error_class = 'Unavailable', due_at = now() + interval '1 min'"
        )
        fleet.keep(conn, SIGN)
    (cause,) = json.loads(run("queues", "--json").stdout)["causes"]
    assert cause["message"] == "1 job of queue background will repeat a request: Discogs answered 502."


def test_the_live_queues_outlive_the_database(drawn):
    nowhere = Pool("postgresql://rekkrd@127.0.0.1:1/rekkrd", size=1, timeout_seconds=0.2)
    try:
        said = " ".join(drawn(queues._drawn(nowhere, RedisProbe(EngineSettings()))))
    finally:
        nowhere.close()
    assert "The database cannot be reached, so no job is accepted and none continues" in said


def test_workers_fit_into_80_columns_and_say_why_one_does_nothing(drawn):
    now = datetime.now(UTC)
    seen = {"started_at": now - timedelta(hours=3), "seen_at": now, "seen_ago": 0.0}
    sign = replace(SIGN, name="a-host-with-a-long-name.example:12345:abcdef", version="1.0.0+0123abcd")
    values = {field: getattr(sign, field) for field in SignOfLife.__dataclass_fields__}
    works = Worker(**values, **seen)
    hangs = replace(works, name="hung:1:a", stuck=8, version="1.0.0+ffff0000")
    gone = replace(works, name="gone:1:a", seen_ago=600.0)
    held = [
        Held(works.name, UUID(int=n), "import_collection", "import", UUID(int=1), is_executing=True) for n in range(6)
    ]
    lines = drawn(workers.picture([works, hangs, gone], held, Neglect(["background"], ["brand_new"])))
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    for said in (
        "every thread hangs",
        "gone without a word, seen now",
        "and 2 more",
        "2 releases at once",
        "no worker takes it",
        "Jobs of kind brand_new wait",
    ):
        assert said in text
