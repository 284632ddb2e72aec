"""Suspects run alone: a step that killed its worker twice gets the process to itself for the third try."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Condition


class Solo:
    """A lock with two sides: many ordinary steps at once, or one suspect and nobody else.

    Who has been inside for longer than ``patience`` seconds hangs, and its lease has run out: the ledger gave the
    step to somebody else, and nobody here waits for it any longer.
    """

    def __init__(self, *, patience: float) -> None:
        self._patience = patience
        self._changed = Condition()
        self._beside: dict[object, float] = {}  # until when each ordinary step is waited for, by the monotonic clock
        self._alone: dict[object, float] = {}  # the same of suspects: one, and others that hang

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Run with the others, after a suspect that has the process to itself."""
        with self._changed:
            self._wait_for(self._alone)
            place = self._enter(self._beside)
        try:
            yield
        finally:
            self._leave(self._beside, place)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Run when the others have ended, and keep them out meanwhile."""
        with self._changed:
            self._wait_for(self._alone)
            place = self._enter(self._alone)
            self._wait_for(self._beside)
            self._alone[place] = time.monotonic() + self._patience
        try:
            yield
        finally:
            self._leave(self._alone, place)

    def _enter(self, side: dict[object, float]) -> object:
        place = object()
        side[place] = time.monotonic() + self._patience
        return place

    def _leave(self, side: dict[object, float], place: object) -> None:
        with self._changed:
            del side[place]
            self._changed.notify_all()

    def _wait_for(self, inside: Mapping[object, float]) -> None:
        """Wait until nobody is inside who may still come out."""
        while (left := max(inside.values(), default=0.0) - time.monotonic()) > 0:
            self._changed.wait(left)
