"""What the limiter can be seen doing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from workers.limiter.lanes import Lane
from workers.limiter.script import BOUNDS
from workers.limiter.settings import LimiterSettings


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate while it is closed."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Brake:
    """The operator's brake while it is pulled: the share of the limit that is left, 0 for none."""

    share: float
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits for a token at this moment, and for how many seconds."""

    lane: Lane
    user: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the grants of a lane were waited for, in the whole fleet, since the budget's memory began.

    ``buckets`` are pairs of an upper bound in seconds and how many waited no longer, ascending; the last bound is
    infinite. ``seconds`` is the sum of all waits.
    """

    seconds: float
    buckets: tuple[tuple[float, int], ...]

    @property
    def count(self) -> int:
        """Grants of the lane."""
        return self.buckets[-1][1]

    def quantile(self, part: float) -> float | None:
        """The bound in seconds that this part of all did not exceed; None before the first grant."""
        return next(bound for bound, count in self.buckets if count >= part * self.count) if self.count else None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The budget at one moment.

    ``limit`` is what may be spent in a window now, ``limit_configured`` what the settings allow; between them stand
    ``brake`` and ``cap``, the lower limit that Discogs told of. ``foreign`` is what others on our address spend, which
    lowers us where it is more than the reserve. ``free`` is what nobody has used of this window. ``gate`` is also set
    by a brake that leaves nothing. ``granted``, ``returned`` (unused), ``throttled`` (answered 429) and ``waits`` count
    since the budget's memory began.
    """

    taken_at: datetime
    window_seconds: float
    limit: int
    limit_configured: int
    free: int
    spent: int
    spent_by_lane: Mapping[Lane, int]
    in_flight: Mapping[Lane, int]
    waiting: tuple[Waiting, ...]
    next_token_at: datetime
    gate: Gate | None
    brake: Brake | None
    cap: int | None
    foreign: int
    shares: Mapping[Lane, float]
    granted: int
    returned: int
    throttled: int
    waits: Mapping[Lane, Waits]


def read(reply: dict[str, Any], settings: LimiterSettings) -> Snapshot:
    """Make a snapshot of the script's reply."""
    at = datetime.now(UTC)

    def after(milliseconds: float) -> datetime:
        return at + timedelta(milliseconds=milliseconds)

    gate, brake = reply.get("gate"), reply.get("brake")
    tally: dict[str, int] = reply["tally"]
    return Snapshot(
        taken_at=at,
        window_seconds=settings.window_seconds,
        limit=int(reply["limit"]),
        limit_configured=settings.limit,
        free=max(0, int(reply["room"]) - int(reply["spent"])),
        spent=int(reply["spent"]),
        spent_by_lane={Lane(lane): int(count) for lane, count in dict(reply["spent_by_lane"]).items()},
        in_flight={Lane(lane): int(count) for lane, count in dict(reply["in_flight"]).items()},
        waiting=tuple(Waiting(Lane(one["lane"]), one["user"], one["waited"] / 1000) for one in reply["waiting"]),
        next_token_at=after(reply["next_in"]),
        gate=None if gate is None else Gate(after(gate["left"]), gate["reason"]),
        brake=None if brake is None else Brake(float(brake["share"]), after(brake["left"]), brake["reason"]),
        cap=None if reply.get("cap") is None else int(reply["cap"]),
        foreign=int(reply["foreign"]),
        shares=settings.shares,
        granted=int(reply["granted"]),
        returned=tally.get("returned", 0),
        throttled=tally.get("throttled", 0),
        waits={lane: _waits(tally, lane) for lane in Lane},
    )


def _waits(tally: Mapping[str, int], lane: Lane) -> Waits:
    bounds = (*BOUNDS, float("inf"))
    counts = accumulate(tally.get(f"{lane}|waits|{number}", 0) for number in range(1, len(bounds) + 1))
    return Waits(tally.get(f"{lane}|waited", 0) / 1000, tuple(zip(bounds, counts, strict=True)))
