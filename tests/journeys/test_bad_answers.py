"""Discogs answers as it should not, in every way that we know, and what comes over is right all the same."""

import pytest

from tests.journeys.fleet import LIMIT

pytestmark = pytest.mark.journey

FAULTS = (
    {"kind": "error", "status": 500, "after": 5, "every": 9, "times": 2},
    {"kind": "error", "status": 502, "after": 8, "times": 1},
    {"kind": "html", "after": 11, "every": 10, "times": 2},
    {"kind": "truncated", "endpoint": "collection", "after": 4, "every": 7, "times": 2},
    {"kind": "empty", "after": 16, "times": 1},
    {"kind": "slow", "after": 20, "times": 1},  # past the deadline of a request, and so does the next
    {"kind": "drip", "endpoint": "collection", "after": 9, "times": 1},
    {"kind": "reset", "after": 13, "every": 15, "times": 2},
    {"kind": "half", "endpoint": "collection", "after": 14, "times": 1},
    {"kind": "throttle", "after": 30, "times": 1},
)


def test_every_bad_answer_costs_its_request_and_nothing_else(new_fleet):
    fleet = new_fleet()
    fleet.crowd(2500, *[200] * 6)
    for fault in FAULTS:
        fleet.discogs.break_with(**fault, seconds=4 * fleet.timing.deadline)
    fleet.start_imports()
    fleet.start_workers()
    fleet.wait_until_over()
    struck = fleet.discogs.struck()
    spent = fleet.report(f"{struck}; ")
    assert set(struck) == {fault["kind"] for fault in FAULTS}
    assert all(struck.values()), "a fault found nobody to strike"
    assert fleet.complaints() == []
    spoiled = sum(1 for one in fleet.discogs.arrivals() if one.fault)
    assert spent.requests == fleet.requests_needed() + spoiled
    assert spent.most <= LIMIT
    assert spent.use >= fleet.timing.least_use
