"""The budget over HTTP: what each may see, and the brake that operators pull."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db import gates
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.lanes import Lane
from workers.limiter.snapshot import Brake, Gate, Waiting, Waits

LOOK = "/api/limiter"
BRAKE = "/api/limiter/brake"
SOON = datetime.now(UTC) + timedelta(hours=1)


def reason(answer):
    return answer.status_code, answer.json()["error"]["reason"]


@pytest.fixture
def see(client, resources):
    """Have the limiter see something, and look at it over HTTP."""

    def look(headers, **seen):
        resources.limiter.seen = replace(resources.limiter.seen, taken_at=datetime.now(UTC), **seen)
        answer = client.get(LOOK, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return look


def test_an_operator_sees_how_the_budget_is_spent(see, as_operator):
    said = see(
        as_operator,
        spent=38,
        free=17,
        spent_by_lane={Lane.INTERACTIVE: 3, Lane.IMPORT: 30, Lane.BACKGROUND: 5},
        in_flight={Lane.INTERACTIVE: 1, Lane.IMPORT: 2, Lane.BACKGROUND: 0},
        next_token_at=datetime.now(UTC) + timedelta(seconds=0.7),
        granted=1204,
        returned=3,
        throttled=1,
        waits=dict.fromkeys(Lane, Waits(12.0, ((0.5, 6), (1.0, 9), (float("inf"), 10)))),
    )
    assert said["sentence"].startswith("38 of 55 spent in the last 60 s, 17 free, next token in 0.")
    assert (said["spent"], said["free"], said["in_flight"]) == (38, 17, 3)
    assert said["limit"] == {"now": 55, "configured": 55, "lowered_by": []}
    assert said["grants"] == {"given": 1204, "returned": 3, "throttled": 1}
    lane = said["lanes"]["import"]
    assert (lane["share"], lane["spent"], lane["in_flight"], lane["waiting"]) == (0.3, 30, 2, 0)
    assert lane["waits"] == {"count": 10, "mean_seconds": 1.2, "p50_seconds": 0.5, "p95_seconds": None}
    assert (said["gate"], said["brake"]) == (None, None)


def test_who_waits_is_for_operators_and_for_the_one_who_waits(see, as_operator, as_app, ada, bob):
    waiting = (
        Waiting(Lane.IMPORT, str(ada), 1.0),
        Waiting(Lane.IMPORT, str(bob), 3.0),
        Waiting(Lane.INTERACTIVE, "program:shop", 2.0),
        Waiting(Lane.BACKGROUND, "", 0.5),
    )
    said = see(as_operator, waiting=waiting)
    assert [(one["user"], one["program"]) for one in said["waiting"]] == [
        (str(bob), None),
        (None, "shop"),
        (str(ada), None),
        (None, None),
    ]
    assert (said["lanes"]["import"]["waiting"], said["lanes"]["import"]["oldest_wait_seconds"]) == (2, 3.0)
    hers = see(as_app(ada), waiting=waiting)
    assert [one["user"] for one in hers["waiting"]] == [None, None, str(ada), None]
    application = {"Authorization": as_app(ada)["Authorization"]}
    assert {one["user"] for one in see(application, waiting=waiting)["waiting"]} == {None}


def test_each_thing_that_lowers_us_says_so(see, as_operator, resources, monkeypatch):
    monkeypatch.setattr(type(resources), "settings", resources.settings, raising=False)
    settings = resources.settings.limiter.model_copy(update={"reserved_per_window": 5})
    monkeypatch.setitem(resources.settings.__dict__, "limiter", settings)
    said = see(as_operator, cap=40, foreign=9, limit=17, brake=Brake(0.5, SOON, "a move"))
    assert [(why["cause"], why["limit"]) for why in said["limit"]["lowered_by"]] == [
        ("reserve", 50),
        ("discogs", 40),
        ("others", 31),
        ("brake", 25),
    ]
    assert (said["limit"]["now"], said["limit"]["configured"]) == (17, 55)
    assert said["limit"]["lowered_by"][-1]["sentence"].startswith("Half the budget is left until ")


def test_while_the_gate_is_closed_nobody_sends_and_it_says_until_when(see, as_operator):
    said = see(as_operator, gate=Gate(SOON, "Discogs asked us to wait"))
    assert said["limit"]["now"] == 0
    assert said["sentence"].startswith("Nobody sends before ")
    assert said["sentence"].endswith("Discogs asked us to wait.")
    assert said["gate"]["reason"] == "Discogs asked us to wait"
    assert datetime.fromisoformat(said["next_token_at"]) == SOON


def test_without_redis_there_is_nothing_to_see(client, resources, as_operator):
    resources.limiter.error = LimiterUnavailable("redis://:hush@host")
    answer = client.get(LOOK, headers=as_operator)
    assert reason(answer) == (503, "redis_away")
    assert "hush" not in answer.text


@pytest.fixture
def real(opened, api_settings):
    """The API with a real limiter."""
    from fastapi.testclient import TestClient

    from api.app import create_app

    with TestClient(create_app(api_settings, opened), base_url="http://127.0.0.1:8050") as client:
        yield client


def braked(opened):
    with opened.pool.transaction() as conn:
        return gates.braked(conn, opened.limiter.budget)


def test_an_operator_pauses_the_fleet_and_lets_it_go_on(real, opened, as_operator):
    answer = real.put(BRAKE, json={"for_seconds": 600, "reason": " the disks are full "}, headers=as_operator)
    assert (answer.status_code, answer.json()["in_effect"], answer.json()["share"]) == (200, True, 0.0)
    assert answer.json()["sentence"].startswith("Nobody sends to Discogs until ")
    assert "people at screens included: the disks are full." in answer.json()["sentence"]
    assert opened.limiter.snapshot().gate is not None
    assert braked(opened).closed_by
    for was_pulled in (True, False):
        assert real.delete(BRAKE, headers=as_operator).json() == {"was_pulled": was_pulled}
    assert (opened.limiter.snapshot().gate, braked(opened)) == (None, None)


def test_the_last_word_counts(real, opened, as_operator):
    for share in (0.0, 0.5):
        until = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
        answer = real.put(BRAKE, json={"share": share, "until": until, "reason": "sale"}, headers=as_operator)
        assert answer.status_code == 200
    assert (opened.limiter.snapshot().limit, braked(opened).share) == (27, 0.5)


def test_the_application_cannot_brake(real, opened, as_app, ada):
    for answer in (
        real.put(BRAKE, json={"for_seconds": 600, "reason": "x"}, headers=as_app(ada)),
        real.delete(BRAKE, headers=as_app(ada)),
    ):
        assert reason(answer) == (403, "forbidden")
    assert braked(opened) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"for_seconds": 600}, "invalid"),
        ({"for_seconds": 600, "reason": "  "}, "invalid"),
        ({"for_seconds": 0, "reason": "x"}, "invalid"),
        ({"reason": "x"}, "invalid"),
        ({"for_seconds": 600, "until": SOON.isoformat(), "reason": "x"}, "invalid"),
        ({"until": "2026-01-01T10:00:00", "reason": "x"}, "invalid"),
        ({"until": "2026-01-01T10:00:00Z", "reason": "x"}, "brake_refused"),
        ({"for_seconds": 8 * 86_400, "reason": "x"}, "brake_refused"),
        ({"for_seconds": 600, "share": 1, "reason": "x"}, "invalid"),
        ({"for_seconds": 600, "share": -0.1, "reason": "x"}, "invalid"),
    ],
)
def test_a_brake_that_nobody_means_is_refused_with_words(real, opened, as_operator, body, why):
    answer = real.put(BRAKE, json=body, headers=as_operator)
    assert reason(answer) == (422, why)
    assert answer.json()["error"]["next_step"]
    assert braked(opened) is None


def test_a_brake_pulled_while_redis_is_away_is_remembered(client, resources, as_operator, monkeypatch):
    def away(*_):
        raise LimiterUnavailable("gone")

    monkeypatch.setattr(resources.limiter, "brake", away, raising=False)
    answer = client.put(BRAKE, json={"for_seconds": 600, "reason": "x"}, headers=as_operator)
    assert (answer.status_code, answer.json()["in_effect"]) == (202, False)
    assert braked(resources) is not None


def test_operator_probes_and_others_may_not(client, as_operator, as_app, ada):
    answer = client.post("/api/limiter/probe", headers=as_operator)
    assert reason(answer) == (409, "probe_refused")
    assert "circuit breaker is closed" in answer.text
    assert client.post("/api/limiter/probe", headers=as_app(ada)).status_code == 403
