"""`python -m benchmarks.callers PLAN FOLDER`: callers of one limiter, each request an arrival at a server that we play.

The server is a sleep as long as its answer takes; an arrival is the moment at which a caller has its token and would
send. Redis round trips are counted where the client library sends, whatever limiter it sends for.
"""

import json
import os
import random
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread, local
from typing import Any
from unittest.mock import patch

from redis.connection import AbstractConnection

from benchmarks.contenders import CONTENDERS, Take, Terms
from cli import lifeline
from workers.limiter.errors import GaveUp
from workers.limiter.lanes import Lane

READY, GO, LOOK_SECONDS = "ready", "go", 0.02


@dataclass(frozen=True, slots=True)
class Plan:
    """What one process does for ``seconds``.

    ``bulk`` callers want a token whenever they have none. One person asks every ``person_every`` seconds; of a crowd
    somebody new asks every ``crowd_every`` seconds, and leaves after ``patience``.
    """

    contender: str
    redis_url: str
    budget: str
    limit: int
    window: float
    answer: float
    seconds: float
    bulk: Mapping[str, int] = field(default_factory=dict)
    person_every: float | None = None
    crowd_every: float | None = None
    patience: float | None = None


@dataclass(slots=True)
class Called:
    """What came of it: arrivals as (monotonic moment, lane), people's waits, and what it cost.

    Who still waits at the end has waited at least so long, and counts with that.
    """

    began: float
    arrivals: list[tuple[float, str]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    gave_up: int = 0
    trips: int = 0
    cpu_seconds: float = 0.0


class Callers:
    """The callers of one process, each a thread."""

    def __init__(self, plan: Plan, take: Take) -> None:
        self._plan = plan
        self._take = take
        self._over = Event()
        self._lock = Lock()
        self._waiting: dict[str, float] = {}  # people, and since when
        self._found = Called(time.monotonic())

    def run(self) -> Called:
        """Call until the time is over. Threads that still wait are left to the end of the process."""
        started = 0
        for lane, count in self._plan.bulk.items():
            for _ in range(count):
                started += 1
                Thread(target=self._bulk, args=(Lane(lane), f"{lane}-{os.getpid()}-{started}"), daemon=True).start()
        if self._plan.person_every is not None:
            Thread(target=self._person, args=(self._plan.person_every,), daemon=True).start()
        if self._plan.crowd_every is not None:
            Thread(target=self._crowd, args=(self._plan.crowd_every,), daemon=True).start()
        time.sleep(self._plan.seconds)
        with self._lock:
            self._over.set()
            now = time.monotonic()
            self._found.waits += [now - since for since in self._waiting.values()]
            return self._found

    def _bulk(self, lane: Lane, user: str) -> None:
        while not self._over.is_set():
            self._request(lane, user)

    def _person(self, every: float) -> None:
        chance = random.Random(1)
        while not self._over.is_set():
            time.sleep(self._until_next(every, chance))
            self._ask("one person")

    def _until_next(self, every: float, chance: random.Random) -> float:
        """Not a beat, which could stay beside that of the tokens; whoever waited longer than that asks at once."""
        waited = self._found.waits[-1] if self._found.waits else 0.0
        return max(0.0, chance.uniform(0.8, 1.2) * every - waited)

    def _crowd(self, every: float) -> None:
        began, number = time.monotonic(), 0
        while not self._over.is_set():
            number += 1
            Thread(target=self._ask, args=(f"person {number}",), daemon=True).start()
            time.sleep(max(0.0, began + number * every - time.monotonic()))

    def _ask(self, user: str) -> None:
        with self._lock:
            self._waiting[user] = time.monotonic()
        try:
            self._request(Lane.INTERACTIVE, user)
        except GaveUp:
            with self._lock:
                self._found.waits.append(time.monotonic() - self._waiting.pop(user))
                self._found.gave_up += 1

    def _request(self, lane: Lane, user: str) -> None:
        answered = self._take(lane, user)
        arrived = time.monotonic()
        with self._lock:
            if self._over.is_set():
                return
            self._found.arrivals.append((arrived, lane.value))
            if user in self._waiting:
                self._found.waits.append(arrived - self._waiting.pop(user))
        time.sleep(self._plan.answer)
        answered()


class Trips:
    """How often this process goes to Redis and back; a pipeline is once, what opens a connection is not counted."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = Lock()
        self._here = local()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count at the one place in the client library through which everything goes."""
        send: Any = AbstractConnection.send_packed_command  # it has no types
        connect = AbstractConnection.connect_check_health

        def sending(connection: AbstractConnection, *arguments: Any, **named: Any) -> Any:
            if not getattr(self._here, "is_opening", False):
                with self._lock:
                    self.count += 1
            return send(connection, *arguments, **named)

        def opening(connection: AbstractConnection, *arguments: Any, **named: Any) -> Any:
            was, self._here.is_opening = getattr(self._here, "is_opening", False), True
            try:
                return connect(connection, *arguments, **named)
            finally:
                self._here.is_opening = was

        with (
            patch.object(AbstractConnection, "send_packed_command", sending),
            patch.object(AbstractConnection, "connect_check_health", opening),
        ):
            yield


def main(plan_file: str, folder: str) -> None:
    """Say that we are ready, begin when all are, and leave what was found in a file of the plan's name."""
    plan = Plan(**json.loads(Path(plan_file).read_text(encoding="utf-8")))
    terms = Terms(plan.redis_url, plan.budget, plan.limit, plan.window, plan.patience)
    trips = Trips()
    with trips.counted():
        take = CONTENDERS[plan.contender](terms)
        print(READY)
        while not (Path(folder) / GO).exists():
            time.sleep(LOOK_SECONDS)
        trips.count, cpu = 0, time.process_time()
        found = Callers(plan, take).run()
        found.trips, found.cpu_seconds = trips.count, time.process_time() - cpu
    Path(plan_file).with_suffix(".found").write_text(json.dumps(asdict(found)), encoding="utf-8")


if __name__ == "__main__":
    lifeline.follow()
    main(sys.argv[1], sys.argv[2])
    os._exit(0)  # threads of a peer that still sleep are not waited for
