"""Why work waits: the causes in the order in which to fix them, and when the last of them ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from services.operations import causes
from services.operations.causes import Cause, Code, Facts
from services.wording import clock


@dataclass(frozen=True, slots=True)
class Explanation:
    """Causes in order, and the latest end: None when there is none, or when nobody knows it."""

    causes: tuple[Cause, ...]

    @property
    def blocking(self) -> tuple[Cause, ...]:
        """The causes that stop work."""
        return tuple(cause for cause in self.causes if cause.is_blocking)

    @property
    def has_unknown_end(self) -> bool:
        """Return True if a cause has no end that anybody knows: then there is no ETA."""
        return any(cause.until is None for cause in self.blocking)

    @property
    def until(self) -> datetime | None:
        """The latest end of all causes that stop work."""
        ends = [cause.until for cause in self.blocking if cause.until is not None]
        return None if self.has_unknown_end else max(ends, default=None)


def explain(facts: Facts, zone: tzinfo = UTC) -> Explanation:
    """Return why this work waits, as a pure function. ``zone`` is the reader's, for times inside messages."""
    found = [
        *causes.of_database(facts.system),
        *causes.of_clock(facts),
        *causes.of_redis(facts.system),
        *causes.of_workers(facts, zone),
        *causes.of_discogs(facts, zone),
        *causes.of_queue(facts),
    ]
    return Explanation(tuple(sorted(found, key=lambda cause: list(Code).index(cause.code))))


def sentence(explanation: Explanation, now: datetime, zone: tzinfo = UTC, *, verb: str = "Continues") -> str:
    """Return all messages, and the latest end where it is known; empty when nothing stops work."""
    said = " ".join(cause.message for cause in explanation.blocking)
    if not said or explanation.until is None:
        return said
    return f"{said} {verb} at {clock(explanation.until, now, zone)} at the earliest."


def merged(explanations: Iterable[Explanation]) -> list[Cause]:
    """Return the causes of several queues in order, one that they share only once."""
    seen: dict[tuple[Code, str], Cause] = {}
    for explanation in explanations:
        for cause in explanation.causes:
            seen.setdefault((cause.code, cause.message), cause)
    return sorted(seen.values(), key=lambda cause: list(Code).index(cause.code))
