"""The door for other programs, with a real limiter behind it: who gets a token, who does not, and what is reported."""

import asyncio
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.tokens import GRANT
from db import gates
from workers import holds
from workers.limiter.errors import GateClosed, GaveUp, LimiterUnavailable, Stopped
from workers.limiter.lanes import Lane
from workers.resources import open_resources
from workers.settings import Settings

DOOR = "/api/limiter/tokens"
SHOP = {"program": "shop", "endpoint": "release", "wait_seconds": 5}


@pytest.fixture
def quick(monkeypatch):
    """A window of a tenth: a token each 0.11 s, and a cold start of 0.2 s."""
    monkeypatch.setenv("DISCOGS_WINDOW_SECONDS", "6")
    monkeypatch.setenv("REKKRD_SEND_DEADLINE_SECONDS", "0.5")


@pytest.fixture
def real(quick, opened, api_settings):
    """The API with a real limiter."""
    with TestClient(create_app(api_settings, opened), base_url="http://127.0.0.1:8050") as client:
        yield client


@pytest.fixture
def as_shop(as_app, ada):
    """The application, speaking for no user."""
    return {"Authorization": as_app(ada)["Authorization"]}


def reason(answer):
    return answer.status_code, answer.json()["error"]["reason"]


@pytest.fixture
def token(real, as_operator):
    answer = real.post(DOOR, json=SHOP, headers=as_operator)
    assert answer.status_code == 201, answer.text
    return answer.json()["grant"]


def test_a_program_takes_a_token_and_reports_the_answer_as_often_as_it_likes(real, opened, as_shop):
    answer = real.post(DOOR, json=SHOP, headers=as_shop)
    said = answer.json()
    assert (answer.status_code, said["lane"], said["answer_within_seconds"]) == (201, "interactive", 60.0)
    assert 0 < said["send_within_seconds"] <= 0.5
    assert GRANT.fullmatch(said["grant"])
    assert opened.limiter.snapshot().in_flight[Lane.INTERACTIVE] == 1
    for _ in range(2):
        told = real.put(answer.headers["Location"], json={"status": 200, "remaining": 58, "limit": 60}, headers=as_shop)
        assert (told.status_code, told.json()) == (200, {"grant": said["grant"], "outcome": "answered"})
    seen = opened.limiter.snapshot()
    assert (seen.in_flight[Lane.INTERACTIVE], seen.spent) == (0, 1)


def test_another_process_takes_the_report(token, opened, api_settings, as_operator):
    with open_resources(Settings(env_file=None)) as others:
        with TestClient(create_app(api_settings, others)) as elsewhere:
            told = elsewhere.put(f"{DOOR}/{token}", json={"status": 200}, headers=as_operator)
        assert told.status_code == 200
    assert opened.limiter.snapshot().in_flight[Lane.INTERACTIVE] == 0


def test_what_was_not_sent_frees_its_place_at_once(real, token, opened, as_operator):
    assert opened.limiter.snapshot().spent == 1
    told = real.put(f"{DOOR}/{token}", json={"unused": True}, headers=as_operator)
    assert (told.status_code, told.json()["outcome"]) == (200, "unused")
    seen = opened.limiter.snapshot()
    assert (seen.spent, seen.returned) == (0, 1)


