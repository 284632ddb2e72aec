"""The imports with the real client on the simulator: all records of a world full of oddities, and its quirks."""

from collections.abc import Iterator

import pytest

from actors.catalog import IMPORT_COLLECTION
from discogs.errors import Unauthorised
from simulator import Simulator, SimulatorSettings, running

RECORDS, WANTS = 420, 130


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running(SimulatorSettings(port=0, records=RECORDS, wants=WANTS, limit=10_000)) as simulator:
        yield simulator


@pytest.fixture
def account(simulator):
    return simulator.world.account("demo_collector")


@pytest.fixture
def collector(drive, simulator, account):
    with drive.speaking_to(simulator, account):
        yield drive


def test_everything_comes_over_for_the_fewest_requests(collector, simulator, account):
    assert collector.import_collection().outcome == f"{RECORDS} records: complete."
    assert collector.import_wantlist().outcome == f"{WANTS} wants: complete."
    assert len(simulator.log.arrivals) == 3 + 5 + 2
    copies = {row["instance_id"]: row for row in collector.rows("SELECT * FROM rekkrd.instances")}
    assert set(copies) == set(account.instances)
    for number, truth in account.instances.items():
        copy = copies[number]
        assert (copy["release_id"], copy["folder_id"], copy["rating"]) == (
            truth.release_id,
            truth.folder_id,
            truth.rating,
        )
        assert {entry["field_id"]: entry["value"] for entry in copy["fields"]} == {
            field_id: value.replace("\0", "␀") for field_id, value in truth.notes.items()
        }
    assert collector.one("SELECT count(*) FROM albums") == RECORDS


def test_equal_dates_in_unstable_order_are_walked_by_another_key(collector, account):
    account.is_unstable = True
    assert collector.import_collection().outcome == f"{RECORDS} records: complete."


def test_a_revoked_token_ends_in_unauthorised_and_clears_nothing(collector, simulator, account):
    collector.import_collection()
    before = collector.rows("SELECT * FROM rekkrd.instances ORDER BY instance_id")
    steps = collector.steps(IMPORT_COLLECTION)
    with pytest.raises(Unauthorised):
        for step in steps:
            if step.checkpoint.current_page == 2:
                before = collector.rows("SELECT * FROM rekkrd.instances ORDER BY instance_id")
                account.profile.personal_token = "another"
    assert collector.rows("SELECT * FROM rekkrd.instances ORDER BY instance_id") == before
