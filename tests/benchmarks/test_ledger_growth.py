"""The ledger's statements beside twice as many jobs: each is asked, counted and undone."""

from benchmarks import ledger_growth
from benchmarks.figures import Bench


def test_every_statement_is_counted_and_nothing_of_it_stays(servers, tmp_path):
    outcome = ledger_growth.run(Bench(servers, tmp_path, track=lambda *_: None, is_quick=True))
    assert outcome.details.keys() == ledger_growth.ASKED.keys() | ledger_growth.COUNTING.keys()
    assert [figure.name for figure in outcome.figures if figure.is_met is False] == []
    for name, said in outcome.details.items():
        small, big = said["pages"]
        assert small > 0, name
        assert big <= 4 * small, name
        assert min(said["milliseconds"]) > 0, name
