"""The seam between the Discogs client and the limiter: every request of a step takes its token here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from db.story import Asked
from discogs.budget import Permit
from workers.limiter.grant import Grant
from workers.limiter.lanes import Lane
from workers.limiter.limiter import Limiter
from workers.limiter.stop import Stop

log = structlog.get_logger(__name__)


class LaneBudget:
    """The budget as one asker sees it: a lane, a user, and how long to wait before giving up."""

    def __init__(
        self,
        limiter: Limiter,
        *,
        lane: Lane,
        user: str,
        give_up_after: float,
        stop: Stop | None = None,
        on_grant: Callable[[], None] = lambda: None,
        on_request: Callable[[Asked], None] = lambda _: None,
        on_answer: Callable[[Asked], None] = lambda _: None,
    ) -> None:
        self._limiter = limiter
        self._lane = lane
        self._user = user
        self._give_up_after = give_up_after
        self._stop = stop
        self._on_grant = on_grant
        self._on_request = on_request
        self._on_answer = on_answer
        self.requests = 0

    @contextmanager
    def permit(self, endpoint: str) -> Iterator[Permit]:
        """Wait for a token. Raises what the limiter raises: GaveUp, GateClosed, Stopped, LimiterUnavailable."""
        grant = self._limiter.acquire(
            lane=self._lane,
            user=self._user,
            give_up_after=self._give_up_after,
            stop=self._stop,
        )
        log.debug("token_taken", endpoint=endpoint, lane=self._lane)
        permit = _CountedPermit(grant, self, endpoint)
        try:
            self._on_grant()
            yield permit
        finally:
            if not permit.is_settled:
                grant.unused()

    def count(self, asked: Asked) -> None:
        """Count a request that left."""
        self.requests += 1
        self._on_request(asked)
        self._on_answer(asked)


class _CountedPermit:
    """A grant that counts itself as a request once it was answered, or may have been."""

    def __init__(self, grant: Grant, budget: LaneBudget, endpoint: str) -> None:
        self._grant = grant
        self._budget = budget
        self._endpoint = endpoint
        self.is_settled = False
        self._sent_at = time.monotonic()

    def check(self) -> None:
        self._grant.check()
        self._sent_at = time.monotonic()

    def answered(self, status: int | None, remaining: int | None, limit: int | None) -> None:
        self.is_settled = True
        self._budget.count(Asked(self._endpoint, status, time.monotonic() - self._sent_at))
        self._grant.answered(status, remaining, limit)
