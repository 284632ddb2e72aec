"""Our limiter when everybody wants more than there is, at the true window, everything side by side.

**Interactive at 200 %.** Somebody new asks for 110 tokens a minute in all and leaves after 20 s, beside sixteen bulk
callers in the two other lanes: each lane has to get its share. **Answers of 0, 0.3 and 1 s** with bulk callers alone:
the share used of what is possible. **Waiting jobs.** Whole fleets with 1, 100 and 10,000 jobs that wait and go on
waiting after each of their steps: calls of the script a grant and the time that Valkey spent in them, by its own log;
then, with the worker gone, the time that one calling-up of the line's head takes, rolled back each time.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from benchmarks.callers import Called, Plan
from benchmarks.calling import after_warm_up, call, furthest_from, most_in_window, possible, weights
from benchmarks.contenders import OURS
from benchmarks.figures import Bench, Figure, Outcome, at_least, at_most, quantile, told
from benchmarks.waiting_jobs import Cost, Ledger, Pace, costs
from workers.limiter.lanes import Lane

SENTENCE = "Interactive demand at 200 %, answers of 0 to 1 s, and the cost of a grant with 1 to 10,000 waiting jobs."

WITHIN = 0.05  # of the weights
CALLS_A_GRANT = 3.0
FLAT, FLAT_CALLING_UP = 1.25, 2.0  # the cost with the most jobs as a multiple of that with a hundred
BULK = {Lane.IMPORT.value: 8, Lane.BACKGROUND.value: 8}
CROWD = "interactive demand at 200 %"


@dataclass(frozen=True, slots=True)
class Scale:
    """How long, and how much."""

    limit: int
    window: float
    answers: Sequence[float]
    answer: float
    patience: float
    windows: int
    ledgers: Sequence[Ledger]


TRUE = Scale(
    limit=55,
    window=60.0,
    answers=(0.0, 0.3, 1.0),
    answer=0.3,
    patience=20.0,
    windows=8,
    ledgers=(Ledger(1, 1), Ledger(100, 10), Ledger(10_000, 100), Ledger(10_000, 10_000)),
)
QUICK = Scale(
    limit=12,
    window=2.0,
    answers=(0.0, 0.05),
    answer=0.01,
    patience=1.0,
    windows=4,
    ledgers=(Ledger(1, 1), Ledger(200, 10)),
)


def run(bench: Bench) -> Outcome:
    """Measure everything at once: it is all waiting."""
    scale = QUICK if bench.is_quick else TRUE
    pace = Pace(scale.limit, scale.window, scale.answer, scale.window * (scale.windows - 2))
    with ThreadPoolExecutor(1) as threads:
        calling = threads.submit(call, bench, "callers", _plans(bench, scale))
        grants = costs(bench, scale.ledgers, pace)
        called = calling.result()
    figures = [
        *_crowd_figures(called[CROWD], scale),
        *(figure for answer in scale.answers for figure in _answer_figures(called[_named(answer)], answer, scale)),
        *_cost_figures(grants, scale),
    ]
    details = {ledger.name: _cost_details(cost) for ledger, cost in grants.items()}
    return Outcome(figures, {**details, **{name: _call_details(one, scale) for name, one in called.items()}})


def _plans(bench: Bench, scale: Scale) -> dict[str, list[Plan]]:
    def plan(name: str, answer: float, **more: Any) -> Plan:
        return Plan(
            contender=OURS,
            redis_url=bench.servers.redis_url,
            budget="".join(letter if letter.isalnum() else "-" for letter in name),
            limit=scale.limit,
            window=scale.window,
            answer=answer,
            seconds=scale.window * (1 + scale.windows),
            bulk=BULK,
            **more,
        )

    every = scale.window / (2 * scale.limit)
    # The crowd is not in the process of the bulk callers, as people come by other doors than jobs.
    bulk, crowd = plan(CROWD, scale.answer), plan(CROWD, scale.answer, crowd_every=every, patience=scale.patience)
    return {CROWD: [bulk, replace(crowd, bulk={})]} | {
        _named(answer): [plan(_named(answer), answer)] for answer in scale.answers
    }


def _named(answer: float) -> str:
    return f"answers of {answer:g} s"


def _crowd_figures(found: Called, scale: Scale) -> Iterator[Figure]:
    lanes = after_warm_up(found, scale.window, scale.windows * scale.window)
    share = len(lanes) / possible(scale.limit, scale.window, scale.answer, scale.windows * scale.window)
    yield at_most(f"{CROWD}: most in a rolling window", most_in_window(found, scale.window), scale.limit)
    yield at_least(f"{CROWD}: share used of the possible", share, 0.99)
    wanted = weights(*Lane)
    for lane, weight in wanted.items():
        yield told(f"{CROWD}: share of lane {lane}, weight {weight:g}", lanes.count(lane) / max(1, len(lanes)))
    yield at_most(f"{CROWD}: lanes, furthest from the weights", furthest_from(wanted, lanes), WITHIN)
    yield told(f"{CROWD}: left without a token", found.gave_up / max(1, len(found.waits)))
    yield told(f"{CROWD}: calls of Redis a grant, two processes", found.trips / max(1, len(found.arrivals)))


def _answer_figures(found: Called, answer: float, scale: Scale) -> Iterator[Figure]:
    lanes = after_warm_up(found, scale.window, scale.windows * scale.window)
    share = len(lanes) / possible(scale.limit, scale.window, answer, scale.windows * scale.window)
    yield at_most(f"{_named(answer)}: most in a rolling window", most_in_window(found, scale.window), scale.limit)
    yield at_least(f"{_named(answer)}: share used of the possible", share, 0.99)
    yield at_most(f"{_named(answer)}: calls of Redis a grant", found.trips / max(1, len(found.arrivals)), CALLS_A_GRANT)


def _cost_figures(found: Mapping[Ledger, Cost], scale: Scale) -> Iterator[Figure]:
    for ledger, cost in found.items():
        yield at_most(f"{ledger.name}: calls of the script a grant", cost.calls_a_grant, CALLS_A_GRANT)
        yield told(f"{ledger.name}: the dispatcher's looks a grant", cost.calls.get("look", 0) / cost.grants)
        yield told(f"{ledger.name}: time in the script a grant", cost.microseconds_a_grant / 1000, "ms")
        yield told(f"{ledger.name}: one calling-up, median", median(cost.call_ups), "ms")
    hundred = found[scale.ledgers[1]]
    for ledger in scale.ledgers[2:]:
        cost, name = found[ledger], f"{ledger.name} as multiple of {scale.ledgers[1].jobs}"
        yield at_most(f"{name}: calls a grant", cost.calls_a_grant / hundred.calls_a_grant, FLAT)
        yield at_most(f"{name}: time in the script", cost.microseconds_a_grant / hundred.microseconds_a_grant, FLAT)
        call_up = median(cost.call_ups) / median(hundred.call_ups)
        yield at_most(f"{name}: one calling-up", call_up, FLAT_CALLING_UP)


def _cost_details(cost: Cost) -> dict[str, Any]:
    return {
        "grants": cost.grants,
        "calls": dict(cost.calls),
        "microseconds": dict(cost.microseconds),
        "call_ups_ms": [round(one, 3) for one in cost.call_ups],
        "still_waiting": cost.waiting,
    }


def _call_details(found: Called, scale: Scale) -> dict[str, Any]:
    lanes = after_warm_up(found, scale.window, scale.windows * scale.window)
    return {
        "arrivals_by_lane": dict(Counter(lanes)),
        "arrivals": len(found.arrivals),
        "calls_of_redis": found.trips,
        "waits": {f"p{share * 100:g}": round(quantile(found.waits, share), 3) for share in (0.5, 0.95)}
        if found.waits
        else {},
    }
