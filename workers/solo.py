"""Suspects run alone: a step that killed its worker twice gets the process to itself for the third try."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Solo:
    """A lock with two sides: many ordinary steps at once, or one suspect and nobody else."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._running = 0
        self._is_taken = False

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Run with the others, after a suspect that has the process to itself."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_taken)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Run when the others have ended, and keep them out meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_taken)
            self._is_taken = True
            self._changed.wait_for(lambda: self._running == 0)
        try:
            yield
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()
