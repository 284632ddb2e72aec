"""Turns between users through the whole engine, counted in tokens by the simulator's log.

**One large, fifty small.** All imports are committed in one transaction, before the worker starts. *Fair turns* give
everybody with work one token a round, so a user who needs n requests is done after the sum of min(n, theirs) over all
users; told is by how many tokens the latest of the fifty was later than that.

**Many jobs, few steps.** One user has 500 jobs of one step. While they run, another comes with ten steps, in one job
or in ten. Counted are the tokens from before the other's commit to the arrival of the tenth.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from actors.catalog import IMPORT_COLLECTION
from benchmarks.asking import ASK, Asked
from benchmarks.figures import Bench, Figure, Outcome, at_most, told
from benchmarks.house import House, house
from benchmarks.simulated import Arrival, Simulated, simulated
from db.jobs import Job

SENTENCE = "Turns of users by the simulator's log: fifty small imports beside a large one, ten steps beside 500 jobs."

ANSWERS = 0.3
LATE_TOKENS = 4  # those called up ahead of their turn, and as many under way when the turn was decided
SPARE_TOKENS = 2
AT_WORK = 10  # requests after which the user with many jobs is in full swing


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of the two."""

    limit: int
    window: float
    large: int
    small: int
    crowd: int
    many: int
    steps: int
    rounds: int
    patience: float


TRUE = Scale(limit=55, window=60.0, large=10_000, small=100, crowd=50, many=500, steps=10, rounds=6, patience=900.0)
QUICK = Scale(limit=12, window=2.0, large=500, small=100, crowd=3, many=24, steps=3, rounds=2, patience=60.0)


@dataclass(frozen=True, slots=True)
class Turn:
    """One user's place in the log: how many requests, the number of the last one, and what fair turns make of it."""

    requests: int
    last: int
    fair: int
    seconds: float


def run(bench: Bench) -> Outcome:
    """Measure both side by side: it is all waiting."""
    scale = QUICK if bench.is_quick else TRUE
    with ThreadPoolExecutor(2) as threads:
        crowded = threads.submit(_large_and_small, bench, scale)
        few = threads.submit(_many_and_few, bench, scale)
        turns, tokens = crowded.result(), few.result()
    small = [turn for who, turn in turns.items() if who != "large"]
    late = max(turn.last - turn.fair for turn in small)
    figures: list[Figure] = [
        told(f"{scale.crowd} users with {scale.small} records: requests each", max(turn.requests for turn in small)),
        told("the last of them is done, in tokens", max(turn.last for turn in small)),
        told("fair turns make that", max(turn.fair for turn in small)),
        at_most("the latest of them, in tokens after its fair turn", late, LATE_TOKENS),
        told("the last of them is done, in seconds", max(turn.seconds for turn in small), "s"),
        told(f"the user with {scale.large:,} records is done, in tokens", turns["large"].last),
        told("the same, in seconds", turns["large"].seconds, "s"),
    ]
    allowed = 2 * scale.steps + SPARE_TOKENS
    for way, counts in tokens.items():
        name = f"{scale.steps} steps in {way} beside {scale.many} jobs"
        figures.append(at_most(f"{name}: done within, in tokens, the worst of {len(counts)}", max(counts), allowed))
    return Outcome(
        figures,
        {
            "turns": {
                who: [turn.requests, turn.last, turn.fair, round(turn.seconds, 1)] for who, turn in turns.items()
            },
            "tokens": dict(tokens),
        },
    )


def _large_and_small(bench: Bench, scale: Scale) -> dict[str, Turn]:
    sizes = {"large": scale.large} | {f"small-{number}": scale.small for number in range(scale.crowd)}
    with _fleet(bench, scale, "together") as (discogs, home):
        users = [home.move_in(discogs.open_account(who, records=records)) for who, records in sizes.items()]
        asked = home.enqueue_together((user, IMPORT_COLLECTION, None) for user in users)
        with home.worker():

            def tell(found: list[Job]) -> None:
                bench.track("imports", sum(1 for job in found if job.finished_at is not None), len(found))

            home.wait(asked, scale.patience, tell)
        return _turns(discogs.arrivals())


def _turns(arrivals: Sequence[Arrival]) -> dict[str, Turn]:
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, arrival in enumerate(arrivals, start=1):
        numbers[arrival.user or ""].append(number)
    needs = {who: len(own) for who, own in numbers.items()}
    began = arrivals[0].at
    return {
        who: Turn(needs[who], own[-1], fair_finish(who, needs), arrivals[own[-1] - 1].at - began)
        for who, own in numbers.items()
    }


def fair_finish(who: str, needs: Mapping[str, int]) -> int:
    """After how many tokens a user is done when everybody with work gets one a round, and this one the last of each."""
    return sum(min(need, needs[who]) for need in needs.values())


def _many_and_few(bench: Bench, scale: Scale) -> dict[str, list[int]]:
    counts: dict[str, list[int]] = {"one job": [], f"{scale.steps} jobs": []}
    with _fleet(bench, scale, "many") as (discogs, home):
        many = home.move_in(discogs.open_account("many", records=0))
        with home.worker("worker", [sys.executable, "-m", "benchmarks.asking"]):
            home.enqueue_together((many, ASK, Asked(who="many")) for _ in range(scale.many))
            for number in range(scale.rounds):
                way = list(counts)[number % len(counts)]
                counts[way].append(_few(home, discogs, scale, f"few-{number}", is_one_job=way == "one job"))
                bench.track("users with few steps", number + 1, scale.rounds)
    return counts


def _few(home: House, discogs: Simulated, scale: Scale, who: str, *, is_one_job: bool) -> int:
    """Come with few steps while many jobs run; return the tokens until they were done."""
    user = home.move_in(discogs.open_account(who, records=0))
    at_work = discogs.count() + AT_WORK
    while discogs.count() < at_work:
        time.sleep(0.05)
    before = discogs.count()
    arguments = [Asked(who=who, steps=scale.steps)] if is_one_job else [Asked(who=who)] * scale.steps
    home.wait(home.enqueue_together((user, ASK, one) for one in arguments), scale.patience)
    arrivals = discogs.arrivals()
    return max(number for number, one in enumerate(arrivals, start=1) if one.path.endswith(f"/{who}")) - before


@contextmanager
def _fleet(bench: Bench, scale: Scale, name: str) -> Iterator[tuple[Simulated, House]]:
    latency = ANSWERS * scale.window / 60.0
    with (
        simulated(bench.folder, name, window_seconds=scale.window, latency=latency) as discogs,
        house(bench, name, discogs, DISCOGS_REQUESTS_PER_WINDOW=str(scale.limit)) as home,
    ):
        yield discogs, home
