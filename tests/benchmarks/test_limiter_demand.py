"""More demand than there is, on a window so small that it takes seconds: everything is counted."""

import json

import pytest
import redis

from benchmarks import limiter_demand
from benchmarks.figures import Bench
from benchmarks.heard import forget, hear, hearing
from workers.holds import BUDGET
from workers.limiter.lanes import Lane
from workers.limiter.limiter import Limiter
from workers.limiter.settings import LimiterSettings


@pytest.mark.soak  # 18 s; its parts are tested beside it
def test_every_demand_keeps_to_the_limit_and_every_cost_is_counted(servers, tmp_path):
    outcome = limiter_demand.run(Bench(servers, tmp_path, track=lambda *_: None, is_quick=True))
    most = [figure for figure in outcome.figures if figure.name.endswith("most in a rolling window")]
    assert [figure.is_met for figure in most] == [True] * 3
    for ledger in limiter_demand.QUICK.ledgers:
        cost = outcome.details[ledger.name]
        assert cost["grants"] > 0
        assert cost["calls"]["poll"] > 0
        assert cost["microseconds"]["poll"] > 0
        assert len(cost["call_ups_ms"]) > 0
        assert 0 < cost["still_waiting"] <= ledger.jobs
    assert set(outcome.details[limiter_demand.CROWD]["arrivals_by_lane"]) == set(Lane)
    assert json.loads(json.dumps(dict(outcome.details))) == outcome.details


def test_calls_of_the_script_are_told_from_other_commands_and_other_budgets(redis_url):
    with hearing(redis_url) as client, redis.Redis.from_url(redis_url) as other:
        limiters = [Limiter(other, LimiterSettings(), budget=BUDGET, namespace=name) for name in ("one", "two")]
        limiters[0].snapshot()
        forget(client)
        other.set("something", "else")
        other.eval("return 1", 1, "one:calls:import", "fetch")
        for limiter in (*limiters, limiters[1]):
            limiter.snapshot()
        heard = hear(client)
    assert {name: dict(calls.count) for name, calls in heard.items()} == {"one": {"look": 1}, "two": {"look": 2}}
    assert all(calls.microseconds["look"] > 0 for calls in heard.values())


def test_the_servers_log_of_slow_commands_is_as_it_was_afterwards(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        before = client.config_get("slowlog-*")
        with hearing(redis_url):
            assert client.config_get("slowlog-*") != before
        assert client.config_get("slowlog-*") == before
