"""The budget under imports, on a window so small that it takes seconds."""

import json

import pytest

from benchmarks import limiter
from benchmarks.figures import Bench


@pytest.mark.soak  # 12 s; what it measures is always tested in tests/workers/limiter
def test_imports_keep_to_the_limit_while_a_person_asks_and_calls_are_counted(servers, tmp_path):
    outcome = limiter.run(Bench(servers, tmp_path, track=lambda *_: None, is_quick=True))
    figures = {figure.name: figure for figure in outcome.figures}
    assert figures["most arrivals in a rolling window"].is_met is True
    assert figures["a person's requests meanwhile"].value == len(outcome.details["waits"]) > 0
    assert outcome.details["calls"]["poll"] > 0
    assert outcome.details["had_work"] is True
    assert json.loads(json.dumps(dict(outcome.details))) == outcome.details
