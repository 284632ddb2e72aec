"""Our limiter beside those that people pick, at the true window, on one Valkey, with the same callers.

Sixteen bulk callers stand in two lanes, eight in each, and want a token whenever they have none; one person asks every
five seconds. The peers know no lanes, so there all seventeen share one limit. Each limiter has a process of its own,
whose threads are the callers; ours is also spread over four. Counted is what arrived at a server that answers in 0.3 s,
after a first window in which everybody may spend what a fresh budget gives. *Share used* is of the requests that are
possible when each counts until one window after its answer. Who counts from the grant comes to 60.3 / 60 of that, and
breaks the limit when an answer is late. Who still waits at the end counts with the time until then.

Two limiters poll every 10 ms as their documentation shows it, and would be a load to all others: they run afterwards.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.callers import Called, Plan
from benchmarks.calling import after_warm_up, call, furthest_from, most_in_window, possible, weights
from benchmarks.contenders import CONTENDERS, OURS
from benchmarks.figures import Bench, Figure, Outcome, at_least, at_most, quantile, told
from workers.limiter.lanes import Lane

SENTENCE = "Ours, dramatiq's two, limits, pyrate-limiter and throttled-py: exactness, use, waits, lanes and calls."

SPREAD = "ours, in four processes"
BUSY = ("limits moving window, as it comes", "limits sliding counter, as it comes")
ONE_EACH = (
    OURS,
    "dramatiq BucketRateLimiter, tuned",
    "limits moving window, tuned",
    "pyrate-limiter, as it comes",
    "throttled-py GCRA, tuned",
)
WITHIN = 0.05  # of the weights
CALLS_A_GRANT = 3.0


@dataclass(frozen=True, slots=True)
class Scale:
    """How long, and who runs beside whom."""

    limit: int
    window: float
    answer: float
    person_every: float
    windows: int
    rounds: Sequence[Sequence[str]]

    @property
    def length(self) -> float:
        return self.window * self.windows

    @property
    def interactive_p95(self) -> float:
        """A person within the lane's share waits for the next token and no longer; 1.2 s at the true window."""
        return round(1.1 * self.window / self.limit, 3)


TRUE = Scale(
    limit=55,
    window=60.0,
    answer=0.3,
    person_every=5.0,
    windows=5,
    rounds=([OURS, SPREAD, *(name for name in CONTENDERS if name not in (OURS, *BUSY))], BUSY),
)
QUICK = Scale(limit=6, window=2.0, answer=0.02, person_every=0.5, windows=2, rounds=(ONE_EACH,))


def run(bench: Bench) -> Outcome:
    """Measure the quiet ones side by side, then the busy ones."""
    scale = QUICK if bench.is_quick else TRUE
    found: dict[str, Called] = {}
    for number, names in enumerate(scale.rounds):
        found |= call(bench, f"round-{number + 1}", {name: _plans(bench, scale, name) for name in names})
    figures = [figure for name, called in found.items() for figure in _figures(name, called, scale)]
    return Outcome(figures, {name: _details(called, scale) for name, called in found.items()})


def _plans(bench: Bench, scale: Scale, name: str) -> list[Plan]:
    shared: dict[str, Any] = {
        "contender": OURS if name == SPREAD else name,
        "redis_url": bench.servers.redis_url,
        "budget": "".join(letter if letter.isalnum() else "-" for letter in name),
        "limit": scale.limit,
        "window": scale.window,
        "answer": scale.answer,
        "seconds": scale.window + scale.length,
    }
    if name != SPREAD:
        bulk = {Lane.IMPORT.value: 8, Lane.BACKGROUND.value: 8}
        return [Plan(**shared, bulk=bulk, person_every=scale.person_every)]
    # Work comes from three processes, people from a fourth: workers and a door.
    door = Plan(**shared, person_every=scale.person_every)
    return [
        door,
        *(Plan(**shared, bulk=bulk) for bulk in ({"import": 6}, {"background": 6}, {"import": 2, "background": 2})),
    ]


def _figures(name: str, found: Called, scale: Scale) -> Iterator[Figure]:
    lanes = after_warm_up(found, scale.window, scale.length)
    share = len(lanes) / possible(scale.limit, scale.window, scale.answer, scale.length)
    most = most_in_window(found, scale.window)
    off = furthest_from(weights(Lane.IMPORT, Lane.BACKGROUND), lanes)
    calls = found.trips / max(1, len(found.arrivals))
    waits = found.waits or [0.0]
    is_ours = name in (OURS, SPREAD)
    yield (at_most if is_ours else _told)(f"{name}: most in a rolling window", most, scale.limit)
    yield (at_least if is_ours else _told)(f"{name}: share used of the possible", share, 0.99)
    yield told(f"{name}: a person's wait: p50", quantile(waits, 0.5), "s")
    p95 = quantile(waits, 0.95)
    yield (at_most if is_ours else _told)(f"{name}: a person's wait: p95", p95, scale.interactive_p95, "s")
    yield told(f"{name}: a person's wait: longest", max(waits), "s")
    yield (at_most if is_ours else _told)(f"{name}: bulk lanes, furthest from the weights", off, WITHIN)
    yield (at_most if name == OURS else _told)(f"{name}: calls of Redis a grant", calls, CALLS_A_GRANT)


def _told(name: str, value: float, _: float, unit: str = "") -> Figure:
    """What ours has to reach is told of the others."""
    return told(name, value, unit)


def _details(found: Called, scale: Scale) -> dict[str, Any]:
    return {
        "arrivals_by_lane": dict(Counter(after_warm_up(found, scale.window, scale.length))),
        "arrivals": len(found.arrivals),
        "calls_of_redis": found.trips,
        "cpu_seconds": round(found.cpu_seconds, 2),
        "waits": [round(wait, 3) for wait in found.waits],
    }
