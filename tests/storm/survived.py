"""What a storm was, in figures."""

from collections import Counter
from dataclasses import dataclass

from tests.journeys.simulated import Json
from tests.storm.weather import Kind


@dataclass(frozen=True, slots=True)
class Survived:
    """What a storm was, in figures; ``complaints`` is empty when nothing was lost and nothing doubled."""

    seconds: float
    struck: Counter[Kind]
    missed: Counter[Kind]
    spoiled: int  # requests that Discogs answered badly
    lost_replies: int
    take_overs: list[float]  # seconds from kill -9 or SIGSTOP to the next claim of the job
    taken_back: int  # steps whose lease ran out, for whatever reason
    totals: Json
    requests: int
    most: int
    most_beside_stopped: int
    stopped_before_write: int
    refusals: int  # 429 that nobody ordered
    ordered_refusals: int
    complaints: list[str]

    def lines(self) -> list[str]:
        """Say it to a person."""
        totals, unknown = self.totals, self.requests - self.totals["requests"]
        ends = f"{totals['completed']} completed, {totals['cancelled']} cancelled by their collector"
        return [
            f"Survived in {self.seconds:.0f} s: {self.struck.total()} blows",
            *(f"  {self.struck[kind]:4} {kind}" for kind in Kind if self.struck[kind]),
            f"  {self.missed.total():4} found nothing to strike",
            f"Replies   {self.lost_replies} lost on the way from our servers, {self.spoiled} bad answers of Discogs",
            f"Jobs      {totals['jobs']}: {ends}, {totals['failed']} failed",
            f"Work      {totals['steps']} steps, {self.requests} requests; {unknown} requests died with their step",
            f"Take-over {_told(self.take_overs)}; {self.taken_back} leases ran out",
            f"Window    {self.most} requests at most, {self.most_beside_stopped} without those of stopped threads",
            f"Stopped   {self.stopped_before_write} threads between look and write",
            f"429       {self.refusals} of our own making, {self.ordered_refusals} ordered",
        ]


def _told(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    p50, p95 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95))
    return f"p50 {p50:.1f} s, p95 {p95:.1f} s, max {ordered[-1]:.1f} s of {len(ordered)}"
