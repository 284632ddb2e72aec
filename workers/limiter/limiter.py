"""The limiter as a process sees it: whoever needs a token waits here, and reports here what became of it."""

from collections.abc import Callable

import redis
import structlog

from workers.limiter import snapshot
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.grant import Grant
from workers.limiter.lanes import Lane
from workers.limiter.poller import Poller, Waiter
from workers.limiter.script import Bucket, Closed, Learned
from workers.limiter.settings import LimiterSettings
from workers.limiter.snapshot import Snapshot
from workers.limiter.stop import Stop

log = structlog.get_logger(__name__)


class Limiter:
    """The fleet's budget. One a process, shared by all its threads.

    ``on_gate`` is called in the reporting thread when one of our own requests was answered 429; it must not raise.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: LimiterSettings,
        *,
        budget: str,
        namespace: str = "rekkrd",
        on_gate: Callable[[Closed], None] | None = None,
    ) -> None:
        self.settings = settings
        self.budget = budget
        self._on_gate = on_gate
        self._bucket = Bucket(client, settings, namespace=namespace, budget=budget)
        self._poller = Poller(
            self._bucket,
            send_deadline_seconds=settings.send_deadline_seconds,
            answer_deadline_seconds=settings.answer_deadline_seconds,
            give_back=self._report_unused,
        )

    @property
    def calls(self) -> int:
        """Calls of the script that this process made so far."""
        return self._bucket.calls

    def acquire(self, *, lane: Lane, user: str, give_up_after: float | None, stop: Stop | None = None) -> Grant:
        """Wait for a token.

        Raises:
            GaveUp: none came within ``give_up_after`` seconds (None waits for ever).
            GateClosed: the gate is closed for longer than that.
            Stopped: ``stop`` was set, or the limiter closed.
            LimiterUnavailable: Redis is out of reach.
        """
        waiter = Waiter(lane, user)
        sendable_until = self._poller.wait(waiter, give_up_after, stop)
        return Grant(
            waiter.id,
            lane,
            sendable_until=sendable_until,
            on_answer=lambda status, remaining, limit: self._report(waiter, status, remaining, limit),
            on_unused=lambda: self._return(waiter),
        )

    def settle(
        self, grant_id: str, lane: Lane, *, status: int | None, remaining: int | None, limit: int | None
    ) -> bool:
        """Report an answer for somebody who has nothing but the grant's id; again is the same as once.

        False when the budget remembers no such grant. Raises LimiterUnavailable.
        """
        learned = self._bucket.answered(grant_id, lane, status=status, remaining=remaining, limit=limit, by_name=True)
        self._take_in(learned, limit)
        return learned.is_known

    def hand_back(self, grant_id: str, lane: Lane) -> bool:
        """Give a place back for somebody who has nothing but the grant's id, and has sent nothing; again is as once.

        False when the budget remembers no such grant, or it was answered or ran out: then it goes on counting.
        Raises LimiterUnavailable.
        """
        was_held = self._bucket.unused(grant_id, lane)
        self._poller.poll_soon()
        return was_held

    def snapshot(self) -> Snapshot:
        """Look at the budget. Raises LimiterUnavailable."""
        return snapshot.read(self._bucket.look(), self.settings)

    def close_gate(self, seconds: float, reason: str) -> None:
        """Let nobody send for so long; then one probe goes out first. Raises LimiterUnavailable."""
        self._bucket.close(seconds, reason)

    def half_open(self) -> None:
        """Let one probe go before the gate opens by itself; its answer decides. Raises LimiterUnavailable."""
        self._bucket.half_open()
        self._poller.poll_soon()

    def brake(self, share: float, seconds: float, reason: str) -> None:
        """Pull the operator's brake: only this share of the limit is left for so long, or until it is released.

        0 leaves nothing: nobody sends. Raises LimiterUnavailable.
        """
        self._bucket.brake(share, seconds, reason)

    def release_brake(self) -> None:
        """Release the brake. A closed gate stays closed. Raises LimiterUnavailable."""
        self._bucket.brake(1.0, 0.0, "")
        self._poller.poll_soon()

    def close(self) -> None:
        """End the poller of this process; who waits is told Stopped."""
        self._poller.close()

    def _report(self, waiter: Waiter, status: int | None, remaining: int | None, limit: int | None) -> None:
        try:
            learned = self._bucket.answered(waiter.id, waiter.lane, status=status, remaining=remaining, limit=limit)
        except LimiterUnavailable as error:
            # The grant counts until its deadline instead: slower, never too fast.
            log.warning("answer_not_reported", error=str(error))
            return
        self._take_in(learned, limit)

    def _take_in(self, learned: Learned, told: int | None) -> None:
        if learned.has_opened:
            self._poller.poll_soon()
        if learned.limit is not None:
            log.warning("limit_changed_by_discogs", limit=learned.limit, told=told)
        if learned.closed is not None and self._on_gate is not None:
            self._on_gate(learned.closed)

    def _return(self, waiter: Waiter) -> None:
        self._report_unused(waiter)
        self._poller.poll_soon()

    def _report_unused(self, waiter: Waiter) -> None:
        try:
            self._bucket.unused(waiter.id, waiter.lane)
        except LimiterUnavailable as error:
            log.warning("grant_not_returned", error=str(error))
