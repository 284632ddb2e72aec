"""The engine for Prometheus: lanes and workers as the ledger has them, and what workers counted since it began."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from actors.operating import queues
from actors.operating.queues import Neglect, Queue
from db import Connection, fleet
from db.fleet import Tallied, Worker
from workers import figures
from workers.limiter.lanes import Lane

LIVE = ("pending", "running", "retrying")

COUNTERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (figures.STEPS, "Steps that ended, by how.", ("kind", "result")),
    (figures.RETRIES, "Failed attempts that are tried again.", ("kind", "error_class")),
    (figures.TAKE_OVERS, "Steps taken from workers that died or slept, executing or not.", ("kind", "executing")),
    (figures.CALL_UPS, "Steps called up.", ("lane",)),
    (figures.REQUESTS, "Requests to Discogs.", ("lane",)),
)
HISTOGRAMS: tuple[tuple[str, str, tuple[str, ...], tuple[float, ...]], ...] = (
    (figures.STEP_SECONDS, "How long steps took, from their claim.", ("kind",), figures.STEP_BOUNDS),
    (
        figures.JOB_SECONDS,
        "How long jobs took that workers ended, from their start.",
        ("lane", "kind", "state"),
        figures.JOB_BOUNDS,
    ),
)


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine at one moment."""

    queues: Sequence[Queue]
    workers: Sequence[Worker]
    neglect: Neglect
    tallies: Sequence[Tallied]


def look(conn: Connection) -> Engine:
    """Look once."""
    return Engine(queues.queues(conn), fleet.workers(conn), queues.neglect(conn), fleet.tallies(conn))


def tell(engine: Engine) -> Iterator[Metric]:
    """Say everything. No label holds a user."""
    yield from _lanes(engine)
    yield from _workers(engine)
    for name, says, labels in COUNTERS:
        yield _counter(name, says, labels, [one for one in engine.tallies if one.name == name])
    for name, says, labels, bounds in HISTOGRAMS:
        yield _histogram(name, says, labels, bounds, engine.tallies)


def _lanes(engine: Engine) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("rekkrd_jobs", "Live jobs.", labels=["lane", "state"])
    for queue in engine.queues:
        for state in LIVE:
            jobs.add_metric([queue.lane, state], queue.by_state.get(state, 0))
    yield jobs
    each: tuple[tuple[str, str, Callable[[Queue], float]], ...] = (
        ("rekkrd_line_ready", "Steps that wait for a token or a thread.", lambda queue: queue.ready),
        ("rekkrd_line_delayed", "Steps that wait for their time.", lambda queue: queue.delayed),
        ("rekkrd_line_called", "Steps in flight: called up, not begun.", lambda queue: queue.called),
        ("rekkrd_line_under_way", "Steps that a worker has in hand.", lambda queue: queue.under_way),
        ("rekkrd_line_oldest_seconds", "For how long the oldest ready one is due.", lambda queue: queue.oldest_seconds),
        ("rekkrd_jobs_failed", "Failed jobs that nobody put back or removed.", lambda queue: queue.failed),
        ("rekkrd_lane_paused_until_timestamp_seconds", "Until when; 0 if it is not.", _paused_until),
        (
            "rekkrd_lane_unattended",
            "Whether work waits that no worker takes, and nobody paused it.",
            lambda queue: float(queue.lane in engine.neglect.lanes),
        ),
    )
    for name, says, value in each:
        gauge = GaugeMetricFamily(name, says, labels=["lane"])
        for queue in engine.queues:
            gauge.add_metric([queue.lane], value(queue))
        yield gauge


def _paused_until(queue: Queue) -> float:
    return 0.0 if queue.pause is None else queue.pause.paused_until.timestamp()


def _workers(engine: Engine) -> Iterator[Metric]:
    alive = [worker for worker in engine.workers if worker.is_alive]
    gone = len(engine.workers) - len(alive)
    yield _gauge("rekkrd_workers_alive", "Worker processes that give signs of life.", len(alive))
    yield _gauge("rekkrd_workers_gone", "Those that ended without a word within the hour.", gone)
    yield _gauge("rekkrd_worker_threads", "Threads of those alive.", sum(worker.threads for worker in alive))
    yield _gauge("rekkrd_worker_threads_busy", "Of these, with a step.", sum(worker.busy for worker in alive))
    yield _gauge("rekkrd_worker_threads_stuck", "Of these, past its deadline.", sum(worker.stuck for worker in alive))
    unknown = len(engine.neglect.kinds)
    yield _gauge("rekkrd_kinds_unknown", "Kinds of which something is due and that no worker knows.", unknown)
    consuming = GaugeMetricFamily("rekkrd_workers_consuming", "Workers that take work of this lane.", labels=["lane"])
    for lane in Lane:
        consuming.add_metric([lane], sum(worker.is_consuming and lane in worker.lanes for worker in alive))
    yield consuming


def _counter(name: str, says: str, labels: Sequence[str], tallies: Iterable[Tallied]) -> Metric:
    counter = CounterMetricFamily(f"rekkrd_{name}", says, labels=labels)
    for one in tallies:
        counter.add_metric(_values(one, labels), one.value)
    return counter


def _histogram(
    name: str, says: str, labels: Sequence[str], bounds: Sequence[float], tallies: Iterable[Tallied]
) -> Metric:
    """Add up the buckets, which workers count each by itself; another release's may have other bounds."""
    histogram = HistogramMetricFamily(f"rekkrd_{name}", says, labels=labels)
    buckets: dict[tuple[str, ...], dict[float, float]] = defaultdict(dict)
    sums: dict[tuple[str, ...], float] = {}
    for one in tallies:
        if one.name == f"{name}_bucket":
            buckets[_values(one, labels)][float(one.labels["le"])] = one.value
        elif one.name == f"{name}_sum":
            sums[_values(one, labels)] = one.value
    for values, counts in buckets.items():
        so_far, cumulated = 0.0, []
        for bound in sorted({*bounds, *counts, float("inf")}):
            so_far += counts.get(bound, 0.0)
            cumulated.append(("+Inf" if bound == float("inf") else f"{bound}", so_far))
        histogram.add_metric(values, cumulated, sum_value=sums.get(values, 0.0))
    return histogram


def _values(one: Tallied, labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(one.labels.get(label, "") for label in labels)


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=float(value))
