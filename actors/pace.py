"""How fast requests go out for one user of one lane: the budget, divided as the limiter divides it."""

from collections.abc import Mapping
from dataclasses import dataclass

# What each lane gets at least while all have work (DESIGN.md, The limiter). People at screens come and go, so
# interactive work does not slow a forecast down.
SHARES: Mapping[str, float] = {"interactive": 0.6, "import": 0.3, "background": 0.1}


@dataclass(frozen=True, slots=True)
class Pace:
    """The budget of the fleet: requests in a window of seconds."""

    requests: int = 55
    window_seconds: float = 60.0

    def seconds_per_step(self, lane: str, users_by_lane: Mapping[str, int]) -> float:
        """Seconds between two steps of this lane, whoever's turn it is, while the lanes with work stay the same."""
        rivals = [other for other in users_by_lane if other not in (lane, "interactive")]
        share = SHARES[lane] / (SHARES[lane] + sum(SHARES[other] for other in rivals))
        return self.window_seconds / self.requests / share

    def seconds(self, requests: int, lane: str, users_by_lane: Mapping[str, int]) -> float:
        """Seconds that so many requests of one user take, taking turns with the other users of the lane."""
        return requests * self.seconds_per_step(lane, users_by_lane) * max(1, users_by_lane.get(lane, 1))
