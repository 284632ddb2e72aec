"""One thread a process asks for all who wait in it: a grant costs few calls, however many wait."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Condition, Thread
from uuid import uuid4

import structlog

from workers.limiter.errors import GateClosed, GaveUp, LimiterUnavailable, Stopped
from workers.limiter.lanes import Lane
from workers.limiter.script import Asking, Bucket
from workers.limiter.stop import Stop

log = structlog.get_logger(__name__)

LONGEST_SLEEP_SECONDS = 1.5  # a process not heard of for 2 s is taken for dead
AWAY_SECONDS = 2.0  # how long Redis may be out of reach before those who wait are told
AGAIN_SECONDS = 0.25  # between two tries to reach Redis


class Waiter:
    """One thread that waits, and what came of it. Changed under the poller's lock only."""

    def __init__(self, lane: Lane, user: str) -> None:
        self.id = uuid4().hex
        self.lane = lane
        self.user = user
        self.since = time.monotonic()
        self.sendable_until: float | None = None  # set by the grant; monotonic
        self.closed_until: float | None = None  # the gate as last seen; monotonic
        self.closed_reason = ""
        self.away: LimiterUnavailable | None = None

    @property
    def is_waiting(self) -> bool:
        """Not granted yet. One that was granted stays among the waiters until its thread has woken up."""
        return self.sendable_until is None

    def asking(self, at: float) -> Asking:
        """Say it as the script wants it."""
        return Asking(self.id, self.lane, self.user, at - self.since)


class Poller:
    """Those who wait in this process, and the thread that asks for them; it starts with the first."""

    def __init__(
        self,
        bucket: Bucket,
        *,
        send_deadline_seconds: float,
        answer_deadline_seconds: float,
        give_back: Callable[[Waiter], None],
    ) -> None:
        self._bucket = bucket
        self._send_deadline_seconds = send_deadline_seconds
        self._answer_deadline_seconds = answer_deadline_seconds
        self._give_back = give_back
        self._process = uuid4().hex
        self._changed = Condition()
        self._waiters: dict[str, Waiter] = {}
        self._unsure: dict[str, tuple[Waiter, float]] = {}  # in a call whose reply was lost: perhaps granted; and when
        self._has_news = False
        self._is_over = False
        self._away_since: float | None = None
        self._thread: Thread | None = None

    def wait(self, waiter: Waiter, give_up_after: float | None, stop: Stop | None) -> float:
        """Wait until the token is there; the answer is until when it may be sent.

        Raises:
            GaveUp, GateClosed, Stopped, LimiterUnavailable: see Limiter.acquire.
        """
        until = None if give_up_after is None else waiter.since + give_up_after
        with self._woken_by(stop), self._enrolled(waiter), self._changed:
            while waiter.sendable_until is None:
                self._look_for_an_end(waiter, until, stop)
                self._changed.wait(None if until is None else max(0.0, until - time.monotonic()))
            return waiter.sendable_until

    def poll_soon(self) -> None:
        """Ask again now: something became free, or somebody came or went."""
        with self._changed:
            self._has_news = True
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread; who still waits is told Stopped."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _look_for_an_end(self, waiter: Waiter, until: float | None, stop: Stop | None) -> None:
        if self._is_over or (stop is not None and stop.is_set()):
            raise Stopped("The wait for a token was ended.")
        if waiter.away is not None:
            raise waiter.away
        if until is None:
            return
        if waiter.closed_until is not None and waiter.closed_until > until:
            left = timedelta(seconds=waiter.closed_until - time.monotonic())
            raise GateClosed(datetime.now(UTC) + left, waiter.closed_reason)
        if time.monotonic() >= until:
            raise GaveUp(f"No token came up in {until - waiter.since:g} s.")

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
    def _enrolled(self, waiter: Waiter) -> Iterator[None]:
        with self._changed:
            # Behind another of its lane in this process it changes nothing that the next call in time would not see.
            is_first = not any(other.lane == waiter.lane and other.is_waiting for other in self._waiters.values())
            self._waiters[waiter.id] = waiter
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="limiter", daemon=True)
                self._thread.start()
        if is_first:
            self.poll_soon()
        try:
            yield
        except BaseException:
            self._withdraw(waiter)
            raise
        finally:
            with self._changed:
                self._waiters.pop(waiter.id, None)

    def _withdraw(self, waiter: Waiter) -> None:
        """A grant that came while its waiter was leaving goes back."""
        with self._changed:
            self._waiters.pop(waiter.id, None)
            was_granted = waiter.sendable_until is not None
            is_last = not any(other.lane == waiter.lane and other.is_waiting for other in self._waiters.values())
        if was_granted:
            self._give_back(waiter)
        if was_granted or is_last:
            self.poll_soon()

    def _run(self) -> None:
        sleep = 0.0
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._has_news or self._is_over,
                    timeout=sleep if self._waiters or self._unsure else None,
                )
                if self._is_over:
                    return
                self._has_news = False
                waiters = [one for one in self._waiters.values() if one.is_waiting]
            sleep = self._ask(waiters)

    def _ask(self, waiters: list[Waiter]) -> float:
        asked_at = time.monotonic()
        try:
            polled = self._bucket.poll(self._process, [one.asking(asked_at) for one in waiters])
        except LimiterUnavailable as error:
            self._remember_unsure(waiters)
            self._bear_absence(waiters, error, asked_at)
            return AGAIN_SECONDS
        self._away_since = None
        now = time.monotonic()
        returned = []
        with self._changed:
            for waiter in waiters:
                waiter.closed_until = None if polled.closed is None else now + polled.closed.left
                waiter.closed_reason = "" if polled.closed is None else polled.closed.reason
                age = polled.grants.get(waiter.id)
                if age is None:
                    continue
                # From before the call: the grant can't be older than this says.
                sendable_until = asked_at + self._send_deadline_seconds - age
                if waiter.id in self._waiters and sendable_until > now:
                    waiter.sendable_until = sendable_until
                else:
                    returned.append(waiter)
            unsure = [one for one, _ in self._unsure.values()]
            returned += [one for one in unsure if one.id not in self._waiters and one not in returned]
            self._unsure.clear()
            # Who came during the call, behind one that it granted: nobody of this lane will be told about in time.
            told = {one.lane for one in waiters if one.is_waiting and one.id in self._waiters}
            is_unheard = any(one.is_waiting and one.lane not in told for one in self._waiters.values())
            self._changed.notify_all()
        for waiter in returned:
            self._give_back(waiter)
        return 0.0 if returned or is_unheard else min(polled.wait, LONGEST_SLEEP_SECONDS)

    def _remember_unsure(self, waiters: list[Waiter]) -> None:
        """What was granted longer ago than an answer may take counts no more, and needs not be given back: however long
        Redis is away and however many come and go, no more is remembered than came within that time.
        """
        now = time.monotonic()
        self._unsure.update({one.id: (one, now) for one in waiters})
        oldest = now - self._answer_deadline_seconds
        self._unsure = {waiter_id: (one, at) for waiter_id, (one, at) in self._unsure.items() if at > oldest}

    def _bear_absence(self, waiters: list[Waiter], error: LimiterUnavailable, asked_at: float) -> None:
        if self._away_since is None:
            self._away_since = asked_at
        if time.monotonic() - self._away_since < AWAY_SECONDS:
            return
        with self._changed:
            for waiter in waiters:
                waiter.away = error
            self._changed.notify_all()
