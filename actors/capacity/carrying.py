"""How many people like these one budget carries: the fleet is made larger and smaller until a promise breaks."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from actors.capacity.classes import classes
from actors.capacity.fleet import MOST_USERS, Fleet
from actors.capacity.people import AWAKE, DAY, Spent, cost_a_day
from actors.capacity.promises import MORNING_AFTER, NIGHT, PEOPLE, Promise, promises
from actors.capacity.simulation import Week, pages_a_day, requests_a_minute, simulate
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings

STEP = 1.03  # sizes that are tried are so much apart
ALL = "all"
TINY = 1e-6  # requests; what costs nothing breaks no promise

Tell = Callable[[int], None]  # how many users are simulated now


@dataclass(frozen=True, slots=True)
class Capacity:
    """A fleet with its week and what became of its promises; ``carried`` are the most users that keep each, and all.

    ``None`` where not even one does.
    """

    fleet: Fleet
    week: Week
    promises: list[Promise]
    carried: dict[str, int | None]


def capacity(fleet: Fleet, limits: LimiterSettings, *, seed: int = 1, tell: Tell = lambda _: None) -> Capacity:
    """Simulate a fleet, and look how many people of its kind keep all promises, and each one that it breaks."""
    tell(fleet.users)
    week = simulate(fleet, limits, seed=seed)
    found = promises(week, limits)
    search = _Search(fleet, limits, seed, tell)
    wanted = [ALL, *(one.name for one in found if one.is_kept is False)]
    above = bisect_left(SIZES, fleet.users)
    below = {name: PLACES if name == ALL and len(wanted) == 1 else above for name in wanted}
    return Capacity(fleet, week, found, {name: search.most(name, below[name]) for name in wanted})


def broken_by(fleet: Fleet, most: int, limits: LimiterSettings) -> list[str]:
    """Return the promises that so many users keep and the next size breaks."""
    next_size = SIZES[min(bisect_right(SIZES, most), PLACES - 1)]
    before, after = (promises(simulate(fleet.of(size), limits), limits) for size in (max(1, most), next_size))
    return [
        now.name for was, now in zip(before, after, strict=True) if now.is_kept is False and was.is_kept is not False
    ]


def last_kept(keeps: Callable[[int], bool], *, guess: int, below: int) -> int | None:
    """Return the last of the places that keep, all before all others: from a guess by doubling, then by halving."""
    low, high, step = guess, below, 1
    while low > 0 and not keeps(low):
        low, high, step = max(low - step, 0), low, step * 2
    if low <= 0 and not keeps(0):
        return None
    while high == below and low + step < high:
        if not keeps(low + step):
            high = low + step
        else:
            low, step = low + step, step * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if keeps(middle) else (low, middle)
    return low


@dataclass(slots=True)
class _Search:
    """Looks for the largest fleet on a grid of sizes; what was simulated once is known to all promises."""

    fleet: Fleet
    limits: LimiterSettings
    seed: int
    tell: Tell
    broken: dict[int, frozenset[str]] = field(default_factory=dict)

    def most(self, name: str, below: int) -> int | None:
        """Return the largest fleet that keeps a promise; ``below`` is a place that breaks it, or beyond the last."""
        place = last_kept(lambda place: self._keeps(place, name), guess=min(self._guess(name), below - 1), below=below)
        return None if place is None else SIZES[place]

    def _keeps(self, place: int, name: str) -> bool:
        if place not in self.broken:
            fleet = self.fleet.of(SIZES[place])
            self.tell(fleet.users)
            found = promises(simulate(fleet, self.limits, seed=self.seed), self.limits)
            self.broken[place] = frozenset(one.name for one in found if one.is_kept is False)
        return not self.broken[place] if name == ALL else name not in self.broken[place]

    def _guess(self, name: str) -> int:
        """Return the place of the fleet that wants as much as there is, by the mean: near where the promise breaks."""
        each = {what: requests / self.fleet.users for what, requests in cost_a_day(self.fleet).items()}
        there = requests_a_minute(self.limits)
        if name == NIGHT:
            users = there * MORNING_AFTER / max(each[Spent.NIGHTS], TINY)
        elif name == PEOPLE:
            users = there * self.limits.shares[Lane.INTERACTIVE] * len(AWAKE) / max(each[Spent.SCREENS], TINY)
        else:
            prices = sum(one.prices * DAY / one.every for one in classes(self.fleet))
            users = there * DAY / (sum(each.values()) + (pages_a_day(self.fleet) + prices) / self.fleet.users)
        return max(0, bisect_right(SIZES, users) - 1)


def _sizes() -> list[int]:
    """Return the sizes that are tried: every one at first, later 3 % apart."""
    sizes = [1]
    while sizes[-1] < MOST_USERS:
        sizes.append(min(MOST_USERS, max(sizes[-1] + 1, int(sizes[-1] * STEP))))
    return sizes


SIZES = _sizes()
PLACES = len(SIZES)
