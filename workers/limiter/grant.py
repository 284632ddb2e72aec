"""A token in somebody's hand."""

import time
from collections.abc import Callable
from threading import Lock

from discogs.errors import PermitExpired
from workers.limiter.lanes import Lane


class Grant:
    """The right to send one request, now. Ends with ``answered`` or ``unused``; a holder that dies ends it later.

    Only the first ending counts: a request that was sent can't be given back afterwards.
    """

    def __init__(
        self,
        grant_id: str,
        lane: Lane,
        *,
        sendable_until: float,
        on_answer: Callable[[int | None, int | None, int | None], None],
        on_unused: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = grant_id
        self.lane = lane
        self._sendable_until = sendable_until  # by `clock`, counted from before the call that granted it
        self._on_answer = on_answer
        self._on_unused = on_unused
        self._clock = clock
        self._lock = Lock()
        self._is_over = False

    def sendable_for(self) -> float:
        """Seconds that are left to send in; negative when it is too late."""
        return self._sendable_until - self._clock()

    def check(self) -> None:
        """Look at the clock, immediately before the write. Raises PermitExpired when it is too late to send."""
        if self.sendable_for() < 0:
            raise PermitExpired("The token got too old before the request was on the wire.")

    def answered(self, status: int | None, remaining: int | None, limit: int | None) -> None:
        """Report the answer's status and what its headers said; all None when none came. Never raises."""
        if self._end():
            self._on_answer(status, remaining, limit)

    def unused(self) -> None:
        """Give the place back: nothing was sent. Never raises."""
        if self._end():
            self._on_unused()

    def _end(self) -> bool:
        with self._lock:
            was_first, self._is_over = not self._is_over, True
        return was_first
