"""10,000 records and 1,000 wants through the whole system, beside python3-discogs-client on the same kind of server.

**The floor.** R requests at 55 a window need 60·⌊(R-1)/55⌋ s until the last one may leave: 120 s for 113. A request
counts until one window after its *answer*, because until then nobody but the server knows when it arrived; so with
answers of L seconds on average the floor is (60 + L)·⌊(R-1)/55⌋ + L. L is taken from the simulator's log of that run.
Our time is the ledger's: from the commit of the two jobs to the end of the later one, on a fleet that has never sent a
request, so it includes the pause of about two seconds that an empty memory of the limiter asks for.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from threading import Event, Thread

from benchmarks.figures import Bench, Figure, Outcome, at_least, at_most, exactly, told
from benchmarks.house import house
from benchmarks.processes import ProcessFailed, running
from benchmarks.simulated import Simulated, simulated

SENTENCE = "10,000 records and 1,000 wants at the true window, beside python3-discogs-client 2.10."

LIMIT = 55
SLACK = 1.05  # of the floor
LATENCIES = (0.0, 0.3, 0.6)  # median seconds
PEERS = {"as it comes": 0, "per_page=100": 100}
PAGE = 100
LOOK_AT_LOG_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Scale:
    """How much, and how long it may take."""

    records: int
    wants: int
    window: float
    latencies: Sequence[float]
    patience: float

    @property
    def fewest_requests(self) -> int:
        """Identity, folders and fields; then pages of 100."""
        return 3 - (-self.records // PAGE) - (-self.wants // PAGE)


TRUE = Scale(10_000, 1_000, 60.0, LATENCIES, 900.0)
QUICK = Scale(300, 100, 1.0, (0.0,), 60.0)


@dataclass(frozen=True, slots=True)
class Run:
    """What one program did, by the simulator's log; ``share`` is of the requests that were possible meanwhile."""

    who: str
    latency: float
    seconds: float
    requests: int
    refused: int
    most_in_window: int
    mean_answer: float
    share: float
    floor: float


def run(bench: Bench) -> Outcome:
    """Measure all programs at all answer times, side by side: nearly all of it is waiting."""
    scale = QUICK if bench.is_quick else TRUE
    with ThreadPoolExecutor(len(scale.latencies) * (1 + len(PEERS))) as threads:
        ours = [threads.submit(_ours, bench, scale, latency) for latency in scale.latencies]
        peers = [threads.submit(_peer, bench, scale, latency, name) for latency in scale.latencies for name in PEERS]
        runs = [one.result() for one in (*ours, *peers)]
    return Outcome([figure for one in runs for figure in _figures(one, scale)], {"runs": [asdict(one) for one in runs]})


def _figures(one: Run, scale: Scale) -> Iterator[Figure]:
    name = f"{one.who}, answers of {one.latency:g} s"
    if one.who != "ours":
        yield told(f"{name}: requests", one.requests)
        yield told(f"{name}: answered 429", one.refused)
        yield told(f"{name}: time", one.seconds, "s")
        return
    yield exactly(f"{name}: requests", one.requests, scale.fewest_requests)
    yield exactly(f"{name}: answered 429", one.refused, 0)
    yield told(f"{name}: time", one.seconds, "s")
    yield at_most(f"{name}: time as multiple of the floor ({one.floor:.1f} s)", one.seconds / one.floor, SLACK)
    yield at_most(f"{name}: most in a rolling window", one.most_in_window, LIMIT)
    yield at_least(f"{name}: share of the possible use", one.share, 0.95)


def _ours(bench: Bench, scale: Scale, latency: float) -> Run:
    name = f"ours-{latency:g}"
    with ExitStack() as stack:
        discogs = stack.enter_context(simulated(bench.folder, name, window_seconds=scale.window, latency=latency))
        collector = discogs.open_account("collector", records=scale.records, wants=scale.wants)
        home = stack.enter_context(house(bench, name, discogs))
        user = home.move_in(collector)
        stack.enter_context(home.worker())
        with _tracked(bench, discogs, f"ours, {latency:g} s", scale.fewest_requests):
            seconds = home.wait(home.enqueue_import(user), scale.patience)
        size = home.size(user)
        _require_all(scale, size.copies, size.wants)
        return _run_of("ours", latency, seconds, discogs)


def _peer(bench: Bench, scale: Scale, latency: float, who: str) -> Run:
    per_page = PEERS[who]
    name = f"peer-{latency:g}-{per_page}"
    with ExitStack() as stack:
        discogs = stack.enter_context(simulated(bench.folder, name, window_seconds=scale.window, latency=latency))
        collector = discogs.open_account("collector", records=scale.records, wants=scale.wants)
        command = [
            *(sys.executable, "-m", "benchmarks.peer"),
            *(discogs.url, collector.personal_token, str(per_page)),
        ]
        pages = (scale.records + scale.wants) // (per_page or 50)
        with (
            running(command, os.environ, bench.folder / f"{name}-walk.log") as process,
            _tracked(bench, discogs, f"peer {who}, {latency:g} s", pages),
        ):
            walked = json.loads(process.wait(scale.patience))
        _require_all(scale, walked["records"], walked["wants"])
        return _run_of(f"peer, {who}", latency, walked["seconds"], discogs)


def _run_of(who: str, latency: float, seconds: float, discogs: Simulated) -> Run:
    arrivals = discogs.arrivals()
    answer = sum(one.seconds for one in arrivals) / len(arrivals)
    window = discogs.window_seconds
    spent = arrivals[-1].at - arrivals[0].at
    return Run(
        who=who,
        latency=latency,
        seconds=seconds,
        requests=len(arrivals),
        refused=sum(1 for one in arrivals if one.status == 429),
        most_in_window=discogs.most_in_window(),
        mean_answer=answer,
        share=(len(arrivals) - 1) * (window + answer) / (LIMIT * spent),
        floor=(window + answer) * ((len(arrivals) - 1) // LIMIT) + answer,
    )


def _require_all(scale: Scale, records: int, wants: int) -> None:
    if (records, wants) != (scale.records, scale.wants):
        raise ProcessFailed(f"{records} records and {wants} wants came over.")


@contextmanager
def _tracked(bench: Bench, discogs: Simulated, name: str, requests: int) -> Iterator[None]:
    """Tell from the simulator's log how far a program is."""
    over = Event()

    def tell() -> None:
        while not over.wait(LOOK_AT_LOG_SECONDS):
            bench.track(name, discogs.count(), requests)
        bench.track(name, requests, requests)

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
