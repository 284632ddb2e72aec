"""Work ends before its time: cancelled by a person, given back at SIGTERM, stopped because it kills its workers."""

import sys
from pathlib import Path

import pytest

from actors.catalog import IMPORT_COLLECTION
from db import jobs
from db.jobs import State
from tests.journeys.fleet import LIMIT
from tests.journeys.poisonous_worker import POISON

pytestmark = pytest.mark.journey

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
    for _ in range(3):
        poisonous.wait_for_end()
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
