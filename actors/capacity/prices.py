"""Prices in the simulation: what waits longest beside its interval is next, as in actors/market/refresh_prices.py."""

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace

from actors.capacity.classes import PriceClass
from actors.market.refresh_prices import MOST
from actors.scheduling.timetable import EntryName, entry_of

TICK = int(entry_of(EntryName.REFRESH_PRICES).every.total_seconds()) // 60
MOST_PLACES = 2_000  # in which a class begins: to the minute, but for what is weeks late


@dataclass(slots=True)
class Queue:
    """Prices that wait for their time, and those whose time has come; everything in minutes.

    ``late`` counts, by class, how many came how many minutes after they were due, from ``measured_from`` on.
    """

    classes: Sequence[PriceClass]
    measured_from: int
    coming: defaultdict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    due: list[deque[tuple[int, int]]] = field(default_factory=list)  # by class: since when, how many
    number_due: int = 0
    left_of_job: int = 0
    late: list[Counter[int]] = field(default_factory=list)

    @classmethod
    def settled(cls, classes: Sequence[PriceClass], per_minute: float, measured_from: int, until: int) -> "Queue":
        """Begin where a fleet of long standing is, when so many requests a minute are left over for it."""
        late, due = [Counter[int]() for _ in classes], [deque[tuple[int, int]]() for _ in classes]
        queue = cls(classes, measured_from, late=late, due=due)
        stretch = settled_stretch(classes, per_minute)
        for index, one in enumerate(classes):
            for at, number in spread(one.prices, one.every * stretch):
                begins = int(at - one.every * (stretch - 1))
                if begins <= 0:
                    due[index].append((begins, number))
                    queue.number_due += number
                elif begins < until:
                    queue.coming[begins].append((index, number))
        return queue

    def wanted(self, now: int) -> int:
        """Let what comes due now do so; return how many requests the job of this minute would take."""
        for index, number in self.coming.pop(now, ()):
            self.due[index].append((now, number))
            self.number_due += number
        if not self.number_due:
            self.left_of_job = 0  # a job ends when nothing is due
        elif not self.left_of_job and now % TICK == 0:
            self.left_of_job = MOST
        return min(self.left_of_job, self.number_due)

    def serve(self, now: int, requests: int) -> None:
        """Ask for so many, what waits longest beside its interval first; each is due again in its own time."""
        self.left_of_job -= requests
        self.number_due -= requests
        heads = [self._head(now, index) for index, waiting in enumerate(self.due) if waiting] if requests else []
        heapify(heads)
        while requests:
            _, index = heads[0]
            since, number = self.due[index].popleft()
            served = min(number, requests)
            if served < number:
                self.due[index].appendleft((since, number - served))
            requests -= served
            self.coming[now + self.classes[index].every].append((index, served))
            if now >= self.measured_from:
                self.late[index][now - since] += served
            if self.due[index]:
                heapreplace(heads, self._head(now, index))
            else:
                heappop(heads)

    def _head(self, now: int, index: int) -> tuple[float, int]:
        """Return what sorts the first of a class: the longer its wait beside its interval, the sooner."""
        return (self.due[index][0][0] - now) / self.classes[index].every, index


def settled_stretch(classes: Sequence[PriceClass], per_minute: float) -> float:
    """Return how many times its own interval everything takes once a fleet settled: 1 where requests are enough."""
    return max(1.0, sum(one.prices / one.every for one in classes) / at_work(per_minute))


def at_work(per_minute: float) -> float:
    """Return what of these requests is used: between the end of a job and the clock's next tick, none is."""
    takes = MOST / per_minute
    return MOST / (-(-takes // TICK) * TICK)


def spread(number: int, minutes: float) -> list[tuple[float, int]]:
    """Spread so many evenly over a time, a tick of the clock apart or more."""
    places = max(1, min(number, int(minutes) // TICK, MOST_PLACES))
    each, more = divmod(number, places)
    return [((place + 0.5) * minutes / places, each + (place < more)) for place in range(places)]
