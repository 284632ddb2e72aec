"""What `rekkrd doctor` asks of Redis: which server, how it forgets, and whether it takes what we write."""

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import redis

from workers.limiter.errors import LimiterUnavailable
from workers.resources import redis_client
from workers.settings import Settings

PINGS = 5
MARK_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A Redis or Valkey as it answered. ``version`` is that of the Redis whose commands it knows.

    ``most`` is the memory in bytes that it may take, 0 for as much as there is. ``refuses`` is what it said when
    something was written, None when it took it. ``ahead_seconds`` is its clock less ours, ``seconds`` one round trip.
    """

    product: str
    version: tuple[int, ...]
    policy: str
    used: int
    most: int
    is_replica: bool
    is_cluster: bool
    refuses: str | None
    seconds: float
    ahead_seconds: float


def examine(settings: Settings) -> RedisServer:
    """Look at the Redis of these settings. Raises NotConfigured, LimiterUnavailable."""
    with redis_client(settings) as client:
        try:
            told: Mapping[str, object] = client.info()
            seconds, ahead = _times(client)
        except redis.RedisError as error:
            raise LimiterUnavailable(f"Redis says: {str(error).rstrip('.')}.") from error
        return RedisServer(
            product=_product(told),
            version=_numbers(str(told.get("redis_version", "0"))),
            policy=str(told.get("maxmemory_policy", "noeviction")),
            used=_number(told.get("used_memory")),
            most=_number(told.get("maxmemory")),
            is_replica=told.get("role") == "slave",
            is_cluster=_number(told.get("cluster_enabled")) == 1,
            refuses=_refusal(client, f"{settings.engine.redis_namespace}:doctor"),
            seconds=seconds,
            ahead_seconds=ahead,
        )


def _times(client: redis.Redis) -> tuple[float, float]:
    took, ahead = [], []
    for _ in range(PINGS):
        began, sent_at = time.monotonic(), datetime.now(UTC)
        whole, micro = client.time()
        took.append(time.monotonic() - began)
        ahead.append(whole + micro / 1_000_000 - sent_at.timestamp() - took[-1] / 2)
    return statistics.median(took), statistics.median(ahead)


def _refusal(client: redis.Redis, key: str) -> str | None:
    """Write something that goes by itself: a full disk or memory shows in nothing else."""
    try:
        client.set(key, "here", px=MARK_MILLISECONDS)
    except redis.RedisError as error:
        return str(error)
    return None


def _product(told: Mapping[str, object]) -> str:
    if "valkey_version" in told:
        return f"Valkey {told['valkey_version']}"
    return f"Redis {told.get('redis_version', 'of an unknown version')}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
