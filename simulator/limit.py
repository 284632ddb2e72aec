"""Discogs' rolling limit by source address, and the headers that tell about it."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an address stands. ``used`` lags by one: it does not count the request that is being answered."""

    limit: int
    used: int
    is_over: bool

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        return (
            ("X-Discogs-Ratelimit", str(self.limit)),
            ("X-Discogs-Ratelimit-Used", str(self.used)),
            ("X-Discogs-Ratelimit-Remaining", str(max(0, self.limit - self.used))),
        )


class RollingLimit:
    """Counts what was let through in the last window, by address; a refused request does not count.

    So the request right after a 429 may pass, as measured (contract 1.1).
    """

    def __init__(
        self, *, authenticated: int, anonymous: int, window_seconds: float, clock: Clock = time.monotonic
    ) -> None:
        self.authenticated = authenticated
        self.anonymous = anonymous
        self.window_seconds = window_seconds
        self._clock = clock
        self._passed: dict[str, deque[float]] = {}

    def arrive(self, peer: str, *, has_credentials: bool, at: float | None = None) -> Standing:
        """Let a request through or not, and say where its address stands."""
        now = self._clock() if at is None else at
        passed = self._passed.setdefault(peer, deque())
        while passed and passed[0] <= now - self.window_seconds:
            passed.popleft()
        limit = self.authenticated if has_credentials else self.anonymous
        used = len(passed)
        if used >= limit:
            return Standing(limit, used, is_over=True)
        passed.append(now)
        return Standing(limit, used, is_over=False)

    def forget(self) -> None:
        """Begin with an empty window."""
        self._passed.clear()
