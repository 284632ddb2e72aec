"""How fast requests go out for one user of one lane: the budget, divided as the limiter divides it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings


@dataclass(frozen=True, slots=True)
class Pace:
    """The budget of the fleet: requests in a window of seconds, and what each lane gets of them while all have work."""

    requests: int
    window_seconds: float
    shares: Mapping[Lane, float]

    @classmethod
    def of(cls, limits: LimiterSettings) -> "Pace":
        """Return the pace that the settings allow."""
        return cls(limits.limit, limits.window_seconds, limits.shares)

    def at(self, share: float) -> "Pace":
        """Return the pace while an operator's brake leaves only this share of the budget."""
        return replace(self, requests=max(1, int(self.requests * share)))

    def seconds_per_step(self, lane: str, users_by_lane: Mapping[str, int]) -> float:
        """Seconds between two steps of this lane, whoever's turn it is, while the lanes with work stay the same.

        People at screens come and go, so the interactive lane does not slow a forecast down.
        """
        mine = Lane(lane)
        rivals = [other for other in Lane if other in users_by_lane and other not in (mine, Lane.INTERACTIVE)]
        share = self.shares[mine] / (self.shares[mine] + sum(self.shares[other] for other in rivals))
        return self.window_seconds / self.requests / share

    def seconds(self, requests: int, lane: str, users_by_lane: Mapping[str, int]) -> float:
        """Seconds that so many requests of one user take, taking turns with the other users of the lane."""
        return requests * self.seconds_per_step(lane, users_by_lane) * max(1, users_by_lane.get(lane, 1))
