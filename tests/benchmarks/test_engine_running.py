"""Engines beside each other, a job or two each: every one starts, says when it began, and is measured."""

import pytest

from benchmarks import engine_running
from benchmarks.figures import Bench


@pytest.mark.soak  # four engines start and end: most of a minute
def test_every_engine_is_started_and_a_killed_workers_job_begins_elsewhere(servers, tmp_path):
    outcome = engine_running.run(Bench(servers, tmp_path, track=lambda *_: None, is_quick=True))
    assert outcome.details["starts"].keys() == engine_running.AS_THEY_COME.keys()
    assert all(seconds > 0 for found in outcome.details["starts"].values() for seconds in found)
    assert 0 < outcome.details["take_overs"]["ours"] < engine_running.PATIENCE_SECONDS
