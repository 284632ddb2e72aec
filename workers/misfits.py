"""Jobs that this process could not read, and for how long it has left each to workers of another release."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

FORGET_SECONDS = 600.0  # a job that was not met for so long is done elsewhere: the next deploy begins anew


@dataclass(slots=True)
class _Met:
    first: float
    last: float


class Misfits:
    """Thread-safe; holds those that were met lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._met: dict[UUID, _Met] = {}

    def meet(self, job_id: UUID) -> float:
        """Say for how many seconds this job has been met again and again."""
        now = self._clock()
        with self._lock:
            for old in [one for one, met in self._met.items() if now - met.last > FORGET_SECONDS]:
                del self._met[old]
            met = self._met.setdefault(job_id, _Met(now, now))
            met.last = now
            return now - met.first
