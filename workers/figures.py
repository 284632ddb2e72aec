"""What workers count for Prometheus, by lane and kind of job: steps, ends, retries, take-overs and call-ups.

Sums and counts of this process go into the fleet's own in the ledger (`rekkrd.tallies`), from which the API tells them:
a worker has no door, and its counters would end with it.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import timedelta

from db import fleet
from db.fleet import Figure
from db.jobs import Job, State
from db.line import Expired
from db.pool import Pool
from workers.counting import Counting

STEP_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds
JOB_BOUNDS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0)

STEPS = "steps"
STEP_SECONDS = "step_seconds"
JOB_SECONDS = "job_seconds"
RETRIES = "retries"
TAKE_OVERS = "take_overs"
CALL_UPS = "call_ups"
REQUESTS = "requests"  # added by the ledger itself, with the usage of each flush

_OVER = {State.COMPLETED, State.FAILED, State.CANCELLED}


class Figures:
    """The figures of one process; thread-safe. No user stands in one."""

    def __init__(self, pool: Pool, *, flush_seconds: float) -> None:
        self._counting = Counting[Figure]("figures", pool, fleet.add_tallies, flush_seconds=flush_seconds)

    def step_ended(self, was: Job, ended: Job, seconds: float) -> None:
        """Count a step that was stored, with the time from its claim, and its job if that is over. Never raises."""
        result = result_of(was, ended)
        counts = {_figure(STEPS, kind=was.kind, result=result): 1.0}
        counts |= _observed(STEP_SECONDS, seconds, STEP_BOUNDS, kind=was.kind)
        if result == "retried":
            counts[_figure(RETRIES, kind=was.kind, error_class=ended.error_class or "")] = 1.0
        self._counting.add(counts)
        if ended.state in _OVER:
            self.job_ended(ended)

    def job_ended(self, job: Job) -> None:
        """Count a job that is over, with the time since it began. Never raises."""
        began, ended = job.started_at, job.finished_at
        lasted = timedelta() if began is None or ended is None else ended - began
        labels = {"lane": job.lane, "kind": job.kind, "state": job.state.value}
        self._counting.add(_observed(JOB_SECONDS, lasted.total_seconds(), JOB_BOUNDS, **labels))

    def taken_over(self, expired: Expired, job: Job) -> None:
        """Count a step taken from a worker that died or slept, and its job if that is over by it. Never raises."""
        executing = "true" if expired.crashed else "false"
        self._counting.add({_figure(TAKE_OVERS, kind=job.kind, executing=executing): 1.0})
        if job.state in _OVER:
            self.job_ended(job)

    def called_up(self, lane: str, steps: int) -> None:
        """Count steps that were called up. Never raises."""
        if steps:
            self._counting.add({_figure(CALL_UPS, lane=lane): float(steps)})

    def flush(self) -> bool:
        """Add everything counted so far to the ledger. False while the ledger cannot be reached: it is kept."""
        return self._counting.flush()

    def close(self) -> None:
        """Flush for the last time; one try, for the process wants to end."""
        self._counting.close()


def result_of(was: Job, ended: Job) -> str:
    """Say how a step ended: the state of a job that is over, "stored", "retried" after an error, or "given_back"."""
    if ended.state in _OVER:
        return ended.state.value
    if ended.steps > was.steps:
        return "stored"
    return "retried" if ended.attempts > was.attempts else "given_back"


def _observed(name: str, seconds: float, bounds: Sequence[float], **labels: str) -> dict[Figure, float]:
    """One observation of a histogram: its bucket, which holds none of the smaller ones, and the sum."""
    place = bisect_left(bounds, seconds)
    bound = f"{bounds[place]:g}" if place < len(bounds) else "+Inf"
    return {_figure(f"{name}_bucket", **labels, le=bound): 1.0, _figure(f"{name}_sum", **labels): max(0.0, seconds)}


def _figure(name: str, **labels: str) -> Figure:
    return name, tuple(sorted(labels.items()))
