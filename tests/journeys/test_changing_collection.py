"""The collection changes under the import: equal dates in any order, records that come and go."""

import random

import pytest

from db.jobs import State
from tests.journeys.fleet import LIMIT

pytestmark = pytest.mark.journey

ONE_SECOND = "2019-03-03T03:03:03-08:00"
SAME_DATE = 130  # over a page's edge, in another order each time; a walk that missed most of them would ask


@pytest.mark.soak  # 25 s; tests/actors changes collections under every step
def test_records_that_come_and_go_under_an_import_are_never_called_missing_while_owned(new_fleet):
    fleet = new_fleet()
    collector = fleet.person(records=2500, wants=120)
    fleet.crowd(*[200] * 3)
    rng = random.Random(5)
    copies = [item["instance_id"] for item in fleet.truth(collector)["instances"]]
    for number in rng.sample(copies, SAME_DATE):
        fleet.discogs.edit_copy(collector.username, number, date_added=ONE_SECOND)
    fleet.start_imports()
    fleet.start_workers()
    fleet.wait_until_over()
    assert fleet.complaints() == []

    # Everything is known now, so that whatever the next walk fails to see could be called missing.
    fleet.discogs.change(collector.username, is_unstable=True)
    again, before, gone = fleet.start_import(collector), fleet.steps(), set()
    for round_ in range(6):
        fleet.wait_for_steps(before + 6 + 4 * round_)
        for number in rng.sample(copies, 3):
            copies.remove(number)
            gone.add(number)
            fleet.discogs.remove_copy(collector.username, number)
        fleet.discogs.add_copy(collector.username, 2_000_000 + round_, notes={"1": "Mint (M)", "3": "just bought"})
        fleet.discogs.edit_copy(collector.username, rng.choice(copies), rating=5, notes={"3": "played \u2026 twice"})
    fleet.wait_until_over()
    assert fleet.jobs([again])[0].state is State.COMPLETED
    spent = fleet.report()
    missing = fleet.rows("SELECT instance_id FROM rekkrd.instances WHERE missing_since IS NOT NULL")
    assert {row["instance_id"] for row in missing} <= gone
    assert fleet.rows("SELECT * FROM rekkrd.questions WHERE kind = 'vanished'") == []
    assert fleet.rows("SELECT 1 FROM rekkrd.sweeps WHERE outcome = 'changed'"), "nothing changed under a walk"
    assert spent.most <= LIMIT
    assert spent.use >= fleet.timing.least_use

    fleet.discogs.change(collector.username, is_unstable=False)
    fleet.start_import(collector)
    fleet.wait_until_over()
    assert fleet.complaints(gone={collector: frozenset(gone)}) == []
    held = fleet.rows("SELECT instance_id FROM rekkrd.instances WHERE missing_since IS NULL")
    assert {row["instance_id"] for row in held}.isdisjoint(gone)
