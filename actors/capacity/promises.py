"""What a fleet is promised, beside what its simulated week brought: kept, or not."""

from collections import Counter
from dataclasses import dataclass

from actors.capacity.classes import MINUTE, USUALLY, Group
from actors.capacity.simulation import Week
from actors.market.snapshots import FROM
from actors.scheduling.nights import BEGINS
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings

MOST_OF_ALL = 0.95  # of all that is promised, so much has to come in time
LATE_BY_SHARE = 10  # a tenth of its interval late is in time,
LATE_BY = 60  # as are so many minutes

PEOPLE, NIGHT, FIRST = "people", "night", "first_import"
MORNING_AFTER = (FROM.hour - BEGINS.hour) * 60 + FROM.minute - BEGINS.minute  # from a night's beginning on


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise: what is ``due`` and what ``comes`` to 95 of 100, in minutes; for people, in requests a minute.

    ``is_kept`` is None where nothing of the kind happened, or nothing is promised; ``due`` then too.
    """

    name: str
    due: float | None
    comes: float | None
    is_kept: bool | None


def promises(week: Week, limits: LimiterSettings) -> list[Promise]:
    """Judge a week, promise by promise."""
    return [_people(week, limits), _night(week), _first(week), *(_prices(week, group) for group in Group)]


def _people(week: Week, limits: LimiterSettings) -> Promise:
    """Within the share of its lane, a request of a person waits for nobody but other people."""
    due = int(week.per_minute * limits.shares[Lane.INTERACTIVE])
    return Promise(PEOPLE, due, _quantile(week.at_screens), _is_in_time(week.at_screens, due))


def _night(week: Week) -> Promise:
    """A night's sync is over before the day's value is noted; one that another one was in the way of, never."""
    ended = week.night_ends + Counter({10**9: week.dropped})
    due = MORNING_AFTER
    comes = _quantile(ended)
    return Promise(NIGHT, due, None if week.dropped and comes == 10**9 else comes, _is_in_time(ended, due))


def _first(week: Week) -> Promise:
    return Promise(FIRST, None, _quantile(week.first_lasts), None)


def _prices(week: Week, group: Group) -> Promise:
    """What waits too long already counts as what came too late: else nobody would miss what never comes."""
    usual, in_time, came = Counter[int](), 0, 0
    for one, late, waiting in zip(week.classes, week.late, week.waiting, strict=True):
        if one.group is group:
            allowed = max(LATE_BY, one.every // LATE_BY_SHARE)
            came += late.total() + sum(number for minutes, number in waiting.items() if minutes > allowed)
            in_time += sum(number for minutes, number in late.items() if minutes <= allowed)
            usual += late if one.is_usual else Counter()
    due = USUALLY[group] // MINUTE
    late_by = _quantile(usual)
    comes = None if late_by is None else due + late_by
    return Promise(group, due, comes, in_time >= MOST_OF_ALL * came if came else None)


def _is_in_time(counted: Counter[int], due: float) -> bool | None:
    in_time = sum(number for minutes, number in counted.items() if minutes <= due)
    return in_time >= MOST_OF_ALL * counted.total() if counted else None


def _quantile(counted: Counter[int]) -> int | None:
    """Return the least that 95 of 100 do not exceed, None of nothing."""
    left = MOST_OF_ALL * counted.total()
    for value in sorted(counted):
        left -= counted[value]
        if left <= 0:
            return value
    return None
