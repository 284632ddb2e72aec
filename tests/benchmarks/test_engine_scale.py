"""A few jobs through each entry point: everything is measured, and all jobs are drained."""

import json

from benchmarks import engine_scale
from benchmarks.figures import Bench


def test_every_entry_point_is_measured_and_drained(servers, tmp_path):
    outcome = engine_scale.run(Bench(servers, tmp_path, track=lambda *_: None, is_quick=True))
    assert len(outcome.details["seconds"]) == len(outcome.details["drain_seconds"]) == 5
    assert all(seconds > 0 for seconds in outcome.details["drain_seconds"].values())
    assert len(outcome.figures) == 25
    assert json.loads(json.dumps(dict(outcome.details))) == outcome.details
