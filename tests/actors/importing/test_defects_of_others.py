"""Defects that other programs for Discogs have, as far as no other test of the jobs proves that they are none of ours.

All of them stand in the table of ``tests/test_defects_of_others.py``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from actors.catalog import IMPORT_COLLECTION, REFRESH_COLLECTION
from actors.importing import import_collection
from discogs.auth import PersonalToken
from discogs.budget import Unlimited
from discogs.client import Discogs, http_client
from discogs.errors import Throttled, Unavailable
from discogs.records.collection import CollectionItem
from discogs.settings import DiscogsSettings
from simulator import SimulatorSettings, running
from simulator.faults import Fault
from workers.kinds import Done


def test_an_import_resumed_after_a_429_stores_each_copy_and_flags_none(drive, make_item):
    """Defect of others: a resumed import takes what it did not see for gone.

    asetate, resumed after one 429: 98 of 250 copies flagged as removed, and 245 rows stored, for the key was the
    release and five of them are owned twice. discodos with ``--resume 500``: 500 of 1,000 "not in collection anymore".
    """
    drive.discogs.items = [make_item(number, release=200_000 + number % 245) for number in range(250)]
    drive.import_collection()
    refused = []

    def refuse_once(page):
        if page == 2 and not refused:
            refused.append(page)
            raise Throttled("Discogs asks us to wait.", status=429)

    drive.discogs.before_page = refuse_once
    for step in drive.steps(IMPORT_COLLECTION):
        if not isinstance(step, Done) and step.checkpoint.current_page == 1 and not refused:
            with pytest.raises(Throttled):
                import_collection.fetch(step)  # and the engine takes the step again
    assert refused == [2]
    assert drive.missing() == 0
    assert drive.one("SELECT count(*) FROM rekkrd.instances") == 250
    assert drive.one("SELECT count(*) FROM albums") == 250


def test_an_hour_that_comes_twice_hides_no_new_record(drive, make_item):
    """Defect of others: timestamps are compared as texts with different UTC offsets.

    Discogs writes Pacific time. When it falls back an hour, 01:10 at -08:00 is later than 01:50 at -07:00, and a
    program that compares texts believes that it knows everything from there on.
    """
    before = moment("2025-11-02T01:50:00-07:00")
    drive.discogs.items = [make_item(1, date_added=before)]
    drive.import_collection()
    after = moment("2025-11-02T01:10:00-08:00")
    assert after > before
    drive.discogs.items += [make_item(2 + n, date_added=after + timedelta(seconds=n)) for n in range(150)]
    drive.run(REFRESH_COLLECTION)
    assert drive.one("SELECT count(*) FROM rekkrd.instances") == 151


def test_a_page_that_fails_is_not_the_end_of_the_collection(drive, make_item):
    """Defect of others: a page that failed passes for the end of the collection.

    ``except Exception: break`` stood around the loop over pages.
    """
    drive.discogs.items = [make_item(number) for number in range(250)]
    drive.import_collection()

    def fail(page):
        if page == 2:
            raise Unavailable("Discogs has trouble of its own at present.", status=500)

    drive.discogs.before_page = fail
    with pytest.raises(Unavailable):
        drive.import_collection()
    assert drive.missing() == 0
    assert drive.one("SELECT count(*) FROM rekkrd.sweeps WHERE outcome = 'complete'") == 1  # the one before


def test_each_try_of_a_request_takes_a_permit_of_its_own():
    """Defect of others: retries run inside the limiter and bypass it.

    One permit was taken, and the client's own retries went out on it. Ours repeats nothing by itself: who tries again
    asks again.
    """
    with running(SimulatorSettings(port=0, records=3, wants=1, limit=1_000)) as simulator:
        profile = simulator.world.account("demo_collector").profile
        settings, budget = DiscogsSettings(api_url=simulator.url), Counted()
        with http_client(settings) as http:
            client = Discogs(http, settings, budget, PersonalToken(profile.personal_token))
            for kind in ("error", "throttle", "reset", "empty", "half"):
                simulator.faults.add(Fault(kind=kind, times=1))
                with pytest.raises((Unavailable, Throttled)):
                    client.collection_page(profile.username)
            client.collection_page(profile.username)
        assert len(simulator.log.arrivals) == budget.taken == 6


class Counted(Unlimited):
    """A budget that counts what it gives."""

    def __init__(self) -> None:
        self.taken = 0

    @contextmanager
    def permit(self, endpoint: str) -> Iterator[object]:
        self.taken += 1
        with super().permit(endpoint) as permit:
            yield permit


def moment(text: str) -> datetime:
    """Read a time as the client does."""
    said = {"id": 1, "instance_id": 1, "date_added": text, "basic_information": {"id": 1, "title": "T"}}
    at = CollectionItem.parse(said).date_added
    assert at is not None
    return at
