"""Work ends before its time: cancelled by a person, given back at SIGTERM, stopped because it kills its workers."""

import sys
from pathlib import Path

import pytest

from actors.catalog import IMPORT_COLLECTION
from db import jobs
from db.jobs import State
from tests.journeys.fleet import LIMIT, SHORT_TIMING
from tests.journeys.poisonous_worker import HOG, POISON

pytestmark = pytest.mark.journey

MEGABYTES = "1500"  # of address space, which threads and libraries use up, too
POISONOUS_WORKER = (sys.executable, str(Path(__file__).with_name("poisonous_worker.py")))


def cancel(fleet, job):
    with fleet.pool.transaction() as conn:
        return jobs.cancel(conn, job.id)


def test_a_cancelled_import_ends_after_its_step_and_a_new_one_brings_everything(new_fleet):
    fleet = new_fleet(latency=0.1)
    collector = fleet.person(records=1200, wants=30)
    fleet.crowd(*[200] * 3)
    first = next(job for job in fleet.start_imports() if job.kind == IMPORT_COLLECTION.name)
    (worker,) = fleet.start_workers()
    fleet.wait_until(lambda: fleet.jobs([first])[0].steps >= 6, "the import did not get there")
    fleet.stop_while(worker, lambda job: job["id"] == first.id and job["is_executing"])
    asked = cancel(fleet, first)
    assert asked.state.is_live
    worker.wake()
    fleet.wait_until(lambda: not fleet.jobs([first])[0].state.is_live, "the import did not end")
    ended = fleet.jobs([first])[0]
    assert ended.state is State.CANCELLED
    assert ended.steps <= asked.steps + 1
    assert ended.processed_records == 100 * ended.checkpoint["current_page"]
    second = fleet.start_import(collector)
    assert second.id != first.id
    fleet.wait_until_over()
    assert fleet.jobs([second])[0].state is State.COMPLETED
    spent = fleet.report(f"cancelled after {ended.steps} steps; ")
    assert fleet.complaints() == []
    assert spent.requests == fleet.requests_needed() + ended.requests
    assert spent.most <= LIMIT
    assert spent.use >= fleet.timing.least_use


def test_sigterm_gives_every_step_back_and_loses_no_request(new_fleet):
    fleet = new_fleet(latency=0.1)
    fleet.crowd(1200, *[200] * 6)
    fleet.start_imports()
    (first,) = fleet.start_workers()
    assert fleet.wait_for_steps(12)
    fleet.wait_until(lambda: len(fleet.held_by(first)) > 1, "it has nothing in hand")
    with fleet.outage():
        assert first.terminate() == 0
        assert fleet.held() == []
        assert all(job["crashes"] == 0 for job in fleet.rows("SELECT crashes FROM rekkrd.jobs"))
        fleet.start_workers()
    fleet.wait_until_over()
    spent = fleet.report()
    assert fleet.complaints() == []
    assert spent.requests == fleet.requests_needed()
    assert spent.most <= LIMIT
    assert spent.use >= fleet.timing.least_use


def test_a_job_that_kills_its_worker_three_times_fails_and_others_come_over(new_fleet):
    fleet = new_fleet()
    collector, *_ = fleet.crowd(1200, *[200] * 4)
    imports = fleet.start_imports()
    (poisonous,) = fleet.start_workers(command=POISONOUS_WORKER)
    assert fleet.wait_for_steps(5)
    poison = fleet.start_import(collector, POISON)
    for crash in range(1, 4):
        poisonous.wait_for_end()
        executing = {job["id"] for job in fleet.held() if job["is_executing"]}
        assert crash < 3 or executing == {poison.id}, "the third run is isolated"
        with fleet.outage(fleet.timing.lease):
            fleet.lost += len(fleet.held())
            (poisonous,) = fleet.start_workers(command=POISONOUS_WORKER)
    fleet.wait_until_over()
    assert poisonous.is_alive
    died = fleet.jobs([poison])[0]
    assert (died.state, died.error_class, died.crashes) == (State.FAILED, "Poison", 3)
    assert died.error == "This job ended its worker 3 times at step 1, so it was stopped."
    assert {job.state for job in fleet.jobs(imports)} == {State.COMPLETED}
    spent = fleet.report(f"{fleet.lost} steps lost; ")
    assert fleet.complaints() == []
    assert spent.requests <= fleet.requests_needed() + fleet.lost
    assert spent.most <= LIMIT
    assert spent.use >= fleet.timing.least_use


def test_a_job_that_uses_up_the_memory_fails_alone(new_fleet):
    """The limit refuses memory, so nothing is killed: the job fails after its attempts, and the worker goes on."""
    fleet = new_fleet(timing=SHORT_TIMING)
    user, *_ = fleet.crowd(300, 200)
    imports = fleet.start_imports()
    hog = fleet.start_import(user, HOG)
    (worker,) = fleet.start_workers(command=(*POISONOUS_WORKER, MEGABYTES), REKKRD_MAX_ATTEMPTS="3")
    fleet.wait_until_over()
    failed = fleet.jobs([hog])[0]
    assert (failed.state, failed.error_class, failed.crashes) == (State.FAILED, "MemoryError", 0)
    assert {job.state for job in fleet.jobs(imports)} == {State.COMPLETED}
    assert worker.terminate() == 0
    assert fleet.complaints() == []


def test_one_thread_is_enough_for_every_job(new_fleet):
    """Imports, an isolated run and snoozes do not wait for each other in a worker with one thread."""
    fleet = new_fleet(timing=SHORT_TIMING, latency=0.05)
    fleet.crowd(300, *[100] * 3)
    suspect, *others = fleet.start_imports()
    with fleet.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.jobs SET crashes = 2 WHERE id = %s", [suspect.id])
    (worker,) = fleet.start_workers(REKKRD_WORKER_THREADS="1", REKKRD_TOKEN_WAIT_SECONDS="0.05")
    fleet.wait_until_over()
    assert {job.state for job in fleet.jobs([suspect, *others])} == {State.COMPLETED}
    assert worker.events("step_given_back"), "no step snoozed"
    assert worker.terminate() == 0
    assert fleet.complaints() == []
    assert len(fleet.discogs.arrivals()) == fleet.requests_needed()
