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
from db.pool import Pool
from workers import gates
from workers.decide import CloseGate
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.limiter import Limiter
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
        limiter = Limiter(client, LimiterSettings(), namespace=uuid4().hex)
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


def test_an_emptied_redis_gets_its_gate_back(pool: Pool, limiter: Limiter, redis_url: str) -> None:
    close(pool, limiter, BLOCKED)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    assert limiter.snapshot().gate is None
    gates.restore(current(pool, limiter), limiter)
    assert limiter.snapshot().gate is not None


@pytest.mark.parametrize("decision", [BLOCKED, THROTTLED])
def test_redis_away_does_not_keep_the_gate_open(pool: Pool, decision: CloseGate) -> None:
    with redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)) as nobody:
        limiter = Limiter(nobody, LimiterSettings())
        until = close(pool, limiter, decision)
        assert until > datetime.now(UTC) + timedelta(seconds=50)
        assert current(pool, limiter).closed_until == until
        with pytest.raises(LimiterUnavailable):
            gates.restore(current(pool, limiter), limiter)
        limiter.close()


def test_a_gate_that_a_probe_found_closed_has_been_closed_since_the_first_time(
    pool: Pool, limiter: Limiter, migrated_database_url: str
) -> None:
    close(pool, limiter, BLOCKED)
    with psycopg.connect(migrated_database_url) as conn:
        conn.execute(
            "UPDATE rekkrd.gates SET closed_at = now() - interval '2 hours', closed_until = now() - interval '1 second'"
        )
    close(pool, limiter, BLOCKED)
    gate, now = current(pool, limiter), datetime.now(UTC)
    assert gates.is_alarming(gate, now)
    assert not gates.is_alarming(gate, gate.closed_at + timedelta(minutes=59))
