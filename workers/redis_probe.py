"""One short question to Redis: does it answer, and does it take a write?"""

import time
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers.settings import EngineSettings

PATIENCE_SECONDS = 1.0  # a Redis that needs longer grants no permit in time either
FRESH_SECONDS = 1.0  # callers within this share one answer, so that watchers add no load to a Redis in trouble
MARK_MILLISECONDS = 1000


class RedisState(StrEnum):
    """State of Redis as this process sees it. UNKNOWN: its address is not known here."""

    UP = "up"
    HUNG = "hung"
    DOWN = "down"
    READ_ONLY = "read_only"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RedisHealth:
    """Answer of one probe; ``reason`` is the text of Redis or of the network."""

    state: RedisState
    reason: str = ""


class RedisProbe:
    """Probes one Redis, at most once a second whoever asks. Thread-safe."""

    def __init__(self, settings: EngineSettings, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._key = f"{settings.redis_namespace}:probe"
        self._url = None if settings.redis_url is None else settings.redis_url.get_secret_value()
        self._patience = patience_seconds
        self._lock = Lock()
        self._asked_at = 0.0
        self._known: RedisHealth | None = None

    def look(self) -> RedisHealth:
        """Return the state of Redis; never raises.

        One caller a second waits for the answer, twice the patience at most. The others get the last answer, so that
        watchers do not queue behind a Redis that hangs.
        """
        known = self._known
        if known is not None and time.monotonic() - self._asked_at <= FRESH_SECONDS:
            return known
        if not self._lock.acquire(blocking=known is None):
            return known or RedisHealth(RedisState.UNKNOWN)
        try:
            if self._known is known:
                self._known = self._ask()
                self._asked_at = time.monotonic()
            return self._known or RedisHealth(RedisState.UNKNOWN)
        finally:
            self._lock.release()

    def _ask(self) -> RedisHealth:
        """Ask on a new connection: an old one may belong to a server that is gone."""
        if self._url is None:
            return RedisHealth(RedisState.UNKNOWN)
        try:
            with redis.Redis.from_url(
                self._url,
                retry=Retry(NoBackoff(), 0),
                socket_timeout=self._patience,
                socket_connect_timeout=self._patience,
            ) as client:
                client.ping()
                client.set(self._key, "here", px=MARK_MILLISECONDS)
        except redis.TimeoutError as error:
            return RedisHealth(RedisState.HUNG, str(error))
        except redis.ResponseError as error:  # it answers, and refuses the write: a replica, or full memory or disk
            return RedisHealth(RedisState.READ_ONLY, str(error))
        except redis.RedisError as error:
            return RedisHealth(RedisState.DOWN, str(error))
        return RedisHealth(RedisState.UP)
