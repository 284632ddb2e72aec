"""Facts about real processes: stopped workers, a hung Valkey, a read-only database, and Discogs in trouble."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import combinations, product

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from actors.operating import progress, queues
from actors.operating.pace import Pace
from actors.operating.progress import JobView
from db import gates, jobs, pauses
from services.operations.causes import Code
from tests.journeys.fleet import Fleet
from workers.limiter.settings import LimiterSettings
from workers.redis_probe import RedisProbe
from workers.settings import EngineSettings

pytestmark = pytest.mark.journey

FAULTS = {"429": {"kind": "throttle"}, "403": {"kind": "error", "status": 403}, "5xx": {"kind": "error", "status": 503}}
VALUES = {
    "worker": ("alive", "stopped", "none"),
    "redis": ("up", "hung", "down"),
    "discogs": ("ok", "429", "403", "5xx"),
    "queue": ("running", "paused"),
    "database": ("ok", "read-only", "clock"),
}
NAMED = {
    "all well": ("alive", "up", "ok", "running", "ok"),
    "worker stopped": ("stopped", "up", "ok", "running", "ok"),
    "worker killed": ("killed", "up", "ok", "running", "ok"),
    "no worker": ("none", "up", "ok", "running", "ok"),
    "redis hung": ("alive", "hung", "ok", "running", "ok"),
    "redis down": ("alive", "down", "ok", "running", "ok"),
    "cooldown": ("alive", "up", "429", "running", "ok"),
    "breaker and pause": ("alive", "up", "403", "paused", "ok"),
    "discogs unavailable": ("alive", "up", "5xx", "running", "ok"),
    "database read-only": ("alive", "up", "ok", "running", "read-only"),
    "clock set back": ("alive", "up", "ok", "running", "clock"),
    "stopped, hung, paused": ("stopped", "hung", "ok", "paused", "ok"),
}
CODES = {
    "stopped": Code.NO_WORKER, "killed": Code.NO_WORKER, "none": Code.NO_WORKER,
    "hung": Code.REDIS_HUNG, "down": Code.REDIS_DOWN,
    "429": Code.COOLDOWN, "403": Code.BREAKER_OPEN, "5xx": Code.DISCOGS_UNAVAILABLE,
    "paused": Code.QUEUE_PAUSED, "read-only": Code.DATABASE_READ_ONLY, "clock": Code.CLOCK_SET_BACK,
}  # fmt: skip
WORKER_CODES = {Code.NO_WORKER, Code.LEASE_EXPIRED}


def pairwise_cover() -> list[tuple[str, ...]]:
    """Choose combinations until each pair of values of two dimensions occurs in one of them."""

    def pairs(one):
        return set(combinations(enumerate(one), 2))

    everything = list(product(*VALUES.values()))
    left = set().union(*map(pairs, everything))
    chosen = []
    while left:
        best = max(everything, key=lambda one: len(pairs(one) & left))
        chosen.append(best)
        left -= pairs(best)
    return chosen


class Scene:
    """One import in a fleet, brought into a combination of trouble."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.probe = RedisProbe(EngineSettings(redis_url=SecretStr(fleet.redis_url)))
        self.job_id = None

    def look(self) -> JobView:
        redis = self.probe.look()
        with self.fleet.pool.transaction() as conn:
            job = jobs.find(conn, self.job_id)
            assert job is not None
            return progress.view(conn, job, pace=Pace.of(LimiterSettings()), redis=redis)

    def codes_of_queues(self) -> set[Code]:
        redis = self.probe.look()
        with self.fleet.pool.transaction() as conn:
            return {cause.code for cause in queues.backlog(conn, redis).causes}

    def run(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.fleet.database_url, autocommit=True) as conn:
            conn.execute("SET default_transaction_read_only = off")
            conn.execute(statement, values)

    def has(self, statement: str) -> bool:
        return bool(self.fleet.rows(statement))

    @contextmanager
    def in_trouble(self, worker: str, redis: str, discogs: str, queue: str, database: str) -> Iterator[None]:
        fleet = self.fleet
        person = fleet.person(records=20_000)
        with ExitStack() as undo:
            self.job_id = fleet.start_import(person).id
            (started,) = fleet.start_workers(REKKRD_BACKOFF_SECONDS="120")
            assert fleet.wait_for_steps(3)
            if discogs != "ok":
                self._break_discogs(discogs)
            if queue == "paused":
                self._pause()
            {"stopped": started.stop, "killed": started.kill, "none": started.terminate}.get(worker, lambda: None)()
            if redis == "hung":
                pid = fleet.servers.valkey.pid
                os.kill(pid, signal.SIGSTOP)
                undo.callback(os.kill, pid, signal.SIGCONT)
            elif redis == "down":
                fleet.servers.valkey.kill()
                undo.callback(fleet.servers.valkey.start)
            if worker == "none":  # as if it had been due for long: this test waits for no clock
                self.run("UPDATE rekkrd.jobs SET due_at = due_at - interval '1 min' WHERE due_at < now()")
            if database == "read-only":
                self._switch_read_only("on")
                undo.callback(self._switch_read_only, "off")
            elif database == "clock":
                self._set_clock_back()
            yield

    def _break_discogs(self, how: str) -> None:
        self.fleet.discogs.break_with(**FAULTS[how])
        seen = {
            "429": "SELECT 1 FROM rekkrd.gates WHERE cause = 'throttled'",
            "403": "SELECT 1 FROM rekkrd.gates WHERE cause = 'blocked'",
            "5xx": "SELECT 1 FROM rekkrd.jobs WHERE state = 'retrying'",
        }
        self.fleet.wait_until(lambda: self.has(seen[how]), "Discogs' fault was not met")
        if how == "429":  # the window of a journey is short: keep the cooldown until the look
            with self.fleet.pool.transaction() as conn:
                gates.close(conn, "discogs-api", "throttled", "x", seconds=120)

    def _pause(self) -> None:
        until = datetime.now(UTC) + timedelta(minutes=30)
        with self.fleet.pool.transaction() as conn:
            pauses.pause(conn, "import", until=until, reason="the shop has a sale", by="anna")
        self.fleet.wait_until(lambda: not self.fleet.held(), "a step is still under way")

    def _set_clock_back(self) -> None:
        """Shift what was stored by an hour: to the database its clock was set back. Between two steps, or under a lease
        whose worker is gone."""
        move = (
            "UPDATE rekkrd.jobs SET created_at = created_at + interval '1 h', due_at = due_at + interval '1 h',"
            " leased_until = leased_until + interval '1 h'"
            " WHERE (leased_until IS NULL OR leased_until < now() + interval '-3 s')"
            " AND due_at < now() + interval '1 day' RETURNING id"
        )
        self.fleet.wait_until(lambda: self.has(move), "the job is never between two steps")

    def _switch_read_only(self, value: str) -> None:
        with psycopg.connect(self.fleet.database_url, autocommit=True) as conn:
            conn.execute("SET default_transaction_read_only = off")
            conn.execute(
                sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}").format(
                    sql.Identifier(conn.info.dbname), sql.SQL(value)
                )
            )
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def judge(scene: Scene, combination: tuple[str, ...]) -> None:
    """Wait until the job names exactly the expected causes, and compare what the queues say."""
    expected = {CODES[value] for value in combination if value in CODES}
    # A read-only database stores no heartbeat and no lease, so a live worker looks silent too.
    ignored = WORKER_CODES if "read-only" in combination else set()

    def codes():
        return {cause.code for cause in scene.look().causes} - ignored

    scene.fleet.wait_until(lambda: codes() == expected - ignored, f"expected {expected}, last: {codes()}")
    view = scene.look()
    blocking = [cause for cause in view.causes if cause.is_blocking]
    if any(cause.until is None for cause in blocking):
        assert view.ends_at is None
    for cause in blocking:
        assert (view.waits_for or "").count(cause.message) <= 1
    assert "ispatched" not in view.sentence or "hung" not in combination
    if "stopped" in combination and "read-only" not in combination:
        assert "has sent no heartbeat since" in view.sentence
        assert "no worker is running" in view.sentence
    assert expected - ignored <= scene.codes_of_queues()


@pytest.mark.parametrize("name", NAMED)
def test_a_job_names_the_trouble_of_real_processes(name, new_fleet):
    scene = Scene(new_fleet(latency=0.2))
    with scene.in_trouble(*NAMED[name]):
        judge(scene, NAMED[name])


@pytest.mark.soak
@pytest.mark.parametrize("combination", pairwise_cover(), ids="/".join)
def test_each_pair_of_troubles_is_named(combination, new_fleet):
    scene = Scene(new_fleet(latency=0.2))
    with scene.in_trouble(*combination):
        judge(scene, combination)
