"""Presence: a dead worker's steps go on within seconds, and no step of a living one is rescued."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from db.presence import SHORTENED_SECONDS
from tests.journeys.fleet import Fleet, Timing
from tests.journeys.worker import REKKRD_WORKER, Worker
from tests.storm.proxy import before_postgres

pytestmark = pytest.mark.journey

LEASE = 8.0  # far beyond the shortened one, and beyond the longest cut
SLOW = Timing(window=6.0, deadline=6.0, lease=LEASE, call=8.0, step_deadline=20.0, answer_deadline=8.0)
ANSWER_SECONDS = 2.5  # a step is under way for longer than a shortened lease
OTHERS = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'rekkrd'"
SESSION = (
    "SELECT count(pg_terminate_backend(backend_pid)) FROM rekkrd.presence_sessions"
    " WHERE split_part(worker, ':', 2) = %s"
)
RESCUES = "SELECT worker, ended_as, ended_at FROM rekkrd.attempts WHERE ended_as IN ('crashed', 'left')"
OF_JOB = "SELECT leased_until, leased_by, fence, crashes, now() AS at FROM rekkrd.jobs WHERE id = %s"


@pytest.fixture
def fleet(new_fleet: Callable[..., Fleet]) -> Fleet:
    """Two workers whose sessions are old enough to be trusted, and one step that takes its time."""
    return new_fleet(latency=ANSWER_SECONDS, timing=SLOW)


def started(fleet: Fleet, **changed: str) -> tuple[Worker, Worker]:
    first, second = fleet.start_workers(2, **changed)
    fleet.wait_until(lambda: len(sessions(fleet)) == 2, "the workers did not register")
    fleet.wait_until(lambda: min(sessions(fleet)) > LEASE + 0.5, "the sessions did not grow old")
    return first, second


def sessions(fleet: Fleet) -> list[float]:
    """The ages of the registered sessions."""
    rows = fleet.rows(
        "SELECT extract(epoch FROM now() - backend_started_at)::float8 AS age FROM rekkrd.presence_sessions"
        " WHERE ended_at IS NULL"
    )
    return [row["age"] for row in rows]


def at_work(fleet: Fleet, *workers: Worker) -> tuple[Worker, dict[str, Any]]:
    """Start an import, and wait until a worker executes a step of it; return the worker and the job."""
    fleet.start_import(fleet.person(records=150))
    found: list[tuple[Worker, dict[str, Any]]] = []

    def is_so() -> bool:
        found[:] = [(each, job) for each in workers for job in fleet.held_by(each) if job["is_executing"]]
        return bool(found)

    fleet.wait_until(is_so, "no step is executed")
    return found[0]


def assert_nothing_was_rescued(fleet: Fleet) -> None:
    fleet.wait_until_over()
    assert fleet.rows(RESCUES) == []
    assert [line for worker in fleet.workers for line in worker.events("lease_lost")] == []
    assert fleet.complaints() == []
    assert len(fleet.discogs.arrivals()) == fleet.requests_needed() - 1, "the wantlist was not imported"


def test_after_a_kill_the_step_goes_on_before_its_lease(fleet):
    dead, job = at_work(fleet, *started(fleet))
    dead.kill()
    fleet.wait_until(lambda: fleet.rows(OF_JOB, job["id"])[0]["fence"] > job["fence"] + 1, "it was not claimed again")
    (rescued,) = fleet.rows(RESCUES)
    assert rescued["worker"] == job["leased_by"]
    assert rescued["ended_at"] < job["leased_until"], "the shortened lease ended first"
    (gone,) = [line for worker in fleet.workers for line in worker.events("worker_gone")]
    assert gone["worker"] == job["leased_by"]
    fleet.lost += 1
    fleet.wait_until_over()
    assert fleet.complaints() == []


def test_a_cut_presence_session_costs_no_step(fleet):
    worker, _ = at_work(fleet, *started(fleet))
    fleet.rows(SESSION, str(worker.pid))
    fleet.wait_until(lambda: worker.events("presence_session_ended"), "it did not notice")
    fleet.wait_until(lambda: len(sessions(fleet)) == 2, "it did not register again")
    assert_nothing_was_rescued(fleet)


def test_the_end_of_all_sessions_costs_no_step(fleet):
    workers = started(fleet)
    at_work(fleet, *workers)
    fleet.rows(OTHERS)
    fleet.wait_until(lambda: all(each.events("presence_session_ended") for each in workers), "they did not notice")
    assert_nothing_was_rescued(fleet)


def test_a_restart_of_the_database_costs_no_step(fleet):
    workers = started(fleet)
    at_work(fleet, *workers)
    fleet.servers.postgres.restart()
    fleet.wait_until(lambda: all(each.events("presence_session_ended") for each in workers), "they did not notice")
    assert_nothing_was_rescued(fleet)


@pytest.mark.parametrize("seconds", [1.0, 5.0])
def test_a_cut_of_every_connection_costs_no_step(fleet, seconds):
    """All workers lose all connections at once, as when the database's network fails."""
    with before_postgres(fleet.database_url) as (proxy, url):
        workers = started(fleet, DATABASE_URL=url, DATABASE_DIRECT_URL=url)
        at_work(fleet, *workers)
        proxy.cut(seconds)
        fleet.wait_until(lambda: all(each.events("presence_session_ended") for each in workers), "they did not notice")
        assert_nothing_was_rescued(fleet)
        fleet.close()


def test_one_worker_cut_off_for_a_second_keeps_its_step(fleet):
    """Its connections are cut while the other worker watches: it renews before the shortened leases end."""
    with before_postgres(fleet.database_url) as (proxy, url):
        (cut,) = fleet.start_workers(1, DATABASE_URL=url, DATABASE_DIRECT_URL=url)
        at_work(fleet, cut)
        (watching,) = fleet.start_workers(1, (*REKKRD_WORKER, "--queues", "interactive"))
        fleet.wait_until(lambda: len(sessions(fleet)) == 2, "the workers did not register")
        fleet.wait_until(lambda: min(sessions(fleet)) > LEASE + 0.5, "the sessions did not grow old")
        at_work(fleet, cut)
        proxy.cut(SHORTENED_SECONDS / 2)
        fleet.wait_until(lambda: cut.events("presence_session_ended"), "it did not notice")
        fleet.wait_until_over()
        assert fleet.rows(RESCUES) == []
        assert cut.events("lease_lost") == []
        assert watching.is_alive
        fleet.close()


def test_a_stopped_worker_keeps_its_lease(fleet):
    """SIGSTOP closes no session: nothing is shortened, and the worker wakes before its lease ends."""
    worker, _ = at_work(fleet, *started(fleet))
    worker.stop()
    threading.Event().wait(SHORTENED_SECONDS * 2)
    worker.wake()
    assert [line for each in fleet.workers for line in each.events("worker_gone")] == []
    assert_nothing_was_rescued(fleet)
