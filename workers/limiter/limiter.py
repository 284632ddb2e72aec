"""The limiter as a process sees it: whoever needs a token waits here, and one poller asks for all of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Condition, Thread
from uuid import uuid4

import redis
import structlog

from workers.limiter import snapshot
from workers.limiter.errors import GateClosed, GaveUp, LimiterUnavailable, Stopped
from workers.limiter.grant import Grant
from workers.limiter.lanes import Lane
from workers.limiter.script import Bucket, Closed, waiter_entry
from workers.limiter.settings import LimiterSettings
from workers.limiter.snapshot import Snapshot
from workers.limiter.stop import Stop

log = structlog.get_logger(__name__)

LONGEST_SLEEP_SECONDS = 1.5  # a process not heard of for 2 s is taken for dead
AWAY_SECONDS = 2.0  # how long Redis may be out of reach before those who wait are told
AGAIN_SECONDS = 0.25  # between two tries to reach Redis


class _Waiter:
    """One thread that waits, and what came of it."""

    def __init__(self, lane: Lane, user: str, since: float) -> None:
        self.id = uuid4().hex
        self.lane = lane
        self.user = user
        self.since = since
        self.sendable_until: float | None = None
        self.closed: Closed | None = None
        self.away: LimiterUnavailable | None = None

    @property
    def member(self) -> str:
        """The grant's name in the script."""
        return f"{self.id}|{self.lane}|{self.user}"


class Limiter:
    """The fleet's budget. One a process, shared by all its threads."""

    def __init__(
        self,
        client: redis.Redis,
        settings: LimiterSettings,
        *,
        budget: str = "discogs-api",
        namespace: str = "rekkrd",
    ) -> None:
        self.settings = settings
        self.budget = budget
        self._bucket = Bucket(client, settings, namespace=namespace, budget=budget)
        self._process = uuid4().hex
        self._changed = Condition()
        self._waiters: dict[str, _Waiter] = {}
        self._has_news = False
        self._is_over = False
        self._poller: Thread | None = None

    @property
    def calls(self) -> int:
        """Calls of the script that this process made so far."""
        return self._bucket.calls

    def acquire(self, *, lane: Lane, user: str, give_up_after: float | None, stop: Stop | None = None) -> Grant:
        """Wait for a token.

        Raises:
            GaveUp: none came within ``give_up_after`` seconds (None waits for ever).
            GateClosed: the gate is closed for longer than that.
            Stopped: ``stop`` was set.
            LimiterUnavailable: Redis is out of reach.
        """
        until = None if give_up_after is None else time.monotonic() + give_up_after
        waiter = _Waiter(lane, user, self._bucket.now())
        with self._woken_by(stop), self._waiting(waiter):
            self._wait(waiter, until, stop)
            if waiter.sendable_until is None:
                raise GaveUp(f"No token came up in {give_up_after} s.")
        return self._grant(waiter)

    def snapshot(self) -> Snapshot:
        """Look at the budget. Raises LimiterUnavailable."""
        return snapshot.read(self._bucket.look())

    def close_gate(self, until: datetime, reason: str) -> None:
        """Let nobody send until a time; then one probe goes out first. Raises LimiterUnavailable."""
        self._bucket.close(max(0.0, (until - datetime.now(UTC)).total_seconds()), reason)

    def open_gate(self) -> None:
        """Let everybody send again at once. Raises LimiterUnavailable."""
        self._bucket.open()

    def close(self) -> None:
        """End the poller of this process."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        if self._poller is not None:
            self._poller.join()

    @contextmanager
    def _woken_by(self, stop: Stop | None) -> Iterator[None]:
        if stop is None:
            yield
            return
        with stop.waking(self._wake):
            yield

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    @contextmanager
    def _waiting(self, waiter: _Waiter) -> Iterator[None]:
        with self._changed:
            self._waiters[waiter.id] = waiter
            self._has_news = True
            if self._poller is None:
                self._poller = Thread(target=self._poll_for_all, name="limiter", daemon=True)
                self._poller.start()
            self._changed.notify_all()
        try:
            yield
        except BaseException:
            self._withdraw(waiter)
            raise
        finally:
            with self._changed:
                self._waiters.pop(waiter.id, None)

    def _withdraw(self, waiter: _Waiter) -> None:
        """A grant that came while its waiter was leaving goes back."""
        with self._changed:
            self._waiters.pop(waiter.id, None)
            self._has_news = True
            self._changed.notify_all()
            was_granted = waiter.sendable_until is not None
        if was_granted:
            self._report_unused(waiter.member)

    def _wait(self, waiter: _Waiter, until: float | None, stop: Stop | None) -> None:
        with self._changed:
            while waiter.sendable_until is None:
                if stop is not None and stop.is_set():
                    raise Stopped("The wait for a token was ended.")
                if waiter.away is not None:
                    raise waiter.away
                left = None if until is None else until - time.monotonic()
                if waiter.closed is not None and left is not None and waiter.closed.left > left:
                    raise GateClosed(datetime.now(UTC) + timedelta(seconds=waiter.closed.left), waiter.closed.reason)
                if left is not None and left <= 0:
                    return
                self._changed.wait(left)

    def _grant(self, waiter: _Waiter) -> Grant:
        member = waiter.member
        return Grant(
            waiter.id,
            sendable_until=waiter.sendable_until or 0.0,
            on_answer=lambda status, remaining, limit: self._report(member, status, remaining, limit),
            on_unused=lambda: self._report_unused(member),
        )

    def _report(self, member: str, status: int | None, remaining: int | None, limit: int | None) -> None:
        try:
            self._bucket.answered(member, status=status, remaining=remaining, limit=limit)
        except LimiterUnavailable as error:
            # The grant counts until its deadline instead: slower, never too fast.
            log.warning("answer_not_reported", error=str(error))

    def _report_unused(self, member: str) -> None:
        try:
            self._bucket.unused(member)
        except LimiterUnavailable as error:
            log.warning("grant_not_returned", error=str(error))

    def _poll_for_all(self) -> None:
        sleep = 0.0
        away_since: float | None = None
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._has_news or self._is_over,
                    timeout=sleep if self._waiters else None,
                )
                if self._is_over:
                    return
                self._has_news = False
                waiters = [one for one in self._waiters.values() if one.sendable_until is None]
            asked_at = time.monotonic()
            try:
                sleep = self._poll(waiters, asked_at)
                away_since = None
            except LimiterUnavailable as error:
                away_since = asked_at if away_since is None else away_since
                sleep = AGAIN_SECONDS
                if time.monotonic() - away_since >= AWAY_SECONDS:
                    self._tell_away(waiters, error)

    def _poll(self, waiters: list[_Waiter], asked_at: float) -> float:
        polled = self._bucket.poll(
            self._process, [waiter_entry(one.id, one.lane, one.user, one.since) for one in waiters]
        )
        deadline = asked_at + self.settings.send_deadline_seconds
        with self._changed:
            for waiter in waiters:
                age = polled.grants.get(waiter.id)
                waiter.closed = polled.closed
                if age is not None:
                    waiter.sendable_until = deadline - age
            gone = [one for one in waiters if one.sendable_until is not None and one.id not in self._waiters]
            self._changed.notify_all()
        for waiter in gone:
            self._report_unused(waiter.member)
        return min(polled.wait, LONGEST_SLEEP_SECONDS)

    def _tell_away(self, waiters: list[_Waiter], error: LimiterUnavailable) -> None:
        with self._changed:
            for waiter in waiters:
                waiter.away = error
            self._changed.notify_all()
