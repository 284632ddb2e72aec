"""What the limiter can be seen doing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from workers.limiter.lanes import Lane


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate while it is closed."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits for a token at this moment."""

    lane: Lane
    user: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The budget at one moment. ``limit`` is ours after reserve and Discogs' word; ``foreign`` what others spend."""

    taken_at: datetime
    limit: int
    spent: int
    spent_by_lane: dict[Lane, int]
    in_flight: dict[Lane, int]
    waiting: tuple[Waiting, ...]
    next_token_at: datetime
    gate: Gate | None
    foreign: int
    granted: int

    @property
    def free(self) -> int:
        """Tokens of this window that nobody has used."""
        return max(0, self.limit - self.foreign - self.spent)


def read(reply: dict[str, Any]) -> Snapshot:
    """Make a snapshot of the script's reply."""
    at = datetime.now(UTC)
    gate = reply.get("gate")
    return Snapshot(
        taken_at=at,
        limit=int(reply["limit"]),
        spent=int(reply["spent"]),
        spent_by_lane={Lane(lane): int(count) for lane, count in dict(reply["spent_by_lane"]).items()},
        in_flight={Lane(lane): int(count) for lane, count in dict(reply["in_flight"]).items()},
        waiting=tuple(Waiting(Lane(one["lane"]), one["user"]) for one in reply["waiting"]),
        next_token_at=at + timedelta(milliseconds=reply["next_in"]),
        gate=None if gate is None else Gate(at + timedelta(milliseconds=gate["left"]), gate["reason"]),
        foreign=int(reply["foreign"]),
        granted=int(reply["granted"]),
    )
