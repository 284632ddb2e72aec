"""How a minute's requests go to the lanes: as the limiter's weights have it, whatever each of them wants."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.limiter.lanes import Lane

EVEN = 1e-9
LANES = tuple(Lane)


@dataclass(slots=True)
class Sharing:
    """The lanes' shares, and what rounding still owes each lane from the minutes before."""

    shares: Mapping[Lane, float]
    owed: dict[Lane, float] = field(default_factory=lambda: dict.fromkeys(LANES, 0.0))

    def out(self, tokens: int, wanted: Mapping[Lane, int]) -> dict[Lane, int]:
        """Give each lane with work its share, and what one does not use to the others, by their shares.

        Interactive goes first within its share: over a minute that is the same, for so much it has anyway.
        """
        at_work = [lane for lane in LANES if wanted[lane]]
        if len(at_work) < 2 or sum(wanted.values()) <= tokens:
            return {lane: min(wanted[lane], tokens) for lane in LANES}
        exact = filled(tokens, wanted, self.shares)
        given, left = dict.fromkeys(LANES, 0), tokens
        for lane in LANES:
            self.owed[lane] += exact[lane]
            given[lane] = max(0, min(left, wanted[lane], int(self.owed[lane] + EVEN)))
            left -= given[lane]
        for lane in sorted(at_work, key=lambda lane: given[lane] - self.owed[lane]):
            more = min(left, 1, wanted[lane] - given[lane])
            given[lane] += more
            left -= more
        for lane in at_work:
            self.owed[lane] = max(-1.0, min(1.0, self.owed[lane] - given[lane]))
        return given


def filled(tokens: float, wanted: Mapping[Lane, int], shares: Mapping[Lane, float]) -> dict[Lane, float]:
    """Pour tokens over lanes by their shares until each is full or nothing is left."""
    given = dict.fromkeys(LANES, 0.0)
    thirsty = [lane for lane in LANES if wanted[lane]]
    while thirsty:
        each = tokens / sum(shares[lane] for lane in thirsty)
        full = [lane for lane in thirsty if wanted[lane] <= each * shares[lane] + EVEN]
        if not full:
            return given | {lane: each * shares[lane] for lane in thirsty}
        for lane in full:
            given[lane] = float(wanted[lane])
            tokens -= wanted[lane]
            thirsty.remove(lane)
    return given
