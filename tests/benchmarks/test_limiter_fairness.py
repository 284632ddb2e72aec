"""Turns between users, on a window so small that it takes seconds: counted is what it says."""

import json

import pytest

from benchmarks import limiter_fairness
from benchmarks.figures import Bench
from benchmarks.limiter_fairness import QUICK, fair_finish


@pytest.mark.soak  # 11 s; its parts are tested beside it
def test_small_imports_and_few_steps_are_counted_in_tokens_of_the_log(servers, tmp_path):
    outcome = limiter_fairness.run(Bench(servers, tmp_path, track=lambda *_: None, is_quick=True))
    turns = outcome.details["turns"]
    assert set(turns) == {"large", *(f"small-{number}" for number in range(QUICK.crowd))}
    assert {turns[who][0] for who in turns if who != "large"} == {4}
    assert turns["large"][:2] == [8, 8 + 4 * QUICK.crowd]
    assert set(outcome.details["tokens"]) == {"one job", f"{QUICK.steps} jobs"}
    assert all(count >= QUICK.steps for counts in outcome.details["tokens"].values() for count in counts)
    assert json.loads(json.dumps(dict(outcome.details))) == outcome.details


@pytest.mark.parametrize(("who", "finish"), [("one", 3), ("four", 9), ("ten", 15)])
def test_fair_turns_give_everybody_with_work_one_token_a_round(who, finish):
    assert fair_finish(who, {"one": 1, "four": 4, "ten": 10}) == finish