def test_handing_back_twice_is_the_same_as_once(real, token, opened, as_operator):
    answers = [real.put(f"{DOOR}/{token}", json={"unused": True}, headers=as_operator) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert opened.limiter.snapshot().returned == 1


def test_what_may_have_been_sent_cannot_be_handed_back(real, token, opened, as_operator):
    real.put(f"{DOOR}/{token}", json={"status": 200}, headers=as_operator)
    assert reason(real.put(f"{DOOR}/{token}", json={"unused": True}, headers=as_operator)) == (409, "grant_over")
    assert opened.limiter.snapshot().spent == 1


@pytest.mark.parametrize("change", ["nonsense", "other lane", "guessed", "older"])
@pytest.mark.parametrize("body", [{"status": 200, "remaining": 0, "limit": 60}, {"unused": True}])
def test_a_grant_that_was_never_given_is_not_found_and_changes_nothing(real, token, opened, as_operator, change, body):
    named = {
        "nonsense": "x",
        "other lane": token.replace("interactive", "background"),
        "guessed": re.sub(r"-.*", "-" + "0" * 32, token),
        "older": token + "0",
    }[change]
    assert reason(real.put(f"{DOOR}/{named}", json=body, headers=as_operator)) == (404, "grant_unknown")
    seen = opened.limiter.snapshot()
    assert (seen.spent, seen.in_flight[Lane.INTERACTIVE], seen.foreign) == (1, 1, 0)


def test_a_429_that_is_reported_closes_the_gate_for_the_fleet_and_is_remembered(real, token, opened, as_operator):
    real.put(f"{DOOR}/{token}", json={"status": 429}, headers=as_operator)
    answer = real.post(DOOR, json={**SHOP, "wait_seconds": 0}, headers=as_operator)
    assert reason(answer) == (503, "gate_closed")
    assert 0 < int(answer.headers["Retry-After"]) <= 6
    assert "Discogs asked us to wait" in answer.json()["error"]["message"]
    with opened.pool.transaction() as conn:
        assert gates.current(conn, opened.limiter.budget).cause == "throttled"


def test_what_discogs_says_of_others_lowers_us(real, token, opened, as_operator):
    real.put(f"{DOOR}/{token}", json={"status": 200, "remaining": 20, "limit": 60}, headers=as_operator)
    assert opened.limiter.snapshot().foreign > 30


def test_a_brake_tells_the_program_until_when_and_why(real, opened, as_operator):
    until = datetime.now(UTC) + timedelta(hours=1)
    holds.brake(opened.pool, opened.limiter, share=0.0, until=until, reason="the disks are full", by="anna")
    answer = real.post(DOOR, json=SHOP, headers=as_operator)
    assert reason(answer) == (503, "gate_closed")
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert "Paused by an operator: the disks are full" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (GaveUp("x"), "too_busy"),
        (GateClosed(datetime.now(UTC) + timedelta(seconds=30), "hm"), "gate_closed"),
        (LimiterUnavailable("Redis at redis://:hush@host"), "redis_away"),
        (Stopped("x"), "stopping"),
    ],
)
def test_each_reason_for_no_token_has_its_name_and_says_when_to_come_again(client, resources, as_operator, error, why):
    resources.limiter.error = error
    answer = client.post(DOOR, json=SHOP, headers=as_operator)
    assert reason(answer) == (503, why)
    assert int(answer.headers["Retry-After"]) > 0
    assert "hush" not in answer.text


def test_a_token_too_old_to_be_used_goes_back(client, resources, as_operator, monkeypatch):
    returned = []

    class Old:
        lane, id = Lane.IMPORT, "0" * 32

        def sendable_for(self):
            return -0.1

        def unused(self):
            returned.append(self.id)

    monkeypatch.setattr(resources.limiter, "acquire", lambda **_: Old(), raising=False)
    assert reason(client.post(DOOR, json=SHOP, headers=as_operator)) == (503, "too_busy")
    assert returned == ["0" * 32]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"program": ""},
        {"program": "a program"},
        {"program": "x" * 61},
        {"program": "shop", "lane": "fast"},
        {"program": "shop", "wait_seconds": 26},
        {"program": "shop", "wait_seconds": -1},
        {"program": "shop", "user": "ada"},
        {"program": "shop", "more": 1},
    ],
)
def test_a_wish_that_does_not_fit_is_named(client, as_operator, body):
    assert client.post(DOOR, json=body, headers=as_operator).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"remaining": 3},
        {"status": 99},
        {"status": 200, "unused": True},
        {"unused": True, "remaining": 3},
        {"status": 200, "remaining": -1},
        {"status": 200, "limit": 0},
    ],
)
def test_a_report_that_says_nothing_or_two_things_is_refused(real, token, opened, as_operator, body):
    assert real.put(f"{DOOR}/{token}", json=body, headers=as_operator).status_code == 422
    assert opened.limiter.snapshot().in_flight[Lane.INTERACTIVE] == 1


