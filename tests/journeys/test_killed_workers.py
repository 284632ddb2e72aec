"""Workers are killed with -9 in the middle of their work, and nothing is lost."""

import pytest

from tests.journeys.fleet import LIMIT, Timing, kill_now_and_then

pytestmark = pytest.mark.journey

LONG_ENOUGH = Timing(window=15, least_use=0.95)  # a busy machine does not show in its use


@pytest.mark.soak  # 20 s; tests/actors counts requests, the storm compares everything
def test_an_import_costs_the_fewest_requests_and_everything_is_there(new_fleet):
    fleet = new_fleet(timing=LONG_ENOUGH)
    fleet.crowd(2500, *[200] * 5)
    fleet.start_imports()
    fleet.start_workers()
    fleet.wait_until_over()
    spent = fleet.report()
    assert fleet.complaints() == []
    assert spent.requests == fleet.requests_needed()
    assert spent.most <= LIMIT
    assert spent.use >= fleet.timing.least_use


@pytest.mark.soak  # half a minute; the storm and the sweep of kill points are always made
def test_a_worker_killed_ten_times_at_random_steps_loses_nothing(new_fleet):
    fleet = new_fleet(latency=0.05)
    fleet.crowd(2500, *[200] * 6)
    fleet.start_imports()
    fleet.start_workers(2)
    killed = kill_now_and_then(fleet, times=10, seed=1)
    fleet.wait_until_over()
    spent = fleet.report(f"{killed} killed, {fleet.lost} steps lost; ")
    assert killed == 10
    assert fleet.complaints() == []
    assert spent.requests <= fleet.requests_needed() + fleet.lost
    assert spent.most <= LIMIT
    assert spent.use >= fleet.timing.least_use
