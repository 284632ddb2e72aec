"""The budget as an operator sees it, and the brake as one pulls it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from cli import limiter
from cli.errors import CommandFailed
from db.errors import DatabaseAway
from db.gates import Hold
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings
from workers.limiter.snapshot import Brake, Gate, Snapshot, Waiting, Waits

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
SHOWN = Snapshot(
    taken_at=NOW,
    window_seconds=60.0,
    limit=55,
    limit_configured=55,
    free=14,
    spent=41,
    spent_by_lane={Lane.INTERACTIVE: 3, Lane.IMPORT: 30, Lane.BACKGROUND: 8},
    in_flight={Lane.INTERACTIVE: 0, Lane.IMPORT: 1, Lane.BACKGROUND: 0},
    waiting=(Waiting(Lane.IMPORT, "00000000-0000-0000-0000-000000000007", 2.25), Waiting(Lane.BACKGROUND, "", 0.5)),
    next_token_at=NOW + timedelta(seconds=0.7),
    gate=None,
    brake=None,
    cap=None,
    foreign=0,
    shares=LimiterSettings().shares,
    granted=1204,
    returned=3,
    throttled=0,
    waits={
        Lane.INTERACTIVE: Waits(2.0, ((0.5, 9), (1.0, 10), (float("inf"), 10))),
        Lane.IMPORT: Waits(90.0, ((0.5, 0), (1.0, 1), (float("inf"), 10))),
        Lane.BACKGROUND: Waits(0.0, ((0.5, 0), (1.0, 0), (float("inf"), 0))),
    },
)


def sight(**other):
    return limiter.Sight(
        replace(SHOWN, **other), LimiterSettings(), None, {"00000000-0000-0000-0000-000000000007": "mina"}
    )


def test_one_look_fits_eighty_columns_and_names_who_waits(drawn):
    lines = drawn(limiter.picture(sight()))
    text = "\n".join(lines)
    assert all(len(line.rstrip()) <= 80 for line in lines)
    assert "41 spent, 14 free of 55" in text
    assert "next token in 0.7 s" in text
    assert ["mina", "import", "2.2", "s"] in [line.split() for line in lines]
    assert ["upkeep", "background", "0.5", "s"] in [line.split() for line in lines]
    assert ["import", "30%", "30", "1", "1", "2.2", "s", "longer", "longer"] in [line.split() for line in lines]
    assert ["background", "10%", "8", "0", "1", "0.5", "s", "—", "—"] in [line.split() for line in lines]


def test_an_idle_budget_says_that_nobody_waits(drawn):
    assert "Nobody waits for a token." in "\n".join(drawn(limiter.picture(sight(waiting=()))))


@pytest.mark.parametrize(
    ("other", "begin", "end"),
    [
        ({"gate": Gate(LATER, "Discogs asked us to wait")}, "Nobody sends before ", "Then one probe goes first."),
        ({"brake": Brake(0.5, LATER, "moving")}, "Half the budget is left until ", ": moving."),
        ({"brake": Brake(0.0, LATER, "tea"), "gate": Gate(LATER, "x")}, "Nobody sends to Discogs until ", ": tea."),
        ({"cap": 20}, "Discogs allows this address less", "with our margin."),
        ({"foreign": 7}, "Other programs", "by Discogs' own count."),
    ],
)
def test_each_thing_that_holds_the_fleet_back_has_one_sentence(other, begin, end):
    (said,) = limiter.held_back(sight(**other))
    assert said.startswith(begin)
    assert said.endswith(end)


def test_who_pulled_the_brake_is_named():
    brake = Hold("discogs-api", "operator", 0.5, "moving", NOW, LATER, "anna", 0.0, 60.0)
    (said,) = limiter.held_back(replace(sight(brake=Brake(0.5, LATER, "moving")), brake=brake))
    assert said.endswith("moving. (by anna)")


def test_json_is_what_http_says_with_everybody_named():
    read = json.loads(limiter.for_programs(sight(brake=Brake(0.5, LATER, "m"))))
    assert read["lanes"]["import"]["waits"]["p50_seconds"] is None
    assert read["lanes"]["interactive"]["waits"] == {
        "count": 10,
        "mean_seconds": 0.2,
        "p50_seconds": 0.5,
        "p95_seconds": 1.0,
    }
    assert read["waiting"][0]["user"] == "00000000-0000-0000-0000-000000000007"
    assert read["brake"] == {"share": 0.5, "until": "2026-11-23T14:00:00Z", "reason": "m", "by": None}
    assert read["taken_at"] == "2026-11-23T12:00:00Z"


def test_a_brake_that_redis_forgot_is_said_all_the_same():
    brake = Hold("discogs-api", "operator", 0.5, "moving", NOW, LATER, "anna", 0.0, 60.0)
    (said,) = limiter.held_back(replace(sight(), brake=brake))
    assert said == "A brake is remembered, and Redis gets it in a moment: moving."


@pytest.mark.parametrize(
    ("error", "said"),
    [(LimiterUnavailable("Redis is away."), "Nobody sends until it is back."), (DatabaseAway("gone"), "The ledger")],
)
def test_the_display_outlives_what_it_is_watched_for(drawn, error, said):
    def fail():
        raise error

    resources = SimpleNamespace(limiter=SimpleNamespace(snapshot=fail))
    assert said in " ".join(drawn(limiter._drawn(resources)))


@pytest.mark.parametrize("option", ["--until", "--for"])
def test_when_a_brake_ends_may_be_typed_either_way(monkeypatch, option):
    pulled = []
    monkeypatch.setattr(limiter, "_brake", lambda *given: pulled.append(given))
    for command in (["pause"], ["share", "50%"]):
        told = CliRunner().invoke(limiter.app, [*command, option, "30m", "--reason", "tea"])
        assert told.exit_code == 0, told.output
    assert pulled == [(0.0, "30m", "tea"), (0.5, "30m", "tea")]


@pytest.mark.parametrize(("typed", "part"), [("50%", 0.5), ("0.25", 0.25), (" 7.5% ", 0.075)])
def test_a_share_is_a_part_or_a_percentage(typed, part):
    assert limiter._share(typed) == part


@pytest.mark.parametrize("typed", ["0", "1", "100%", "half", "-10%", "nan", "150%"])
def test_what_is_no_share_is_refused_with_an_example(typed):
    with pytest.raises(CommandFailed) as told:
        limiter._share(typed)
    assert "50%" in told.value.next_step
