"""What a sync costs, measured on few records: the benchmark counts what it says it does."""

import json
from pathlib import Path

import pytest

from benchmarks import night, sync_requests
from benchmarks.figures import Bench
from benchmarks.night import SPACING, Size

RESULTS = Path(sync_requests.__file__).parent / "results"
FIGURES = Path(sync_requests.__file__).parents[1] / "docs" / "figures.md"


@pytest.fixture
def bench(servers, tmp_path):
    return Bench(servers, tmp_path, track=lambda *_: None, is_quick=True)


@pytest.mark.soak  # 6 s; what it counts is tested in tests/actors
def test_every_sync_costs_the_fewest_requests(bench):
    outcome = sync_requests.run(bench)
    assert [figure.name for figure in outcome.figures if figure.is_met is False] == []
    assert [one["requests"] for one in outcome.details["syncs"]] == [1, 1, 2, 8]
    assert json.loads(json.dumps(dict(outcome.details))) == outcome.details


@pytest.mark.soak  # 10 s
def test_every_user_has_a_night_and_the_reckoned_costs_are_the_counted_ones(bench):
    outcome = night.run(bench)
    assert [figure.name for figure in outcome.figures if figure.is_met is False] == []


def test_a_page_holds_a_hundred_and_a_whole_look_asks_three_times_before():
    assert Size(100, 100).costs == {"refresh_collection": 1, "import_collection": 4, "import_wantlist": 1}
    assert Size(101, 101).costs == {"refresh_collection": 1, "import_collection": 5, "import_wantlist": 2}


def test_a_user_waits_for_those_whose_moment_was_earlier_and_the_budget_rests_while_nobody_waits():
    served = list(night._serve({"late": (100.0, 1), "first": (0.0, 2), "second": (1.0, 1)}))
    assert [one.done for one in served] == pytest.approx([2 * SPACING, 3 * SPACING, 100 + SPACING])


@pytest.mark.parametrize("name", ["sync_requests", "night"])
def test_the_stored_run_is_a_whole_one_and_met_every_target(name):
    found = json.loads((RESULTS / f"{name}.json").read_text())
    assert found["is_quick"] is False
    assert [figure["name"] for figure in found["figures"] if figure.get("is_met") is False] == []


def test_the_readme_tells_the_figures_of_the_stored_night():
    told = {one["name"]: one["value"] for one in json.loads((RESULTS / "night.json").read_text())["figures"]}
    said = f"{told['requests']:,.0f} requests, {told['length in budget time']:.0f} minutes of the budget"
    assert said in FIGURES.read_text(encoding="utf-8")
