"""Prices in the simulation: what is due longest comes first, as in actors/market/refresh_prices.py."""

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from actors.capacity.classes import PriceClass
from actors.market.refresh_prices import MOST
from actors.scheduling.timetable import EntryName, entry_of

TICK = int(entry_of(EntryName.REFRESH_PRICES).every.total_seconds()) // 60
MOST_PLACES = 2_000  # in which a class begins: to the minute, but for what is weeks late
LONGEST = 10 * 365 * 24 * 60.0  # minutes; what is later than this is as good as never


@dataclass(slots=True)
class Queue:
    """Prices that wait for their time, and those whose time has come; everything in minutes.

    ``late`` counts, by class, how many came how many minutes after they were due, from ``measured_from`` on.
    """

    classes: Sequence[PriceClass]
    measured_from: int
    coming: defaultdict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    due: deque[tuple[int, int, int]] = field(default_factory=deque)  # since when, class, how many
    number_due: int = 0
    left_of_job: int = 0
    late: list[Counter[int]] = field(default_factory=list)

    @classmethod
    def settled(cls, classes: Sequence[PriceClass], per_minute: float, measured_from: int, until: int) -> "Queue":
        """Begin where a fleet of long standing is, when so many requests a minute are left over for it."""
        queue = cls(classes, measured_from, late=[Counter() for _ in classes])
        lateness = settled_lateness(classes, per_minute)
        waiting: list[tuple[int, int, int]] = []
        for index, one in enumerate(classes):
            for at, number in spread(one.prices, one.every + lateness):
                begins = int(at - lateness)
                if begins <= 0:
                    waiting.append((begins, index, number))
                elif begins < until:
                    queue.coming[begins].append((index, number))
        queue.due.extend(sorted(waiting))
        queue.number_due = sum(number for _, _, number in waiting)
        return queue

    def wanted(self, now: int) -> int:
        """Let what comes due now do so; return how many requests the job of this minute would take."""
        for index, number in self.coming.pop(now, ()):
            self.due.append((now, index, number))
            self.number_due += number
        if not self.number_due:
            self.left_of_job = 0  # a job ends when nothing is due
        elif not self.left_of_job and now % TICK == 0:
            self.left_of_job = MOST
        return min(self.left_of_job, self.number_due)

    def serve(self, now: int, requests: int) -> None:
        """Ask for so many, what is due longest first; each is due again in its own time."""
        self.left_of_job -= requests
        self.number_due -= requests
        while requests:
            since, index, number = self.due.popleft()
            served = min(number, requests)
            if served < number:
                self.due.appendleft((since, index, number - served))
            requests -= served
            self.coming[now + self.classes[index].every].append((index, served))
            if now >= self.measured_from:
                self.late[index][now - since] += served


def settled_lateness(classes: Sequence[PriceClass], per_minute: float) -> float:
    """Return by how many minutes everything is late once a fleet settled.

    All wait in one line, so all are late by the same: as late as makes them come no more often than there are requests.
    """
    low, high = 0.0, LONGEST
    if sum(one.prices / one.every for one in classes) <= at_work(per_minute):
        return low
    while high - low > 1:
        middle = (low + high) / 2
        is_enough = sum(one.prices / (one.every + middle) for one in classes) <= at_work(per_minute)
        low, high = (low, middle) if is_enough else (middle, high)
    return high


def at_work(per_minute: float) -> float:
    """Return what of these requests is used: between the end of a job and the clock's next tick, none is."""
    takes = MOST / per_minute
    return MOST / (-(-takes // TICK) * TICK)


def spread(number: int, minutes: float) -> list[tuple[float, int]]:
    """Spread so many evenly over a time, a tick of the clock apart or more."""
    places = max(1, min(number, int(minutes) // TICK, MOST_PLACES))
    each, more = divmod(number, places)
    return [((place + 0.5) * minutes / places, each + (place < more)) for place in range(places)]
