"""An event that also wakes whoever sleeps on something else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event


class Stop(Event):
    """Set once, to end a wait: a cancellation, or a process that stops."""

    def __init__(self) -> None:
        super().__init__()
        self._wakes: list[Callable[[], None]] = []

    def set(self) -> None:
        """Tell everybody who waits to end."""
        super().set()
        for wake in tuple(self._wakes):
            wake()

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call ``wake`` when this is set inside the block."""
        self._wakes.append(wake)
        try:
            yield
        finally:
            self._wakes.remove(wake)
