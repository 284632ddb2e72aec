"""Valkey and PostgreSQL go away in the middle of imports, and come back as they please."""

import pytest
import redis

from tests.journeys.fleet import LIMIT

pytestmark = pytest.mark.journey


def test_a_flushed_valkey_and_one_that_comes_back_empty_cost_no_record_and_no_request(new_fleet):
    fleet = new_fleet()
    fleet.crowd(2500, *[200] * 6)
    fleet.start_imports()
    fleet.start_workers(2)
    assert fleet.wait_for_steps(10)
    with redis.Redis.from_url(fleet.redis_url) as client, fleet.outage(fleet.timing.cold_start):
        client.flushall()
        client.script_flush()
    assert fleet.wait_for_steps(25)
    with fleet.outage(fleet.timing.cold_start):
        fleet.servers.valkey.kill()
        fleet.wait_until(lambda: all(worker.events("redis_away") for worker in fleet.workers), "nobody noticed")
        fleet.servers.valkey.start()
    fleet.wait_until_over()
    spent = fleet.report()
    assert fleet.complaints() == []
    assert spent.requests == fleet.requests_needed()
    assert spent.most <= LIMIT
    assert spent.use >= fleet.timing.least_use


def test_a_restarted_and_a_killed_postgresql_cost_no_record(new_fleet):
    fleet = new_fleet(latency=0.05)
    fleet.crowd(2500, *[200] * 6)
    fleet.start_imports()
    fleet.start_workers(2)
    under_way = 0
    for steps, fall in ((12, fleet.servers.postgres.stop), (30, fleet.servers.postgres.kill)):
        assert fleet.wait_for_steps(steps)
        held = {job["id"] for job in fleet.held()}
        with fleet.outage(fleet.timing.lease):
            fall()
            fleet.servers.postgres.start()
            held |= {job["id"] for job in fleet.held()}  # one that began before the fall shows its lease still
        under_way += len(held)
    fleet.wait_until_over()
    spent = fleet.report(f"{under_way} steps under way; ")
    assert fleet.complaints() == []
    assert spent.requests <= fleet.requests_needed() + under_way
    assert spent.most <= LIMIT
    assert spent.use >= fleet.timing.least_use