def test_a_request_without_any_answer_is_reported_as_that(real, token, opened, as_operator):
    assert real.put(f"{DOOR}/{token}", json={"status": None}, headers=as_operator).status_code == 200
    assert opened.limiter.snapshot().in_flight[Lane.INTERACTIVE] == 0


def test_a_program_waits_in_its_own_turn_or_in_that_of_the_user_it_names(client, resources, as_app, as_shop, ada, bob):
    asked = resources.limiter.asked
    for headers, body, turn in (
        (as_shop, {}, "program:shop"),
        (as_shop, {"user": str(bob)}, str(bob)),
        (as_app(ada), {}, str(ada)),
        (as_app(ada), {"user": str(ada)}, str(ada)),
    ):
        client.post(DOOR, json={**SHOP, "lane": "import", **body}, headers=headers)
        assert asked[-1] == ("import", turn)
    answer = client.post(DOOR, json={**SHOP, "user": str(bob)}, headers=as_app(ada))
    assert (answer.status_code, len(asked)) == (422, 4)


def test_what_a_program_spent_is_counted_once_and_what_it_handed_back_is_not(
    real, opened, as_operator, ada, monkeypatch
):
    counted = []
    monkeypatch.setattr(type(opened.usage), "count", lambda _, endpoint, **said: counted.append((endpoint, said)))
    used, back, forgotten = (
        real.post(DOOR, json={**SHOP, "user": user}, headers=as_operator).json()["grant"]
        for user in (str(ada), None, None)
    )
    for _ in range(2):
        real.put(f"{DOOR}/{used}", json={"status": 200}, headers=as_operator)
        real.put(f"{DOOR}/{back}", json={"unused": True}, headers=as_operator)
    assert counted == [("release", {"user": str(ada), "lane": "interactive", "kind": "program:shop"})]
    assert forgotten
    real.app.state.spent.close()
    assert [said["user"] for _, said in counted] == [str(ada), None]


def post(url, headers, seconds, **body):
    return httpx.post(f"{url}{DOOR}", json={**SHOP, **body}, headers=headers, timeout=seconds, trust_env=False)


@pytest.fixture
def served(quick, opened, api_settings, serve) -> Iterator[str]:
    with serve(create_app(api_settings, opened)) as (url, _):
        yield url


def wait_until(condition):
    until = time.monotonic() + 20  # bounds a test that would hang
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_program_that_hangs_up_leaves_the_line_and_its_token_is_anothers(served, opened, as_operator):
    opened.limiter.close_gate(3.0, "a moment")
    with pytest.raises(httpx.ReadTimeout):
        post(served, as_operator, 1.0, wait_seconds=20)
    wait_until(lambda: not opened.limiter.snapshot().waiting)
    other = post(served, as_operator, 20, program="other", wait_seconds=20)
    assert other.status_code == 201
    assert opened.limiter.snapshot().granted == 1


def test_while_a_hundred_programs_wait_everybody_else_is_answered(quick, opened, api_settings, serve, as_operator):
    opened.limiter.close_gate(20.0, "a moment")

    async def crowd(url, server):
        async with httpx.AsyncClient(
            base_url=url, headers=as_operator, timeout=60, trust_env=False, limits=httpx.Limits(max_connections=200)
        ) as client:
            waits = [
                asyncio.create_task(client.post(DOOR, json={**SHOP, "program": f"shop{n}", "wait_seconds": 25}))
                for n in range(100)
            ]
            while len((seen := await client.get("/api/limiter")).json()["waiting"]) < 100:
                assert seen.status_code == 200
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/api/jobs")).status_code == 200
            server.should_exit = True
            return await asyncio.gather(*waits)

    with serve(create_app(api_settings, opened)) as (url, server):
        answers = asyncio.run(crowd(url, server))
    assert {reason(answer) for answer in answers} == {(503, "stopping")}
    assert opened.limiter.snapshot().granted == 0
