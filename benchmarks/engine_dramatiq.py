"""Dramatiq with the actor that does nothing: `dramatiq benchmarks.engine_dramatiq`, and `send` for who enqueues.

The environment says where Redis is, and what is tuned; without the latter everything is as it comes.
"""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks.engine_work import work

REDIS_URL, HEARTBEAT_MS, MAINTENANCE = "BENCH_REDIS_URL", "BENCH_HEARTBEAT_MS", "BENCH_MAINTENANCE"

_tuned = {}
if HEARTBEAT_MS in os.environ:
    _tuned["heartbeat_timeout"] = int(os.environ[HEARTBEAT_MS])
if MAINTENANCE in os.environ:
    _tuned["maintenance_chance"] = int(os.environ[MAINTENANCE])

# Its own command imports this module and asks it for the broker: the one file of ours that reads at import.
broker = RedisBroker(url=os.environ.get(REDIS_URL, "redis://"), **_tuned)  # type: ignore[no-untyped-call]
dramatiq.set_broker(broker)


@dramatiq.actor
def nothing(number: int = 0, seconds: float = 0.0, is_told: bool = False) -> None:
    """Do what all engines do."""
    work(number, seconds, is_told=is_told)
