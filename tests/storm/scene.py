"""What a storm has in hand: the fleet, the lines that can lose replies, the door, and what was done to whom."""

import heapq
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random

from tests.journeys.fleet import Fleet
from tests.journeys.simulated import Json
from tests.journeys.worker import Worker
from tests.storm.door import Door
from tests.storm.proxy import Proxy
from tests.storm.weather import Kind


class Clock:
    """Does things at their time, counted in seconds from the beginning, one after the other."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._numbers = count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    @property
    def now(self) -> float:
        return time.monotonic() - self._began

    @property
    def is_empty(self) -> bool:
        return not self._due

    def at(self, when: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._due, (when, next(self._numbers), do))

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        self.at(self.now + seconds, do)

    def do_what_is_due(self) -> None:
        while self._due and self._due[0][0] <= self.now:
            heapq.heappop(self._due)[2]()


@dataclass(slots=True)
class Wound:
    """A worker that was killed or stopped, and the jobs that it had in hand. Times are since 1970."""

    worker: Worker
    at: float
    held: list[Json]
    woken: float | None = None


@dataclass
class Scene:
    """Everything that a blow may touch, and the record of those that fell."""

    fleet: Fleet
    door: Door
    to_postgres: Proxy
    to_redis: Proxy
    environment: dict[str, str]
    rng: Random
    clock: Clock = field(default_factory=Clock)
    struck: Counter[Kind] = field(default_factory=Counter)
    missed: Counter[Kind] = field(default_factory=Counter)
    killed: list[Wound] = field(default_factory=list)
    stopped: list[Wound] = field(default_factory=list)
    leaving: list[Worker] = field(default_factory=list)
    ended_at: float = 0.0

    def launch(self) -> Worker:
        """Start a worker that knows only the lossy lines."""
        return self.fleet.launch(**self.environment)

    def working(self) -> list[Worker]:
        """The workers that are alive, awake and not asked to end."""
        asleep = {id(wound.worker) for wound in self.stopped if wound.woken is None}
        return [
            worker
            for worker in self.fleet.workers
            if worker.is_alive and worker not in self.leaving and id(worker) not in asleep
        ]

    def spare(self) -> list[Worker] | None:
        """The workers that are at work, in any order; None when another one's end would leave nobody.

        A new process takes seconds to start: where all are struck at once, nothing is shown but an empty house.
        """
        started = [worker for worker in self.working() if worker.events("worker_started")]
        self.rng.shuffle(started)
        return started if len(started) > 1 else None
