"""Handing over work in every way, a few jobs each: everything is timed, and nothing is left out."""

import json

from benchmarks import engine_enqueue
from benchmarks.engine_work import begun
from benchmarks.figures import Bench


def test_every_way_of_handing_over_is_timed_one_by_one_and_in_bulk(servers, tmp_path):
    outcome = engine_enqueue.run(Bench(servers, tmp_path, track=lambda *_: None, is_quick=True))
    assert {name: len(times) for name, times in outcome.details["seconds_one"].items()} == dict.fromkeys(
        ("ours", engine_enqueue.PLAIN, engine_enqueue.INDEXED, "dramatiq send", "procrastinate defer"), 20
    )
    assert len(outcome.details["seconds_bulk"]) == 5
    assert all(figure.value > 0 for figure in outcome.figures)
    assert json.loads(json.dumps(dict(outcome.details))) == outcome.details


def test_only_whole_lines_say_that_a_job_began():
    assert begun("ready\nbegan 3 17.5\nbegan 4 18.25\nbegan 5 1") == [(3, 17.5), (4, 18.25)]
