"""Prices by how soon each is due again, as the product itself decides it: so many releases, every so often."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import product

from actors.capacity.fleet import Fleet
from db.prices import What
from services.market import pricing

NOW = datetime(2026, 1, 5, tzinfo=UTC)  # any moment: what counts is how long ago something was
MINUTE = timedelta(minutes=1)
USUAL_MOVE = (pricing.MOVING + pricing.STEADY) / 2
SPREAD = 100  # alerts' floors stand evenly between their target and twice as much


class Group(StrEnum):
    """Prices of which one thing is promised."""

    NEAR = "near"
    FAR = "far"
    WATCHED = "watched"
    FLOORS = "floors"
    SUGGESTIONS = "suggestions"


USUALLY: dict[Group, timedelta] = {
    Group.NEAR: pricing.alerted_every(pricing.NEAR),
    Group.FAR: pricing.alerted_every(None),
    Group.WATCHED: pricing.WATCHED,
    Group.FLOORS: pricing.USUAL,
    Group.SUGGESTIONS: pricing.USUAL,
}


@dataclass(frozen=True, slots=True)
class PriceClass:
    """So many prices of a group, each due again so many minutes after it came."""

    group: Group
    every: int
    prices: int

    @property
    def is_usual(self) -> bool:
        return self.every == USUALLY[self.group] // MINUTE


def classes(fleet: Fleet) -> list[PriceClass]:
    """Return all prices of a fleet by group and interval."""
    alerted = _alerted(fleet.alerted)
    others = fleet.releases - sum(alerted.values())
    watched = _watched(fleet, others)
    found: defaultdict[tuple[Group, timedelta], float] = defaultdict(float)
    for group, number in alerted.items():
        for every, share in _kinds(fleet, "stats", is_watched=False):
            found[group, min(every, USUALLY[group])] += number * share
    for every, share in _kinds(fleet, "stats", is_watched=True):
        found[Group.WATCHED, every] += watched * share
    for every, share in _kinds(fleet, "stats", is_watched=False):
        found[Group.FLOORS, every] += (others - watched) * share
    for every, share in _kinds(fleet, "suggestions", is_watched=False):
        found[Group.SUGGESTIONS, every] += fleet.releases * share
    return [
        PriceClass(group, every // MINUTE, round(number))
        for (group, every), number in sorted(found.items())
        if round(number)
    ]


def _alerted(number: int) -> dict[Group, int]:
    """Spread alerted releases over how near their floors are, and ask the product how often each is due."""
    by_every = {USUALLY[group]: group for group in (Group.NEAR, Group.FAR)}
    shares = Counter(by_every[pricing.alerted_every(Decimal(2 * n + 1) / (2 * SPREAD))] for n in range(SPREAD))
    found = {group: number * shares[group] // SPREAD for group in shares}
    found[Group.FAR] += number - sum(found.values())
    return found


def _watched(fleet: Fleet, others: int) -> int:
    """Count the different releases that somebody looked at lately, when each look may fall on any."""
    looks = fleet.users * fleet.visits * fleet.looks * (pricing.LATELY / pricing.DAY)
    return round(others * (1 - (1 - 1 / others) ** looks)) if others > 1 else min(others, round(looks))


def _kinds(fleet: Fleet, what: What, *, is_watched: bool) -> Iterator[tuple[timedelta, float]]:
    """Go through dear and other prices, moving, steady and others: how often each is due, and which share it is."""
    amounts = ((pricing.DEAR, fleet.dear), (Decimal(0), 1 - fleet.dear))
    moves = (
        (pricing.MOVING, fleet.moving),
        (Decimal(0), fleet.steady),
        (USUAL_MOVE, 1 - fleet.moving - fleet.steady),
    )
    looked_at = NOW if is_watched else None
    for (amount, with_it), (moved, moves_so) in product(amounts, moves):
        every = pricing.again_after(what, looked_at=looked_at, amount=amount, moved=moved, now=NOW)
        yield every, with_it * moves_so
