"""Requests to Discogs for people who wait: a small executor that admits a request only if its permit can come in time.

Threads block while they wait for a permit or an answer, so these are apart from those that serve other routes.
"""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock
from typing import Concatenate, ParamSpec, TypeVar

from workers.limiter.errors import LimiterError
from workers.limiter.stop import Stop
from workers.resources import PERSON_WAITS_SECONDS, Resources

SENDER_THREADS = 24  # above the 18 that 20 s admit: a request keeps its thread until Discogs has answered

P = ParamSpec("P")
T = TypeVar("T")


class Busy(LimiterError):
    """Raised at once when a request would wait too long. ``retry_after`` is the expected wait in whole seconds."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.retry_after = max(1, math.ceil(seconds))


@dataclass(frozen=True, slots=True)
class Demand:
    """Interactive requests of all processes that wait for a permit, and the seconds between two permits."""

    waiting: int
    interval: float


class Senders:
    """The threads of one process that send requests to Discogs for people. ``close`` ends their waits for a permit."""

    def __init__(
        self,
        resources: Resources,
        demand: Callable[[], Demand] | None = None,
        *,
        patience_seconds: float = PERSON_WAITS_SECONDS,
    ) -> None:
        limiter = resources.settings.limiter
        idle = Demand(0, limiter.window_seconds / limiter.limit)
        self._stop = Stop()
        self.resources = replace(resources, stop=self._stop)
        self._demand = demand or (lambda: idle)
        self._patience_seconds = patience_seconds
        self._executor = ThreadPoolExecutor(SENDER_THREADS, thread_name_prefix="sender")
        self._lock = Lock()
        self._active = 0

    @property
    def active(self) -> int:
        """Number of requests that were admitted and have not ended."""
        return self._active

    def expected_seconds(self) -> float:
        """Return how long the next request would wait: its place times the seconds between two permits."""
        demand = self._demand()
        return (max(self._active, demand.waiting) + 1) * demand.interval

    def start(self, send: Callable[Concatenate[Resources, P], T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Start ``send(resources, …)`` in a thread. Raises Busy at once if its permit can't come in time."""
        seconds = self.expected_seconds()
        if seconds > self._patience_seconds or self._active >= SENDER_THREADS:
            raise Busy("Too many requests to Discogs are waiting.", seconds)
        with self._lock:
            self._active += 1
        sending = self._executor.submit(send, self.resources, *args, **kwargs)
        sending.add_done_callback(self._end)
        return sending

    async def run(self, send: Callable[Concatenate[Resources, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``send(resources, …)`` in a thread and wait for it on the event loop. Raises Busy as ``start`` does."""
        return await asyncio.wrap_future(self.start(send, *args, **kwargs))

    def close(self) -> None:
        """End every wait for a permit, and the threads once Discogs has answered them."""
        self._stop.set()
        self._executor.shutdown(cancel_futures=True)

    def _end(self, _: "Future[T]") -> None:
        with self._lock:
            self._active -= 1
