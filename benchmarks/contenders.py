"""The limiters that are measured beside each other, all behind one door: wait for a token of a shared budget.

Each peer twice: as it comes, and as its own documentation says that one waits, or gets an even flow.

- dramatiq: an actor that raises is tried again by `Retries`, 15 s later at first; or it asks without raising.
- limits: its README polls `test` every 10 ms; or sleeps until the reset time of the window's stats.
- pyrate-limiter: blocks by itself; its README names `burst=1` for "a perfectly smooth drip" in constant memory.
- throttled-py: waits by itself with a `timeout`; a burst as large as the limit if none is named, or of 1.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import redis
from dramatiq.common import compute_backoff
from dramatiq.errors import RateLimitExceeded
from dramatiq.middleware.retries import DEFAULT_MAX_BACKOFF, DEFAULT_MIN_BACKOFF
from dramatiq.rate_limits import BucketRateLimiter, RateLimiter, WindowRateLimiter
from dramatiq.rate_limits.backends import RedisBackend
from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter
from pyrate_limiter import Limiter as PyrateLimiter
from pyrate_limiter import Rate, RedisBucket, RedisStateStore, StateBucket
from redis.backoff import NoBackoff
from redis.retry import Retry
from throttled import RateLimiterType, Throttled, rate_limiter, store

from workers.holds import BUDGET
from workers.limiter.lanes import Lane
from workers.limiter.limiter import Limiter
from workers.limiter.settings import LimiterSettings

Answered = Callable[[], None]
Take = Callable[[Lane, str], Answered]  # waits for a token; what it returns is called when the answer is there

POLL_SECONDS = 0.01  # as the README of limits does
LOOK_SECONDS = 0.25  # dramatiq names none
SHORTEST_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Terms:
    """A budget: whoever names the same one shares it. ``patience`` is that of people, in seconds."""

    redis_url: str
    name: str
    limit: int
    window: float
    patience: float | None = None


def _ours(terms: Terms) -> Take:
    """With the client that our processes use."""
    client = redis.Redis.from_url(
        terms.redis_url,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=5.0,
        socket_connect_timeout=2.0,
        health_check_interval=15,
    )
    settings = LimiterSettings(requests_per_window=terms.limit, window_seconds=terms.window)
    limiter = Limiter(client, settings, budget=BUDGET, namespace=terms.name)

    def take(lane: Lane, user: str) -> Answered:
        patience = terms.patience if lane is Lane.INTERACTIVE else None
        grant = limiter.acquire(lane=lane, user=user, give_up_after=patience)
        grant.check()
        return partial(grant.answered, 200, None, None)

    return take


def _dramatiq_window(terms: Terms) -> RateLimiter:
    made: Any = WindowRateLimiter  # its constructor has no types
    limiter: RateLimiter = made(
        RedisBackend(url=terms.redis_url), terms.name, limit=terms.limit, window=int(terms.window)
    )
    return limiter


def _dramatiq_bucket(terms: Terms) -> RateLimiter:
    made: Any = BucketRateLimiter
    limiter: RateLimiter = made(
        RedisBackend(url=terms.redis_url), terms.name, limit=terms.limit, bucket=int(terms.window * 1000)
    )
    return limiter


def _dramatiq_retried(limiter: Callable[[Terms], RateLimiter], terms: Terms) -> Take:
    """Raise, and be tried again as `Retries` does it, its times scaled with the window."""
    made, scale = limiter(terms), terms.window / 60.0

    def take(lane: Lane, user: str) -> Answered:  # noqa: ARG001  it knows neither
        retries = 0
        while True:
            try:
                with made.acquire():
                    return _nothing
            except RateLimitExceeded:
                _, delay = compute_backoff(retries, factor=DEFAULT_MIN_BACKOFF, max_backoff=DEFAULT_MAX_BACKOFF)
                retries += 1
                time.sleep(delay / 1000 * scale)

    return take


def _dramatiq_asked(limiter: Callable[[Terms], RateLimiter], terms: Terms) -> Take:
    """Ask without raising until it is granted."""
    made = limiter(terms)

    def take(_: Lane, __: str) -> Answered:
        while True:
            with made.acquire(raise_on_failure=False) as acquired:
                if acquired:
                    return _nothing
            time.sleep(LOOK_SECONDS)

    return take


LimitsStrategy = type[MovingWindowRateLimiter] | type[SlidingWindowCounterRateLimiter]


def _limits_polled(strategy: LimitsStrategy, terms: Terms) -> Take:
    limiter, item = strategy(RedisStorage(terms.redis_url)), RateLimitItemPerSecond(terms.limit, int(terms.window))

    def take(_: Lane, __: str) -> Answered:
        while not (limiter.test(item, terms.name) and limiter.hit(item, terms.name)):
            time.sleep(POLL_SECONDS)
        return _nothing

    return take


def _limits_slept(strategy: LimitsStrategy, terms: Terms) -> Take:
    limiter, item = strategy(RedisStorage(terms.redis_url)), RateLimitItemPerSecond(terms.limit, int(terms.window))

    def take(_: Lane, __: str) -> Answered:
        while not limiter.hit(item, terms.name):
            stats = limiter.get_window_stats(item, terms.name)
            if stats.remaining < 1:
                time.sleep(max(SHORTEST_SECONDS, stats.reset_time - time.time()))
        return _nothing

    return take


def _pyrate_log(terms: Terms) -> Take:
    rates = [Rate(terms.limit, int(terms.window * 1000))]
    bucket = RedisBucket.init(rates, redis.Redis.from_url(terms.redis_url), terms.name)
    if not isinstance(bucket, RedisBucket):
        raise TypeError("A client that is not asynchronous makes a bucket at once.")
    return _pyrate(PyrateLimiter(bucket), terms)


def _pyrate_drip(terms: Terms) -> Take:
    rates = [Rate(terms.limit, int(terms.window * 1000), burst=1)]
    kept = RedisStateStore(redis.Redis.from_url(terms.redis_url), terms.name)
    return _pyrate(PyrateLimiter(StateBucket(rates, store=kept)), terms)


def _pyrate(limiter: PyrateLimiter, terms: Terms) -> Take:
    def take(_: Lane, __: str) -> Answered:
        while not limiter.try_acquire(terms.name):
            time.sleep(SHORTEST_SECONDS)
        return _nothing

    return take


def _throttled(using: RateLimiterType, burst: int | None, terms: Terms) -> Take:
    quota = rate_limiter.per_duration(timedelta(seconds=terms.window), terms.limit, burst)
    limiter = Throttled(
        key=terms.name, using=using.value, quota=quota, store=store.RedisStore(server=terms.redis_url), timeout=3600.0
    )

    def take(_: Lane, __: str) -> Answered:
        while limiter.limit().limited:
            time.sleep(SHORTEST_SECONDS)
        return _nothing

    return take


def _nothing() -> None:
    """No peer asks when the answer was there."""


OURS = "ours"
CONTENDERS: dict[str, Callable[[Terms], Take]] = {
    OURS: _ours,
    "dramatiq WindowRateLimiter, as it comes": partial(_dramatiq_retried, _dramatiq_window),
    "dramatiq WindowRateLimiter, tuned": partial(_dramatiq_asked, _dramatiq_window),
    "dramatiq BucketRateLimiter, as it comes": partial(_dramatiq_retried, _dramatiq_bucket),
    "dramatiq BucketRateLimiter, tuned": partial(_dramatiq_asked, _dramatiq_bucket),
    "limits moving window, as it comes": partial(_limits_polled, MovingWindowRateLimiter),
    "limits moving window, tuned": partial(_limits_slept, MovingWindowRateLimiter),
    "limits sliding counter, as it comes": partial(_limits_polled, SlidingWindowCounterRateLimiter),
    "limits sliding counter, tuned": partial(_limits_slept, SlidingWindowCounterRateLimiter),
    "pyrate-limiter, as it comes": _pyrate_log,
    "pyrate-limiter, tuned": _pyrate_drip,
    "throttled-py token bucket, as it comes": partial(_throttled, RateLimiterType.TOKEN_BUCKET, None),
    "throttled-py token bucket, tuned": partial(_throttled, RateLimiterType.TOKEN_BUCKET, 1),
    "throttled-py GCRA, as it comes": partial(_throttled, RateLimiterType.GCRA, None),
    "throttled-py GCRA, tuned": partial(_throttled, RateLimiterType.GCRA, 1),
}
