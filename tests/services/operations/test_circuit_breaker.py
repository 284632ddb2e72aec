"""A probe by hand: one request while the circuit breaker is open, which closes it or leaves it open."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from db import gates, operations
from services.operations import circuit_breaker
from services.operations.circuit_breaker import ProbeRefused
from workers import holds
from workers.decide import CloseGate
from workers.resources import Resources, open_resources
from workers.settings import Settings

BLOCKED = CloseGate("blocked", "Discogs blocks our requests", 600.0)
THROTTLED = CloseGate("throttled", "Discogs asked us to wait", 60.0)
BLOCK = httpx.Response(403, html="<html>blocked</html>")
KEY_IS_GOOD = httpx.Response(401, json={"message": "You must authenticate to access this resource."})
BAD_KEY = httpx.Response(401, json={"message": "Invalid consumer."})
TOO_MANY = httpx.Response(429, json={"message": "You are making requests too quickly."})
BROKEN = httpx.Response(503, html="<html>maintenance</html>")


class Discogs:
    """A Discogs that gives one answer, and counts requests."""

    def __init__(self) -> None:
        self.answer = KEY_IS_GOOD
        self.asked = 0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        told = self.answer
        return httpx.Response(told.status_code, content=told.content, headers=told.headers)


@pytest.fixture
def discogs() -> Discogs:
    return Discogs()


@pytest.fixture
def resources(
    migrated_database_url: str, redis_url: str, discogs: Discogs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Resources]:
    for name, value in {
        "DATABASE_URL": migrated_database_url,
        "REDIS_URL": redis_url,
        "DISCOGS_OAUTH_ENCRYPTION_KEY": "11" * 32,
        "DISCOGS_CONSUMER_KEY": "our-key",
        "DISCOGS_CONSUMER_SECRET": "our-secret",
        "DISCOGS_REQUESTS_PER_WINDOW": "600",
        "REKKRD_SEND_DEADLINE_SECONDS": "0.2",
    }.items():
        monkeypatch.setenv(name, value)
    with open_resources(Settings(env_file=None)) as opened:
        transport = httpx.MockTransport(discogs)
        with httpx.Client(base_url=opened.settings.discogs.api_url, transport=transport) as http:
            yield replace(opened, http=http)


@pytest.fixture
def close(resources: Resources):
    def to(decision: CloseGate = BLOCKED) -> None:
        seconds = holds.close_in_redis(resources.limiter, decision)
        with resources.pool.transaction() as conn:
            holds.keep(conn, resources.limiter, decision, seconds)

    return to


def held(resources: Resources) -> list[str]:
    with resources.pool.transaction() as conn:
        return [hold.cause for hold in gates.holding(conn, resources.limiter.budget)]


def test_probe_closes_the_breaker_when_discogs_answers(resources, discogs, close):
    close()
    found = circuit_breaker.probe(resources, by="anna")
    assert (found.result, discogs.asked) == ("closed", 1)
    assert held(resources) == []
    assert resources.limiter.snapshot().gate is None
    with resources.pool.transaction() as conn:
        (act,) = operations.acts(conn)
    assert (act.action, act.made_by) == ("probed", "anna")


@pytest.mark.parametrize(
    ("answer", "result"), [(BLOCK, "open"), (BAD_KEY, "open"), (BROKEN, "unanswered")], ids=["block", "key", "503"]
)
def test_refused_probe_leaves_the_breaker_open(resources, discogs, close, answer, result):
    close()
    discogs.answer = answer
    assert circuit_breaker.probe(resources, by="anna").result == result
    assert held(resources) != []
    left = resources.limiter.snapshot()
    assert (left.gate.until - left.taken_at).total_seconds() > 500
    assert discogs.asked == 1


def test_probe_answered_429_begins_a_cooldown(resources, discogs, close):
    close()
    discogs.answer = TOO_MANY
    assert circuit_breaker.probe(resources, by="anna").result == "cooldown"
    assert held(resources) == ["throttled"]


def test_probe_is_sent_once_a_minute_at_most(resources, discogs, close):
    close()
    discogs.answer = BLOCK
    circuit_breaker.probe(resources, by="anna")
    with pytest.raises(ProbeRefused, match="less than a minute ago"):
        circuit_breaker.probe(resources, by="ben")
    assert discogs.asked == 1
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.gates SET probed_at = now() - interval '61 seconds'")
    discogs.answer = KEY_IS_GOOD
    assert circuit_breaker.probe(resources, by="ben").result == "closed"


def test_probe_is_refused_during_a_cooldown(resources, discogs, close):
    close()
    close(THROTTLED)
    with pytest.raises(ProbeRefused, match="Discogs asked us to wait until"):
        circuit_breaker.probe(resources, by="anna")
    assert discogs.asked == 0


def test_probe_of_a_closed_breaker_is_refused(resources, discogs):
    with pytest.raises(ProbeRefused, match="The circuit breaker is closed"):
        circuit_breaker.probe(resources, by="anna")
    assert discogs.asked == 0
