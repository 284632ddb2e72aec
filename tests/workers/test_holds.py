"""The fleet's gate, in Redis and in PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import uuid4

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from db import gates as stored
from db import operations
from db.pool import Pool
from workers import holds
from workers.decide import CloseGate
from workers.limiter import limiter as limiter_module
from workers.limiter import snapshot
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.limiter import Limiter
from workers.limiter.script import Closed
from workers.limiter.settings import LimiterSettings

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
        limiter = Limiter(client, LimiterSettings(), budget=holds.BUDGET, namespace=uuid4().hex)
        yield limiter
        limiter.close()


def close(pool: Pool, limiter: Limiter, decision: CloseGate) -> float:
    seconds = holds.close_in_redis(limiter, decision)
    with pool.transaction() as conn:
        holds.keep(conn, limiter, decision, seconds)
    return seconds


def current(pool: Pool, limiter: Limiter) -> stored.Hold:
    with pool.transaction() as conn:
        gate = stored.current(conn, limiter.budget)
    assert gate is not None
    return gate


def test_a_gate_closes_in_both_places(pool: Pool, limiter: Limiter) -> None:
    seconds = close(pool, limiter, BLOCKED)
    assert seconds == 600
    assert 590 < current(pool, limiter).left_seconds <= 600
    shown = limiter.snapshot()
    assert shown.gate is not None
    assert 590 < (shown.gate.until - shown.taken_at).total_seconds() <= 600


def holding(pool: Pool, limiter: Limiter) -> list[stored.Hold]:
    with pool.transaction() as conn:
        return stored.holding(conn, limiter.budget)


def brake(pool: Pool, limiter: Limiter, share: float, reason: str = "tea") -> None:
    until = datetime.now(UTC) + timedelta(minutes=30)
    holds.brake(pool, limiter, share=share, until=until, reason=reason, by="anna")


def empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()


def test_an_emptied_redis_gets_gate_and_brake_back(pool: Pool, limiter: Limiter, redis_url: str) -> None:
    close(pool, limiter, BLOCKED)
    brake(pool, limiter, 0.5)
    empty(redis_url)
    assert (limiter.snapshot().gate, limiter.snapshot().brake) == (None, None)
    holds.Mirror(limiter).show(holding(pool, limiter))
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
    assert holds.release_brake(pool, limiter, by="ben")
    assert not holds.release_brake(pool, limiter, by="ben")
    assert holding(pool, limiter) == []
    assert limiter.snapshot().gate is None
    with pool.transaction() as conn:
        assert [(act.made_by, act.action) for act in operations.acts(conn)] == [("ben", "released"), ("anna", "braked")]


def test_a_brake_released_while_redis_was_away_goes_when_somebody_looks(pool: Pool, limiter: Limiter) -> None:
    brake(pool, limiter, 0.0)
    with pool.transaction() as conn:
        stored.release(conn, limiter.budget)
    mirror = holds.Mirror(limiter)
    for _ in range(2):
        mirror.show(holding(pool, limiter))
    assert limiter.snapshot().brake is None


def test_a_brake_pulled_after_the_ledger_was_read_is_not_released(pool: Pool, limiter: Limiter) -> None:
    mirror, before = holds.Mirror(limiter), holding(pool, limiter)
    brake(pool, limiter, 0.0)
    mirror.show(before)
    assert limiter.snapshot().brake is not None
    mirror.show(holding(pool, limiter))
    assert limiter.snapshot().brake is not None


def test_the_last_word_of_the_operator_reaches_redis(pool: Pool, limiter: Limiter) -> None:
    mirror = holds.Mirror(limiter)
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
    mirror = holds.Mirror(limiter)
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
    holds.keep_throttle(pool, limiter.budget, Closed(60.0, "Discogs asked us to wait"))
    assert 50 < current(pool, limiter).left_seconds <= 60
    pool.close()
    holds.keep_throttle(pool, limiter.budget, Closed(60.0, "the pool is closed: Redis has to do"))


@pytest.mark.parametrize("decision", [BLOCKED, THROTTLED])
def test_redis_away_does_not_keep_the_gate_open(pool: Pool, decision: CloseGate) -> None:
    with redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)) as nobody:
        limiter = Limiter(nobody, LimiterSettings(), budget=holds.BUDGET)
        seconds = close(pool, limiter, decision)
        assert seconds >= 60
        assert seconds - 10 < current(pool, limiter).left_seconds <= seconds
        with pytest.raises(LimiterUnavailable):
            holds.Mirror(limiter).show(holding(pool, limiter))
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
    gate = current(pool, limiter)
    assert holds.is_alarming(gate)
    assert not holds.is_alarming(replace(gate, held_seconds=59 * 60.0))


def test_what_does_not_pass_by_itself_alarms_at_once(pool: Pool, limiter: Limiter) -> None:
    close(pool, limiter, BLOCKED)
    gate = current(pool, limiter)
    assert holds.is_alarming(replace(gate, held_seconds=0.0))


def test_the_operators_own_brake_alarms_nobody(pool: Pool, limiter: Limiter) -> None:
    brake(pool, limiter, 0.0)
    assert not holds.is_alarming(replace(current(pool, limiter), held_seconds=2 * 86_400.0))


class SlowClock(datetime):
    """The clock of a worker that is an hour slow."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) - timedelta(hours=1)


def test_a_clock_that_is_wrong_here_makes_no_gate_or_brake_longer_or_shorter(
    pool: Pool, limiter: Limiter, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (holds, limiter_module, snapshot, stored):
        monkeypatch.setattr(module, "datetime", SlowClock, raising=False)
    close(pool, limiter, BLOCKED)
    brake(pool, limiter, 0.5)
    assert_as_long(limiter)
    empty(redis_url)
    mirror = holds.Mirror(limiter)
    mirror.show(holding(pool, limiter))
    assert_as_long(limiter)
    calls = limiter.calls
    mirror.show(holding(pool, limiter))
    assert limiter.calls == calls + 1, "it looks, and finds that nothing has to be put right"


def assert_as_long(limiter: Limiter) -> None:
    shown = limiter.snapshot()
    assert shown.gate is not None
    assert shown.brake is not None
    assert 590 < (shown.gate.until - shown.taken_at).total_seconds() <= 600
    assert 1_790 < (shown.brake.until - shown.taken_at).total_seconds() <= 1_800
