"""People in the simulation: who comes for the first time, who opens a shelf, and whose sync comes at night."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random
from typing import Any
from uuid import UUID

from actors.capacity.classes import MINUTE, NOW
from actors.capacity.fleet import Fleet
from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST, REFRESH_COLLECTION
from actors.operating.estimate import requests_of
from actors.scheduling.nightly import look_at
from actors.scheduling.nights import BEGINS, LASTS, place_in
from workers.kinds import Kind

DAY = 24 * 60
AWAKE = range(8 * 60, 24 * 60)  # local minutes in which people come
SKEW = 1.0  # of the logarithm of sizes: half of all have less than 0.61 of the mean
SIDES = 2  # of a release that is looked at: suggestions and floor, both older than six hours
AN_EDIT = 2  # a look at the record, and the change
MOST_AT_ONCE = 30.0  # above that, chance is as good as bell-shaped


class Spent(StrEnum):
    """What requests go to."""

    SCREENS = "screens"
    VISITS = "visits"
    FIRST_IMPORTS = "first_imports"
    EDITS = "edits"
    NIGHTS = "nights"
    SHOPS = "shops"
    PRICES = "prices"


@dataclass(slots=True)
class Turn:
    """Somebody's requests in the lane of imports: what for, from when on, and how many are left.

    A night's has the place of its user, and when the night began there.
    """

    what: Spent
    moment: int
    left: int
    user: int | None = None
    night_began: int = 0


class Crowd:
    """Everybody, drawn from a seed. Minutes count from the first midnight in UTC."""

    def __init__(self, fleet: Fleet, seed: int) -> None:
        self.fleet = fleet
        self._chance = Random(seed)  # noqa: S311 - a simulation wants the same chance again, not a secret one
        self._sizes = [self._size() for _ in range(round(fleet.users * fleet.nightly))]
        self._ids = [UUID(int=self._chance.getrandbits(128)) for _ in self._sizes]

    def nights(self, day: int) -> Iterator[Turn]:
        """Return the syncs of one date: each at its user's moment, one in seven all of the collection."""
        night = NOW.date() + timedelta(days=day)
        for place, (user, size) in enumerate(zip(self._ids, self._sizes, strict=True)):
            began = self.night_begins(day, place)
            moment = began + int(place_in(user, night) * (LASTS / MINUTE))
            yield Turn(Spent.NIGHTS, moment, self._night(place, night, size), place, began)

    def night_begins(self, day: int, place: int) -> int:
        """Return when a date's night begins for the user of this place; zones are an hour apart, westwards."""
        return day * DAY + BEGINS.hour * 60 + place % self.fleet.zones * 60

    def first_imports(self, day: int) -> Iterator[Turn]:
        """Return those who come for the first time on a date."""
        for _ in range(self._drawn(self.fleet.joining_a_day)):
            yield Turn(Spent.FIRST_IMPORTS, self._waking(day), first_import(self._size(), self.fleet.wants))

    def visits(self, day: int) -> Iterator[Turn]:
        """Return who opens a shelf on a date, each to see it as Discogs has it."""
        for _ in range(self._drawn(self.fleet.users * self.fleet.visits)):
            yield Turn(Spent.VISITS, self._waking(day), cost(REFRESH_COLLECTION, self.fleet.records))

    def edits(self, day: int) -> Iterator[Turn]:
        """Return who changes a record on a date."""
        for _ in range(self._drawn(self.fleet.users * self.fleet.edits)):
            yield Turn(Spent.EDITS, self._waking(day), AN_EDIT)

    def _night(self, place: int, night: date, records: int) -> int:
        """Count a night's requests. Each user's week begins on a day of its own, with the sync of that night."""
        nights_since = (night.toordinal() - place) % 7 or 7
        kind = look_at(NOW - timedelta(days=nights_since), NOW)
        return cost(kind, records) + cost(IMPORT_WANTLIST, self.fleet.wants)

    def _size(self) -> int:
        """Draw how many records somebody has: few have many."""
        return round(self.fleet.records * self._chance.lognormvariate(-(SKEW**2) / 2, SKEW))

    def _waking(self, day: int) -> int:
        zone = self._chance.randrange(self.fleet.zones)
        return day * DAY + zone * 60 + self._chance.choice(AWAKE)

    def _drawn(self, mean: float) -> int:
        """Draw how many come when so many do on average."""
        if mean > MOST_AT_ONCE:
            return max(0, round(self._chance.normalvariate(mean, math.sqrt(mean))))
        left, number = math.exp(-mean), 0
        chance = self._chance.random()
        while chance > left:
            chance *= self._chance.random()
            number += 1
        return number


def cost(kind: Kind[Any, Any], records: int) -> int:
    """Return what a job costs, by the estimate that a user is told before."""
    requests = requests_of(kind, records)
    if requests is None:
        raise LookupError(f"a simulated job whose cost nobody knows: {kind.name}")
    return requests


def first_import(records: int, wants: int) -> int:
    """Return what a first import of collection and wantlist costs."""
    return cost(IMPORT_COLLECTION, records) + cost(IMPORT_WANTLIST, wants)


def cost_a_day(fleet: Fleet) -> dict[Spent, float]:
    """Return what people cost on average, as near as a mean size tells."""
    whole, wants = cost(IMPORT_COLLECTION, fleet.records), cost(IMPORT_WANTLIST, fleet.wants)
    a_visit = fleet.users * fleet.visits
    return {
        Spent.SCREENS: a_visit * fleet.looks * SIDES,
        Spent.VISITS: a_visit * cost(REFRESH_COLLECTION, fleet.records),
        Spent.FIRST_IMPORTS: fleet.joining_a_day * (whole + wants),
        Spent.EDITS: fleet.users * fleet.edits * AN_EDIT,
        Spent.NIGHTS: fleet.users * fleet.nightly * ((6 * cost(REFRESH_COLLECTION, fleet.records) + whole) / 7 + wants),
    }
