"""The limiters beside each other: every one gives a token, and the figures are those of the arrivals."""

import json
from uuid import uuid4

import pytest

from benchmarks import limiter_beside_peers
from benchmarks.callers import Called
from benchmarks.calling import after_warm_up, furthest_from, most_in_window
from benchmarks.contenders import CONTENDERS, Terms
from benchmarks.figures import Bench
from workers.limiter.lanes import Lane


@pytest.mark.parametrize("name", CONTENDERS)
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # a peer's client is closed with its process
def test_every_limiter_gives_a_token_of_a_fresh_budget(name, redis_url):
    take = CONTENDERS[name](Terms(redis_url, f"budget-{uuid4().hex}", limit=6, window=2.0))
    answered = take(Lane.INTERACTIVE, "somebody")
    answered()


@pytest.mark.soak  # 10 s; its parts are tested beside it
def test_ours_keeps_to_the_limit_and_every_figure_of_every_limiter_is_there(servers, tmp_path):
    bench = Bench(servers, tmp_path, track=lambda *_: None, is_quick=True)
    outcome = limiter_beside_peers.run(bench)
    assert set(outcome.details) == set(limiter_beside_peers.ONE_EACH)
    assert all(one["arrivals"] > 0 and one["waits"] and one["calls_of_redis"] > 0 for one in outcome.details.values())
    ours = {figure.name.removeprefix("ours: "): figure for figure in outcome.figures if figure.target is not None}
    assert len(ours) == 5
    assert ours["most in a rolling window"].is_met is True
    assert len(outcome.figures) == 7 * len(limiter_beside_peers.ONE_EACH)
    assert json.loads(json.dumps(dict(outcome.details))) == outcome.details


def test_two_arrivals_a_window_apart_are_not_in_one():
    found = Called(0.0, [(0.0, "import"), (0.5, "import"), (1.0, "import")])
    assert most_in_window(found, 1.0) == 2
    assert most_in_window(found, 1.1) == 3
    assert most_in_window(Called(0.0), 1.0) == 0


def test_only_what_came_after_the_first_window_is_counted():
    found = Called(10.0, [(10.5, "import"), (11.0, "background"), (11.9, "import"), (12.0, "import")])
    assert after_warm_up(found, 1.0, 1.0) == ["background", "import"]


@pytest.mark.parametrize(
    ("lanes", "off"),
    [(["a", "a", "a", "b"], 0.0), (["a", "b", "c"], 1.0), (["a", "a"], 1.0), ([], 1.0)],
)
def test_the_lane_furthest_from_its_weight_is_told_as_a_part_of_it(lanes, off):
    assert furthest_from({"a": 0.3, "b": 0.1}, lanes) == pytest.approx(off)
