"""The value of a large collection: both ways come to the same cent, and docs/figures.md tells the stored run."""

import json
from pathlib import Path

import pytest

from benchmarks import value
from benchmarks.figures import Bench

RESULT = Path(value.__file__).parent / "results" / "value.json"
FIGURES = Path(value.__file__).parents[1] / "docs" / "figures.md"


@pytest.mark.soak  # 10 s; the figures of a collection are tested in tests/db/test_value.py
def test_adding_up_copy_by_copy_comes_to_the_same_cent(servers, tmp_path):
    outcome = value.run(Bench(servers, tmp_path, track=lambda *_: None, is_quick=True))
    found = {figure.name: figure.value for figure in outcome.figures}
    assert outcome.figures[0].is_met is True
    assert found["rows that reach our process"] < 100 < found["the same, copy by copy"]


def test_the_readme_tells_the_figures_of_the_stored_run_which_met_its_targets():
    stored = json.loads(RESULT.read_text(encoding="utf-8"))
    assert stored["is_quick"] is False
    assert [one["name"] for one in stored["figures"] if one.get("is_met") is False] == []
    answer, each = (stored["figures"][place]["value"] / 1000 for place in (1, 2))
    sizes = stored["details"]["50,000"]
    assert (
        f"{answer:.1f} s, {sizes['ours']['rows']} rows, {sizes['ours']['kib']:.0f} KiB; "
        f"each copy fetched and added up in Python, the sum alone: {each:.1f} s, {sizes['each']['rows']:,} rows, "
        f"{sizes['each']['kib'] / 1024:.0f} MiB; to the same cent"
    ) in FIGURES.read_text(encoding="utf-8")
