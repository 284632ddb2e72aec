"""A worker that is stopped for two leases and wakes up: others have done its work, and it changes nothing."""

import time

import pytest

from tests.journeys.fleet import LIMIT

pytestmark = pytest.mark.journey

TABLES = (
    "rekkrd.jobs",
    "rekkrd.instances",
    "rekkrd.wants",
    "rekkrd.releases",
    "rekkrd.agreed",
    "rekkrd.sweeps",
    "public.albums",
    "public.discogs_import_jobs",
    "public.discogs_sync_log",
)


def picture(fleet):
    """Everything that we hold, as one digest a table."""
    return {
        table: fleet.rows(f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) AS digest FROM {table} AS t")[0]
        for table in TABLES
    }


def test_a_worker_that_slept_through_its_leases_changes_nothing(new_fleet):
    fleet = new_fleet(latency=0.3)
    fleet.crowd(1500, *[200] * 6)
    fleet.start_imports()
    (sleeper,) = fleet.start_workers()
    assert fleet.wait_for_steps(8)
    held = fleet.stop_while(sleeper, lambda job: job["is_executing"])
    stopped_at = time.monotonic()
    fleet.lost += len(held)
    with fleet.outage(fleet.timing.lease):
        fleet.start_workers()
    fleet.wait_until_over()
    assert time.monotonic() - stopped_at > 2 * fleet.timing.lease
    before, sent = picture(fleet), len(fleet.discogs.arrivals())
    sleeper.wake()
    fleet.wait_until(lambda: len(sleeper.events("step_lost")) == len(held), "it does not notice that it slept")
    assert sleeper.terminate() == 0
    assert picture(fleet) == before
    late = len(fleet.discogs.arrivals()) - sent
    spent = fleet.report(f"{len(held)} threads stopped, {late} requests after waking; ")
    assert late <= len(held)
    assert fleet.complaints() == []
    assert spent.requests <= fleet.requests_needed() + fleet.lost
    assert spent.most <= LIMIT + len(held)
    assert spent.use >= fleet.timing.least_use
