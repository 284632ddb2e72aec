"""What a journey spent of the budget, by the simulator's log: never too much, nearly all of it while work waited."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.journeys.oracle import most_in_window
from tests.journeys.simulated import Arrival


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, since 1970."""

    since: float
    until: float

    @property
    def seconds(self) -> float:
        return max(0.0, self.until - self.since)

    def holds(self, time: float) -> bool:
        return self.since <= time < self.until

    def cut_to(self, other: "Span") -> "Span":
        return Span(max(self.since, other.since), min(self.until, other.until))


@dataclass(frozen=True, slots=True)
class Spending:
    """``most`` requests came in one window.

    ``use`` compares with what could be sent while a step waited for its token, ``use_of_work`` with what could be sent
    while enough people had work: the second also sees what the engine loses between steps, and how busy the machine is,
    so it counts at the true window only.
    """

    requests: int
    most: int
    use: float
    use_of_work: float

    def __str__(self) -> str:
        return (
            f"{self.requests} requests, at most {self.most} in a window, "
            f"{self.use:.3f} of the possible use while a step waited, {self.use_of_work:.3f} while work did"
        )


def spending(
    arrivals: Sequence[Arrival],
    *,
    window: float,
    limit: int,
    busy: Span,
    waits: Sequence[Span],
    outages: Sequence[Span],
    hold: float,
) -> Spending:
    """Add up. A request keeps its place in the window until one window after its answer, or after ``hold`` when it got
    none: that is how often one may be sent. What killed workers still hold is not excused.
    """
    counted = [one for one in arrivals if busy.holds(one.wall) and not any(out.holds(one.wall) for out in outages)]
    held = [one.answered - one.at if one.answered is not None else hold for one in counted]
    interval = (window + sum(held) / max(1, len(held))) / limit
    paced = [Span(one.wall, one.wall + interval) for one in counted]
    within = [cut for wait in waits if (cut := wait.cut_to(busy)).seconds]
    return Spending(
        requests=len(arrivals),
        most=most_in_window([one.at for one in arrivals], window),
        use=len(counted) * interval / max(interval, _covered([*paced, *within], outages)),
        use_of_work=len(counted) * interval / max(interval, _covered([busy], outages)),
    )


def _covered(spans: Sequence[Span], outages: Sequence[Span]) -> float:
    """How many seconds these spans cover together, outages left out."""
    edges = sorted([*spans, *outages], key=lambda span: span.since)
    return _length(edges) - _length(sorted(outages, key=lambda span: span.since))


def _length(ordered: Sequence[Span]) -> float:
    total, reached = 0.0, 0.0
    for span in ordered:
        total += max(0.0, span.until - max(span.since, reached))
        reached = max(reached, span.until)
    return total
