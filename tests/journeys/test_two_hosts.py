"""A fleet on two machines: one falls with everything that it has in hand, the other one brings it home."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.fleet import LIMIT, Fleet
from tests.journeys.worker import Worker
from tests.storm.proxy import before_postgres, before_redis

pytestmark = pytest.mark.journey

HOSTED_WORKER = (sys.executable, str(Path(__file__).with_name("hosted_worker.py")))
WORKERS = 2  # a host


@dataclass
class Host:
    """A machine: its name, and its workers."""

    name: str
    workers: list[Worker]

    @property
    def steps(self) -> int:
        return sum(len(worker.events("step_ended")) for worker in self.workers)


@contextmanager
def host(fleet: Fleet, name: str) -> Iterator[Host]:
    """Launch a machine's workers: PostgreSQL and Redis are somewhere else, over TCP."""
    with before_postgres(fleet.database_url) as (_, url), before_redis(fleet.redis_url) as (_, redis_url):
        there = {"DATABASE_URL": url, "DATABASE_DIRECT_URL": url, "REDIS_URL": redis_url, "TESTS_HOST": name}
        yield Host(name, [fleet.launch(HOSTED_WORKER, **there) for _ in range(WORKERS)])


def test_a_host_that_falls_in_the_middle_of_its_steps_loses_nothing(new_fleet):
    fleet = new_fleet(latency=0.05)
    fleet.crowd(1500, *[200] * 6)
    with host(fleet, "ada") as ada, host(fleet, "bob") as bob:
        for worker in fleet.workers:
            worker.wait_until_started()
        fleet.wait_until(lambda: len(fleet.rows("SELECT FROM rekkrd.workers")) == 2 * WORKERS, "one gave no sign")
        seen = [row["host"] for row in fleet.rows("SELECT host FROM rekkrd.workers ORDER BY host")]
        fleet.start_imports()
        assert fleet.wait_for_steps(10)
        fleet.wait_until(lambda: bool(ada.steps and bob.steps), "one of the hosts did nothing")
        fleet.stop_while(bob.workers[0], lambda job: job["is_executing"])
        bob.workers[1].stop()
        held = [job for worker in bob.workers for job in fleet.held_by(worker)]
        for worker in bob.workers:
            fleet.kill(worker)
        fleet.wait_until_over()
    spent = fleet.report(f"{len(held)} steps under way fell with their host; ")
    assert seen == ["ada"] * WORKERS + ["bob"] * WORKERS
    assert held
    assert fleet.complaints() == []
    assert spent.requests <= fleet.requests_needed() + fleet.lost
    assert spent.most <= LIMIT
    assert spent.use >= fleet.timing.least_use
    attempts = fleet.rows("SELECT job_id, worker FROM rekkrd.attempts WHERE ended_as = 'crashed'")
    assert {row["worker"].partition(":")[0] for row in attempts} == {"bob"}
    assert {row["job_id"] for row in attempts} >= {job["id"] for job in held if job["is_executing"]}
