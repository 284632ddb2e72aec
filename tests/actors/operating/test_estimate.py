"""What an import will cost, said before anything is spent."""

from uuid import UUID

import pytest

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST, UPKEEP
from actors.operating.estimate import forecast
from actors.operating.pace import Pace
from db.links import Link
from workers.limiter.settings import LimiterSettings

PACE = Pace.of(LimiterSettings())


def link(records=10_043, wants=1_000, tier="curator"):
    return Link(
        user_id=UUID(int=1),
        username="crates",
        discogs_user_id=42,
        state="connected",
        is_partial=False,
        tier=tier,
        connected_at=None,
        curr_abbr=None,
        num_collection=records,
        num_wantlist=wants,
        identity_checked_at=None,
        collection_complete_at=None,
        wantlist_complete_at=None,
    )


@pytest.mark.parametrize(
    ("records", "requests"), [(0, 4), (1, 4), (100, 4), (101, 5), (10_000, 103), (10_043, 104), (50_000, 503)]
)
def test_a_collection_costs_three_requests_and_its_pages(records, requests):
    assert forecast(IMPORT_COLLECTION, link(records), {}, PACE).requests == requests


@pytest.mark.parametrize(("wants", "requests"), [(0, 1), (100, 1), (1_000, 10)])
def test_a_wantlist_costs_its_pages(wants, requests):
    assert forecast(IMPORT_WANTLIST, link(wants=wants), {}, PACE).requests == requests


def test_ten_thousand_records_and_a_thousand_wants_cost_113_requests():
    both = [forecast(kind, link(10_000), {}, PACE).requests for kind in (IMPORT_COLLECTION, IMPORT_WANTLIST)]
    assert sum(both) == 113


def test_the_free_tier_costs_its_fifty_newest():
    said = forecast(IMPORT_COLLECTION, link(tier="collector"), {}, PACE)
    assert (said.records, said.requests) == (50, 4)
    assert said.sentence == "50 records: 4 requests, about 4 s."
    assert forecast(IMPORT_COLLECTION, link(7, tier="collector"), {}, PACE).records == 7


def test_it_reads_as_a_sentence():
    assert forecast(IMPORT_COLLECTION, link(), {}, PACE).sentence == "10,043 records: 104 requests, about 2 min."
    assert forecast(IMPORT_WANTLIST, link(wants=1), {}, PACE).sentence == "1 record: 1 request, about 1 s."


def test_other_users_in_the_lane_make_it_longer_and_are_named():
    alone = forecast(IMPORT_COLLECTION, link(), {"import": 1}, PACE)
    three = forecast(IMPORT_COLLECTION, link(), {"import": 3}, PACE)
    assert three.seconds == pytest.approx(3 * alone.seconds)
    assert three.sentence == "10,043 records: 104 requests, about 6 min, taking turns with 2 other users."


@pytest.mark.parametrize("known", [None, link(records=None)])
def test_what_discogs_did_not_say_is_unknown_until_the_first_page(known):
    said = forecast(IMPORT_COLLECTION, known, {}, PACE)
    assert (said.records, said.requests, said.seconds) == (None, None, None)
    assert said.sentence.startswith("Unknown until the first page")


def test_work_without_discogs_costs_no_request():
    said = forecast(UPKEEP, None, {}, PACE)
    assert (said.requests, said.seconds) == (0, 0)
