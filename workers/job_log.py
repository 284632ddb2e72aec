"""What a step says while it runs is kept for its job: lines of level info and above, and each request to Discogs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from structlog.typing import EventDict, WrappedLogger

from db.storable import Json, storable
from db.story import Asked, Line

MOST_A_STEP = 20  # lines; a step that says more says how many are left out
LONGEST = 500  # characters of a fact

_LEVELS = frozenset({"info", "warning", "error", "critical"})
# On every line of a job, or no plain value.
_NOT_FACTS = frozenset({"event", "level", "timestamp", "job_id", "kind", "user_id", "exc_info", "stack_info"})


class Notes:
    """What is kept of the step that one thread has in hand, until it ends."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self._lines: list[Line] = []
        self._left_out = 0

    @property
    def lines(self) -> list[Line]:
        """The lines in their order, and how many more there were."""
        if not self._left_out:
            return self._lines
        return [*self._lines, _line("info", "lines_left_out", {"lines": self._left_out})]

    def say(self, level: str, event: str, facts: Mapping[str, Json]) -> None:
        """Keep one line, if there is room."""
        if len(self._lines) < MOST_A_STEP:
            self._lines.append(_line(level, event, facts))
        else:
            self._left_out += 1

    def asked(self, request: Asked) -> None:
        """Keep one request that left. Never raises."""
        self.requests.append(request)
        is_well = request.status is not None and request.status < 400
        facts: dict[str, Json] = {"endpoint": request.endpoint, "status": request.status}
        self.say("info" if is_well else "warning", "asked_discogs", {**facts, "seconds": round(request.seconds, 3)})

    @contextmanager
    def of_one_try(self) -> Iterator[None]:
        """Keep what is said inside the block only if it ends well: a transaction that is tried again says it again."""
        lines, left_out = len(self._lines), self._left_out
        try:
            yield
        except BaseException:
            del self._lines[lines:]
            self._left_out = left_out
            raise


_taken: ContextVar[Notes | None] = ContextVar("notes of the step under way", default=None)


@contextmanager
def taking_notes() -> Iterator[Notes]:
    """Keep what this thread logs inside the block."""
    notes = Notes()
    token = _taken.set(notes)
    try:
        yield notes
    finally:
        _taken.reset(token)


def keep(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hand a line on as it is, and keep it for the job; behind whatever hides secrets, in the list of processors."""
    notes, level = _taken.get(), event.get("level")
    if notes is not None and level in _LEVELS:
        facts = {name: _plain(value) for name, value in event.items() if name not in _NOT_FACTS}
        notes.say(str(level), str(event.get("event")), facts)
    return event


def _line(level: str, event: str, facts: Mapping[str, Json]) -> Line:
    return Line(datetime.now(UTC), level, event, facts)


def _plain(value: Any) -> Json:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 6) if abs(value) < 1e15 else str(value)  # nor is NaN or infinity a number to JSON
    return storable(str(value)[:LONGEST])
