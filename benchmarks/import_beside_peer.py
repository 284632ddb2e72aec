"""10,000 records and 1,000 wants through the whole system, beside python3-discogs-client on the same kind of server.

**The floor.** R requests at 55 a window need 60·⌊(R-1)/55⌋ s until the last one may leave: 120 s for 113. A request
counts until one window after its *answer*, because until then nobody but the server knows when it arrived; so with
answers of L seconds on average the floor is (60 + L)·⌊(R-1)/55⌋ + L. L is taken from the simulator's log of that run,
and the time is told as a multiple of both floors. Our time is the ledger's: from the commit of the two jobs to the end
of the later one, on a fleet that has never sent a request, so it includes the pause of about two seconds that an empty
memory of the limiter asks for.

**What the peer is spared.** It stores nothing, and its simulator's window is empty when it begins: it sends its first
60 requests at once, and takes all 60 of every window where we take 55, spaced. Walking in pages of 100 it may be done
before us, at the price of 429s and with nothing left for anybody else on its address.
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

OURS = "ours"
SLACK = 1.05  # of the floor
LATENCIES = (0.0, 0.3, 0.6)  # median seconds
PEERS = {"as it comes": 0, "per_page=100": 100}
PAGE = 100
LOOK_AT_LOG_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Scale:
    """How much, and how long it may take. We keep to ``limit`` requests a window, the server allows ``allowed``."""

    records: int
    wants: int
    limit: int
    allowed: int
    window: float
    latencies: Sequence[float]
    patience: float

    @property
    def fewest_requests(self) -> int:
        """Identity, folders and fields; then pages of 100."""
        return 3 - (-self.records // PAGE) - (-self.wants // PAGE)


TRUE = Scale(10_000, 1_000, limit=55, allowed=60, window=60.0, latencies=LATENCIES, patience=900.0)
QUICK = Scale(300, 100, limit=5, allowed=6, window=2.0, latencies=(0.0,), patience=60.0)


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
    bare_floor: float
    floor: float


def run(bench: Bench) -> Outcome:
    """Measure all programs at all answer times, side by side: nearly all of it is waiting."""
    scale = QUICK if bench.is_quick else TRUE
    with ThreadPoolExecutor(len(scale.latencies) * (1 + len(PEERS))) as threads:
        ours = [threads.submit(_ours, bench, scale, latency) for latency in scale.latencies]
        peers = [threads.submit(_peer, bench, scale, latency, name) for latency in scale.latencies for name in PEERS]
        runs = [one.result() for one in (*ours, *peers)]
    ours_by_latency = {one.latency: one.seconds for one in runs if one.who == OURS}
    figures = [figure for one in runs for figure in _figures(one, scale, ours_by_latency[one.latency])]
    return Outcome(figures, {"runs": [asdict(one) for one in runs]})


def _figures(one: Run, scale: Scale, ours: float) -> Iterator[Figure]:
    name = f"{one.who}, answers of {one.latency:g} s"
    if one.who != OURS:
        yield told(f"{name}: requests", one.requests)
        yield told(f"{name}: answered 429", one.refused)
        yield told(f"{name}: most in a rolling window", one.most_in_window)
        yield told(f"{name}: time", one.seconds, "s")
        yield told(f"{name}: time as multiple of ours", one.seconds / ours)
        return
    yield exactly(f"{name}: requests", one.requests, scale.fewest_requests)
    yield exactly(f"{name}: answered 429", one.refused, 0)
    yield told(f"{name}: time", one.seconds, "s")
    yield told(f"{name}: time as multiple of the floor without answers", one.seconds / one.bare_floor)
    yield at_most(f"{name}: time as multiple of the floor ({one.floor:.1f} s)", one.seconds / one.floor, SLACK)
    yield at_most(f"{name}: most in a rolling window", one.most_in_window, scale.limit)
    yield at_least(f"{name}: share of the possible use", one.share, 0.95)


def _ours(bench: Bench, scale: Scale, latency: float) -> Run:
    name = f"ours-{latency:g}"
    with ExitStack() as stack:
        discogs = stack.enter_context(
            simulated(bench.folder, name, limit=scale.allowed, window_seconds=scale.window, latency=latency)
        )
        collector = discogs.open_account("collector", records=scale.records, wants=scale.wants)
        home = stack.enter_context(house(bench, name, discogs, DISCOGS_REQUESTS_PER_WINDOW=str(scale.limit)))
        user = home.move_in(collector)
        stack.enter_context(home.worker())
        with _tracked(bench, discogs, f"ours, {latency:g} s", scale.fewest_requests):
            seconds = home.wait(home.enqueue_import(user), scale.patience)
        size = home.size(user)
        _require_all(scale, size.copies, size.wants)
        return _run_of(OURS, latency, seconds, discogs, scale.limit)


def _peer(bench: Bench, scale: Scale, latency: float, who: str) -> Run:
    per_page = PEERS[who]
    name = f"peer-{latency:g}-{per_page}"
    with ExitStack() as stack:
        discogs = stack.enter_context(
            simulated(bench.folder, name, limit=scale.allowed, window_seconds=scale.window, latency=latency)
        )
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
        return _run_of(f"peer, {who}", latency, walked["seconds"], discogs, scale.limit)


def _run_of(who: str, latency: float, seconds: float, discogs: Simulated, limit: int) -> Run:
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
        share=(len(arrivals) - 1) * (window + answer) / (limit * spent),
        bare_floor=window * ((len(arrivals) - 1) // limit),
        floor=(window + answer) * ((len(arrivals) - 1) // limit) + answer,
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
