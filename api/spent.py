"""What programs at the door spent, for the usage figures: each token counts once, when it is known to be used."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from workers.limiter.lanes import Lane
from workers.usage import Tally

NAMELESS = "unnamed"  # the endpoint of a program that does not say what it will call


@dataclass(frozen=True, slots=True)
class Given:
    """A token that this process gave: to whom, for what."""

    lane: Lane
    program: str
    user: str | None
    endpoint: str | None


class Spent:
    """Tokens that this process gave and of which it has not heard. Thread-safe.

    One that is never reported here counts as used, as it does in the budget.
    """

    def __init__(self, usage: Tally, *, hold_seconds: float) -> None:
        self._usage = usage
        self._hold_seconds = hold_seconds
        self._lock = Lock()
        self._given: OrderedDict[str, tuple[float, Given]] = OrderedDict()  # oldest first

    def give(self, grant: str, given: Given, now: float) -> None:
        """Remember a token from when it is handed out; ``now`` is monotonic."""
        with self._lock:
            over = []
            while self._given and next(iter(self._given.values()))[0] <= now - self._hold_seconds:
                over.append(self._given.popitem(last=False)[1][1])
            self._given[grant] = (now, given)
        for each in over:
            self._count(each)

    def settle(self, grant: str, *, was_sent: bool) -> None:
        """Count a token that was reported, or forget one that was handed back; again changes nothing."""
        with self._lock:
            _, given = self._given.pop(grant, (0.0, None))
        if given is not None and was_sent:
            self._count(given)

    def close(self) -> None:
        """Count what is still out."""
        with self._lock:
            left, self._given = list(self._given.values()), OrderedDict()
        for _, given in left:
            self._count(given)

    def _count(self, given: Given) -> None:
        self._usage.count(given.endpoint or NAMELESS, user=given.user, lane=given.lane, kind=f"program:{given.program}")
