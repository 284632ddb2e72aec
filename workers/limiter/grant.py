"""A token in somebody's hand."""

import time
from collections.abc import Callable

from discogs.errors import PermitExpired


class Grant:
    """The right to send one request, now. Ends with ``answered`` or ``unused``; a holder that dies ends it later."""

    def __init__(
        self,
        grant_id: str,
        *,
        sendable_until: float,
        on_answer: Callable[[int | None, int | None, int | None], None],
        on_unused: Callable[[], None],
    ) -> None:
        self.id = grant_id
        self._sendable_until = sendable_until  # monotonic, counted from before the call that granted it
        self._on_answer = on_answer
        self._on_unused = on_unused

    def check(self) -> None:
        """Look at the clock, immediately before the write. Raises PermitExpired when it is too late to send."""
        if time.monotonic() > self._sendable_until:
            raise PermitExpired("The token got too old before the request was on the wire.")

    def answered(self, status: int | None, remaining: int | None, limit: int | None) -> None:
        """Report the answer's status and what its headers said; all None when none came."""
        self._on_answer(status, remaining, limit)

    def unused(self) -> None:
        """Give the place back: nothing was sent."""
        self._on_unused()
