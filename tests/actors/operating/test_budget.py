"""The budget in words: what is left of it, why, and which brakes are refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from actors.errors import BrakeRefused
from actors.operating import budget
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings
from workers.limiter.snapshot import Brake, Gate, Snapshot

NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=1)


def seen(**said):
    plain = {
        "taken_at": NOW,
        "window_seconds": 60.0,
        "limit": 55,
        "limit_configured": 55,
        "free": 17,
        "spent": 38,
        "spent_by_lane": dict.fromkeys(Lane, 0),
        "in_flight": dict.fromkeys(Lane, 0),
        "waiting": (),
        "next_token_at": NOW + timedelta(seconds=0.7),
        "gate": None,
        "brake": None,
        "cap": None,
        "foreign": 0,
        "shares": LimiterSettings().shares,
        "granted": 0,
        "returned": 0,
        "throttled": 0,
        "waits": {},
    }
    return Snapshot(**{**plain, **said})


@pytest.mark.parametrize(
    ("said", "reserved", "limit", "causes"),
    [
        ({}, 0, 55, []),
        ({"limit": 45}, 10, 45, [("reserve", 45)]),
        ({"limit": 20, "cap": 20}, 0, 20, [("discogs", 20)]),
        ({"foreign": 7}, 0, 48, [("others", 48)]),
        ({"foreign": 7, "limit": 45}, 10, 45, [("reserve", 45)]),
        ({"foreign": 12, "limit": 45}, 10, 43, [("reserve", 45), ("others", 43)]),
        ({"limit": 27, "brake": Brake(0.5, LATER, "x")}, 0, 27, [("brake", 27)]),
        ({"gate": Gate(LATER, "x"), "brake": Brake(0.0, LATER, "x")}, 0, 0, [("brake", 0)]),
    ],
)
def test_each_cause_that_lowers_the_budget_is_named_with_what_it_leaves(said, reserved, limit, causes):
    settings = LimiterSettings(reserved_per_window=reserved)
    assert budget.limit_now(seen(**said), settings) == limit
    assert [(each.cause, each.limit) for each in budget.lowered(seen(**said), settings)] == causes


def test_the_budget_says_how_it_stands_in_a_line():
    assert budget.sentence(seen(), LimiterSettings()) == (
        "38 of 55 spent in the last 60 s, 17 free, next token in 0.7 s."
    )


def test_a_closed_gate_is_said_by_the_readers_clock():
    zone = timezone(timedelta(hours=3))
    said = budget.sentence(seen(gate=Gate(LATER, "Discogs asked us to wait")), LimiterSettings(), zone)
    assert said.endswith(f"{LATER.astimezone(zone):%H:%M:%S}: Discogs asked us to wait.")


@pytest.mark.parametrize(
    ("share", "begins"),
    [(0.0, "Nobody sends to Discogs until "), (0.5, "Half the budget is left until "), (0.2, "20% of the budget")],
)
def test_a_brake_says_what_it_means(share, begins):
    said = budget.braked(share, LATER, "the disks are full!")
    assert said.startswith(begins)
    assert said.endswith(": the disks are full!")
    assert ("people at screens included" in said) == (share == 0)


@pytest.mark.parametrize(
    ("share", "until", "reason", "why"),
    [
        (0.5, LATER, " ", "No reason"),
        (1.0, LATER, "x", "no share"),
        (-0.1, LATER, "x", "no share"),
        (float("nan"), LATER, "x", "no share"),
        (0.5, NOW, "x", "is past"),
        (0.5, NOW + timedelta(days=7, seconds=1), "x", "more than 7 days"),
    ],
)
def test_a_brake_that_nobody_means_is_refused_with_words(share, until, reason, why):
    with pytest.raises(BrakeRefused, match=why) as refused:
        budget.refuse_nonsense(share, until, reason, NOW)
    assert refused.value.next_step


def test_a_week_is_not_too_long():
    budget.refuse_nonsense(0.0, NOW + timedelta(days=7), "x", NOW)
