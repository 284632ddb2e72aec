"""What fresh prices cost, measured on few records: the benchmark counts what it says it does."""

import json
from pathlib import Path

import pytest

from benchmarks import price_refresh
from benchmarks.figures import Bench

RESULT = Path(price_refresh.__file__).parent / "results" / "price_refresh.json"
FIGURES = Path(price_refresh.__file__).parents[1] / "docs" / "figures.md"


@pytest.mark.soak  # 8 s; what it counts is tested in tests/actors
def test_each_side_of_each_release_is_asked_once_through_a_real_worker(servers, tmp_path):
    outcome = price_refresh.run(Bench(servers, tmp_path, track=lambda *_: None, is_quick=True))
    assert outcome.figures[0].value == 10
    assert outcome.figures[0].is_met is True


def test_the_readme_tells_the_figures_of_the_stored_run_which_met_its_targets():
    found = json.loads(RESULT.read_text(encoding="utf-8"))
    told = {one["name"]: one["value"] for one in found["figures"]}
    assert found["is_quick"] is False
    assert [one["name"] for one in found["figures"] if one.get("is_met") is False] == []
    counted = told["5 collectors with the same 60: requests"]
    naive = told["the same, one request a record and user of each kind"]
    said = FIGURES.read_text(encoding="utf-8")
    assert f"{counted} requests; one a record and user of each kind: {naive}" in said
    assert f"{told['choosing the next of 1,000,000: median']:.1f} ms, " in said
    a_day = told["requests a valued record and day, as the plan has it; one a record and user: 1"]
    assert f"After that {a_day:.3f} a record and day, by the plan;" in said
