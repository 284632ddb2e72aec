"""The rolling limit by address, and the log that proves it."""

import json

import httpx
import pytest

import simulator
from simulator.limit import RollingLimit
from simulator.log import most_in_window

AGENT = {"User-Agent": "RekkrdTests/1.0"}


def arrivals(limit, moments, **more):
    return [limit.arrive("a", has_credentials=True, at=each, **more) for each in moments]


@pytest.fixture
def rolling():
    return RollingLimit(authenticated=60, anonymous=25, window_seconds=60)


def test_sixty_pass_in_any_window_and_the_next_does_not(rolling):
    standings = arrivals(rolling, [n / 10 for n in range(61)])
    assert [each.is_over for each in standings] == [False] * 60 + [True]


def test_a_place_is_free_again_exactly_one_window_later(rolling):
    arrivals(rolling, [0.0] + [30.0] * 59)
    assert [each.is_over for each in arrivals(rolling, [59.999, 60.0, 60.0])] == [True, False, True]


def test_refused_requests_use_nothing_up(rolling):
    arrivals(rolling, [0.0] * 60 + [59.0] * 500)
    assert not arrivals(rolling, [60.0])[0].is_over


def test_without_credentials_twenty_five_pass_on_the_same_account_of_the_address(rolling):
    arrivals(rolling, [0.0] * 25)
    assert rolling.arrive("a", has_credentials=False, at=1.0).is_over
    assert not rolling.arrive("b", has_credentials=False, at=1.0).is_over


def test_the_headers_lag_by_one(rolling):
    first, second = arrivals(rolling, [0.0, 0.1])
    assert dict(first.headers) == {
        "X-Discogs-Ratelimit": "60",
        "X-Discogs-Ratelimit-Used": "0",
        "X-Discogs-Ratelimit-Remaining": "60",
    }
    assert dict(second.headers)["X-Discogs-Ratelimit-Used"] == "1"


def test_over_the_limit_is_429_in_two_forms_with_headers_without_retry_after(settings):
    with simulator.running(settings(limit=2, anonymous_limit=2, window_seconds=600)) as discogs:
        got = [httpx.get(f"{discogs.url}/nowhere", headers=AGENT, verify=False) for _ in range(4)]
        assert [each.status_code for each in got] == [404, 404, 429, 429]
        assert {each.text for each in got[2:]} == {'{"message": "You are making requests too quickly."}', "\n"}
        assert all(each.headers["x-discogs-ratelimit-remaining"] == "0" for each in got[2:])
        assert not any("retry-after" in each.headers for each in got)


def test_an_address_that_is_claimed_is_not_believed(settings):
    with simulator.running(settings(limit=1, anonymous_limit=1, window_seconds=600)) as discogs:
        for number in range(2):
            got = httpx.get(discogs.url, headers={**AGENT, "X-Forwarded-For": f"10.0.0.{number}"}, verify=False)
        assert got.status_code == 429
        assert {each.peer for each in discogs.log.arrivals} == {"127.0.0.1"}


def test_each_source_address_has_its_own_window(settings):
    with simulator.running(settings(limit=1, anonymous_limit=1, window_seconds=600)) as discogs:
        for address in ("127.0.0.1", "127.0.0.2"):
            with httpx.Client(transport=httpx.HTTPTransport(local_address=address), headers=AGENT) as http:
                assert http.get(discogs.url).status_code == 200


def test_without_user_agent_one_is_turned_away_in_html_before_the_limit(discogs):
    got = httpx.get(discogs.url, headers={"User-Agent": ""}, verify=False)
    assert got.status_code == 403
    assert got.headers["content-type"].startswith("text/html")
    assert "x-discogs-ratelimit" not in got.headers


def test_the_largest_window_is_found_wherever_it_is():
    assert most_in_window([], 60) == 0
    assert most_in_window([0, 60, 120], 60) == 1
    assert most_in_window([0, 10, 59.9, 60, 69.9, 200], 60) == 4
    assert most_in_window([5.0, 1.0, 3.0], 60) == 3


def test_the_log_has_every_arrival_with_user_endpoint_and_status(discogs, owner, client, tmp_path):
    http = client(discogs, owner)
    http.get("/oauth/identity")
    http.get("/users/ada/wants?page=99")
    http.get("/_simulator/")
    facts = [json.loads(each) for each in discogs.log.lines()]
    assert [(each["endpoint"], each["user"], each["auth"], each["status"]) for each in facts] == [
        ("identity", "ada", "personal", 200),
        ("wants", "ada", "personal", 404),
    ]
    assert all(each["at"] <= each["answered"] for each in facts)


def test_the_log_file_keeps_every_arrival(settings, tmp_path):
    file = tmp_path / "arrivals.jsonl"
    with simulator.running(settings(log=file)) as discogs:
        for _ in range(3):
            httpx.get(discogs.url, headers=AGENT, verify=False)
        discogs.log.clear()
    assert [json.loads(line)["number"] for line in file.read_text().splitlines()] == [1, 2, 3]
