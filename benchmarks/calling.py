"""Callers of limiters as processes that begin together, and what their arrivals say."""

import json
import os
import sys
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from benchmarks.callers import GO, READY, Called, Plan
from benchmarks.figures import Bench
from benchmarks.processes import Process, running
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings

END_SECONDS = 60.0


def call(bench: Bench, name: str, plans: Mapping[str, Sequence[Plan]]) -> dict[str, Called]:
    """Run several budgets side by side, each with a process a plan; return what was found by budget."""
    folder = bench.folder / name
    folder.mkdir()
    with ExitStack() as stack:
        started = [
            (budget, *_start(stack, folder, f"{number}-{nth}", plan))
            for number, (budget, own) in enumerate(plans.items())
            for nth, plan in enumerate(own)
        ]
        for _, process, _ in started:
            process.wait_until(lambda said: READY in said)
        (folder / GO).touch()
        _watch(bench, name, max(plan.seconds for own in plans.values() for plan in own))
        for _, process, _ in started:
            process.wait(END_SECONDS)
        found: dict[str, list[Called]] = {budget: [] for budget in plans}
        for budget, _, file in started:
            found[budget].append(_read(file))
    return {budget: _together(own) for budget, own in found.items()}


def _start(stack: ExitStack, folder: Path, name: str, plan: Plan) -> tuple[Process, Path]:
    file = folder / f"{name}.json"
    file.write_text(json.dumps(asdict(plan)), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.callers", str(file), str(folder)]
    return stack.enter_context(running(command, os.environ, folder / f"{name}.log")), file.with_suffix(".found")


def _watch(bench: Bench, name: str, seconds: float) -> None:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        bench.track(f"{name}: seconds", passed, seconds)
        time.sleep(min(1.0, seconds - passed))


def _read(file: Path) -> Called:
    facts = json.loads(file.read_text(encoding="utf-8"))
    return Called(**{**facts, "arrivals": [(at, lane) for at, lane in facts["arrivals"]]})


def _together(found: Sequence[Called]) -> Called:
    """Processes of one budget as one: the monotonic clock is the machine's."""
    return Called(
        began=min(one.began for one in found),
        arrivals=sorted(arrival for one in found for arrival in one.arrivals),
        waits=[wait for one in found for wait in one.waits],
        gave_up=sum(one.gave_up for one in found),
        trips=sum(one.trips for one in found),
        cpu_seconds=sum(one.cpu_seconds for one in found),
    )


def most_in_window(found: Called, window: float) -> int:
    """The most arrivals in any half-open window of this length: two that are just so far apart are not in one."""
    moments = [at for at, _ in found.arrivals]
    return max((nth + 1 - bisect_right(moments, at - window) for nth, at in enumerate(moments)), default=0)


def after_warm_up(found: Called, seconds: float, length: float) -> list[str]:
    """The lanes of the arrivals in a stretch of this length that begins so long after the start."""
    begin = found.began + seconds
    return [lane for at, lane in found.arrivals if begin <= at < begin + length]


def possible(limit: int, window: float, answer: float, length: float) -> float:
    """How many requests can be made at most: each counts until one window after its answer."""
    return limit * length / (window + answer)


def weights(*lanes: Lane) -> dict[str, float]:
    """The shares of these lanes as they are without any setting; ask when an operator's settings are gone."""
    shares = LimiterSettings().shares
    return {lane.value: shares[lane] for lane in lanes}


def furthest_from(wanted: Mapping[str, float], lanes: Sequence[str]) -> float:
    """By which part of what the weights give it a lane has more or less, the worst of those named."""
    counts = Counter(lane for lane in lanes if lane in wanted)
    whole, among = sum(wanted.values()), counts.total() or 1
    return max(abs(counts[lane] * whole / (among * weight) - 1.0) for lane, weight in wanted.items())
