"""What a benchmark gives back: figures, each with the target that it has to meet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from cli.servers import Servers

Track = Callable[[str, float, float], None]  # a name, how much is done, of how much


class Bound(StrEnum):
    """On which side of its target a figure has to be."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    EXACTLY = "exactly"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its unit. Without a ``bound`` it is only told."""

    name: str
    value: float
    unit: str = ""
    bound: Bound | None = None
    target: float | None = None

    @property
    def is_met(self) -> bool | None:
        if self.target is None:
            return None
        match self.bound:
            case Bound.AT_MOST:
                return self.value <= self.target
            case Bound.AT_LEAST:
                return self.value >= self.target
            case Bound.EXACTLY:
                return self.value == self.target
            case None:
                return None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All figures of one benchmark; ``details`` are for whoever wants to look closer, plain values for JSON."""

    figures: Sequence[Figure]
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a benchmark works with: servers of its own, a folder that goes away, and where to tell how far it is.

    ``is_quick`` asks for a run of seconds on scaled windows, which shows that everything works and proves no figure.
    """

    servers: Servers
    folder: Path
    track: Track
    is_quick: bool = False


def at_most(name: str, value: float, target: float, unit: str = "") -> Figure:
    """A figure that must not be above its target."""
    return Figure(name, round(value, 4), unit, Bound.AT_MOST, target)


def at_least(name: str, value: float, target: float, unit: str = "") -> Figure:
    """A figure that must not be below its target."""
    return Figure(name, round(value, 4), unit, Bound.AT_LEAST, target)


def exactly(name: str, value: float, target: float, unit: str = "") -> Figure:
    """A figure that must be what it must be."""
    return Figure(name, value, unit, Bound.EXACTLY, target)


def told(name: str, value: float, unit: str = "") -> Figure:
    """A figure without a target."""
    return Figure(name, round(value, 4), unit)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]
