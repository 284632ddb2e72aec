"""The fleet's gate, in Redis and in PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from db import gates as stored
from db import operations
from db.pool import Pool
from workers import gates
from workers.decide import CloseGate
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.limiter import Limiter
from workers.limiter.settings import LimiterSettings
from workers.limiter.snapshot import Gate

BLOCKED = CloseGate("blocked", "Discogs does not let us in", 600.0)
THROTTLED = CloseGate("throttled", "Discogs asked us to wait", 0.0)


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def limiter(redis_url: str) -> Iterator[Limiter]:
    with redis.Redis.from_url(redis_url) as client:
        limiter = Limiter(client, LimiterSettings(), budget=gates.BUDGET, namespace=uuid4().hex)
        yield limiter
        limiter.close()


def close(pool: Pool, limiter: Limiter, decision: CloseGate) -> datetime:
    until = gates.close_in_redis(limiter, decision)
    with pool.transaction() as conn:
        gates.keep(conn, limiter, decision, until)
    return until


def current(pool: Pool, limiter: Limiter) -> stored.Gate:
    with pool.transaction() as conn:
        gate = stored.current(conn, limiter.budget)
    assert gate is not None
    return gate


def test_a_gate_closes_in_both_places(pool: Pool, limiter: Limiter) -> None:
    until = close(pool, limiter, BLOCKED)
    assert current(pool, limiter).closed_until == until
    shown = limiter.snapshot().gate
    assert shown is not None
    assert abs(shown.until - until) < timedelta(seconds=5)


def holding(pool: Pool, limiter: Limiter) -> list[stored.Gate]:
    with pool.transaction() as conn:
        return stored.holding(conn, limiter.budget)


def brake(pool: Pool, limiter: Limiter, share: float, reason: str = "tea") -> None:
    until = datetime.now(UTC) + timedelta(minutes=30)
    gates.brake(pool, limiter, share=share, until=until, reason=reason, by="anna")


def empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()


def test_an_emptied_redis_gets_gate_and_brake_back(pool: Pool, limiter: Limiter, redis_url: str) -> None:
    close(pool, limiter, BLOCKED)
    brake(pool, limiter, 0.5)
    empty(redis_url)
    assert (limiter.snapshot().gate, limiter.snapshot().brake) == (None, None)
    gates.Mirror(limiter).show(holding(pool, limiter))
    shown = limiter.snapshot()
    assert shown.gate is not None
    assert shown.brake is not None
    assert (shown.gate.reason, shown.brake.reason, shown.limit) == (BLOCKED.reason, "tea", 27)


def test_a_brake_holds_in_both_places_until_it_is_released(pool: Pool, limiter: Limiter) -> None:
    brake(pool, limiter, 0.0)
    assert current(pool, limiter).closed_by == "anna"
    gate = limiter.snapshot().gate
    assert gate is not None
    assert gate.reason == "Paused by an operator: tea"
    assert gates.release_brake(pool, limiter, by="ben")
    assert not gates.release_brake(pool, limiter, by="ben")
    assert holding(pool, limiter) == []
    assert limiter.snapshot().gate is None
    with pool.transaction() as conn:
        assert [(act.made_by, act.action) for act in operations.acts(conn)] == [("ben", "released"), ("anna", "braked")]


def test_a_brake_released_while_redis_was_away_goes_when_somebody_looks(pool: Pool, limiter: Limiter) -> None:
    brake(pool, limiter, 0.0)
    with pool.transaction() as conn:
        stored.release(conn, limiter.budget)
    mirror = gates.Mirror(limiter)
    for _ in range(2):
        mirror.show(holding(pool, limiter))
    assert limiter.snapshot().brake is None


def test_a_brake_pulled_after_the_ledger_was_read_is_not_released(pool: Pool, limiter: Limiter) -> None:
    mirror, before = gates.Mirror(limiter), holding(pool, limiter)
    brake(pool, limiter, 0.0)
    mirror.show(before)
    assert limiter.snapshot().brake is not None
    mirror.show(holding(pool, limiter))
    assert limiter.snapshot().brake is not None


def test_the_last_word_of_the_operator_reaches_redis(pool: Pool, limiter: Limiter) -> None:
    mirror = gates.Mirror(limiter)
    brake(pool, limiter, 0.0)
    with pool.transaction() as conn:
        soon = datetime.now(UTC) + timedelta(minutes=5)
        stored.brake(conn, limiter.budget, share=0.2, reason="half tea", until=soon, by="ben")
    mirror.show(holding(pool, limiter))
    shown = limiter.snapshot().brake
    assert shown is not None
    assert (shown.share, shown.reason) == (0.2, "half tea")
    assert abs(shown.until - soon) < timedelta(seconds=5)


def test_while_nothing_holds_the_fleet_back_redis_is_looked_at_now_and_then(pool: Pool, limiter: Limiter) -> None:
    mirror = gates.Mirror(limiter)
    for _ in range(5):
        mirror.show([])
    assert limiter.calls == 1
    brake(pool, limiter, 0.0)
    mirror.show(holding(pool, limiter))
    with pool.transaction() as conn:
        stored.release(conn, limiter.budget)
    for _ in range(2):
        mirror.show([])
    assert limiter.snapshot().brake is None, "looks again after the last thing went"


def test_a_429_at_a_door_is_remembered_too(pool: Pool, limiter: Limiter) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=1)
    gates.keep_throttle(pool, limiter.budget, Gate(soon, "Discogs asked us to wait"))
    assert current(pool, limiter).closed_until == soon
    pool.close()
    gates.keep_throttle(pool, limiter.budget, Gate(soon, "the pool is closed: Redis has to do"))


@pytest.mark.parametrize("decision", [BLOCKED, THROTTLED])
def test_redis_away_does_not_keep_the_gate_open(pool: Pool, decision: CloseGate) -> None:
    with redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)) as nobody:
        limiter = Limiter(nobody, LimiterSettings(), budget=gates.BUDGET)
        until = close(pool, limiter, decision)
        assert until > datetime.now(UTC) + timedelta(seconds=50)
        assert current(pool, limiter).closed_until == until
        with pytest.raises(LimiterUnavailable):
            gates.Mirror(limiter).show(holding(pool, limiter))
        limiter.close()


def test_a_gate_that_a_probe_found_closed_has_been_closed_since_the_first_time(
    pool: Pool, limiter: Limiter, migrated_database_url: str
) -> None:
    close(pool, limiter, THROTTLED)
    with psycopg.connect(migrated_database_url) as conn:
        conn.execute(
            "UPDATE rekkrd.gates SET closed_at = now() - interval '2 hours', closed_until = now() - interval '1 second'"
        )
    close(pool, limiter, THROTTLED)
    gate, now = current(pool, limiter), datetime.now(UTC)
    assert gates.is_alarming(gate, now)
    assert not gates.is_alarming(gate, gate.closed_at + timedelta(minutes=59))


def test_what_does_not_pass_by_itself_alarms_at_once(pool: Pool, limiter: Limiter) -> None:
    close(pool, limiter, BLOCKED)
    gate = current(pool, limiter)
    assert gates.is_alarming(gate, gate.closed_at)


def test_the_operators_own_brake_alarms_nobody(pool: Pool, limiter: Limiter) -> None:
    brake(pool, limiter, 0.0)
    assert not gates.is_alarming(current(pool, limiter), datetime.now(UTC) + timedelta(days=2))
