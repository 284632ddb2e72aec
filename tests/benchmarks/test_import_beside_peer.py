"""The harness of the benchmarks, on windows so small that it takes seconds: it measures what it says it does."""

import json

import pytest

from benchmarks import import_beside_peer
from benchmarks.figures import Bench


@pytest.fixture
def bench(servers, tmp_path):
    return Bench(servers, tmp_path, track=lambda *_: None, is_quick=True)


@pytest.mark.soak  # 9 s; its parts are tested beside it
def test_ours_and_the_peer_bring_everything_over_and_every_figure_is_there(bench):
    outcome = import_beside_peer.run(bench)
    runs = {one["who"]: one for one in outcome.details["runs"]}
    assert set(runs) == {"ours", "peer, as it comes", "peer, per_page=100"}
    assert runs["ours"]["requests"] == 7
    assert runs["ours"]["refused"] == 0
    assert runs["ours"]["most_in_window"] <= import_beside_peer.QUICK.limit
    assert runs["peer, as it comes"]["refused"] > 0
    assert runs["peer, as it comes"]["requests"] > runs["peer, per_page=100"]["requests"] >= 7
    targets = {figure.name: figure.is_met for figure in outcome.figures if figure.is_met is not None}
    assert targets["ours, answers of 0 s: requests"] is True
    assert json.loads(json.dumps(dict(outcome.details))) == outcome.details
