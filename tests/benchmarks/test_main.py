"""The command of the benchmarks."""

import json

import pytest
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks.figures import Outcome, at_most, told


class Toy:
    SENTENCE = "A toy."

    @staticmethod
    def run(bench):
        bench.track("half", 1, 2)
        return Outcome([told("count", 3), at_most("time", 2.0, 1.0, "s")], {"is_quick": bench.is_quick})


@pytest.fixture
def toys(monkeypatch):
    monkeypatch.setattr(command, "ALL", {"toy": Toy})


def test_a_result_says_what_was_measured_where_and_on_what(toys):
    _, document = command.measure("toy", Console(quiet=True), is_quick=True)
    assert document["figures"] == [
        {"name": "count", "value": 3, "unit": ""},
        {"name": "time", "value": 2.0, "unit": "s", "target": "at most 1", "is_met": False},
    ]
    assert document["machine"]["cores"] >= 1
    assert document["versions"]["postgresql"].startswith("1")
    assert {"python", "valkey", "dramatiq"} <= document["versions"].keys()
    assert document["measured_at"].endswith("+00:00")
    assert json.dumps(document)


def test_a_name_that_is_none_is_refused_with_those_there_are(toys, capsys):
    with pytest.raises(SystemExit):
        command.main(["tory"])
    assert "tory; there are toy" in capsys.readouterr().err
