"""The seam through which every request takes the right to be sent."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Permit(Protocol):
    """The right to send one request now. Left without ``answered``, it was not used."""

    def check(self) -> None:
        """Called immediately before the bytes are written; raises PermitExpired when the permit is too old for that."""

    def answered(self, status: int | None, remaining: int | None, limit: int | None) -> None:
        """Called once for a request that left, as soon as its headers are here; all None when no answer came.

        Must not raise: the answer would be lost, and with it what a change has done.
        """


class Budget(Protocol):
    """Where permits come from."""

    def permit(self, endpoint: str) -> AbstractContextManager[Permit]:
        """Wait for a permit. What it raises is the budget's own affair and passes through this room untouched."""


class Unlimited:
    """A budget that never says no: for tests, and for the example in the room's docstring."""

    @contextmanager
    def permit(self, endpoint: str) -> Iterator[Permit]:  # noqa: ARG002  asked for by the protocol
        yield _Free()


class _Free:
    def check(self) -> None:
        pass

    def answered(self, status: int | None, remaining: int | None, limit: int | None) -> None:
        pass
