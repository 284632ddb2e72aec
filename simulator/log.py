"""Every arrival as the server saw it, for proof."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Arrival:
    """One request. ``at`` is monotonic, ``wall`` since 1970; both when its head had come in.

    ``is_counted`` tells requests to the API from pages that a browser opens; ``status`` is 0 where a fault answered
    nothing. ``answered`` is monotonic, when the last byte was handed to the network.
    """

    number: int
    at: float
    wall: float
    peer: str
    method: str
    path: str
    query: str
    endpoint: str = ""
    auth: str = "none"
    user: str | None = None
    status: int = 0
    fault: str | None = None
    is_counted: bool = True
    answered: float | None = None

    def facts(self) -> dict[str, Any]:
        """Return the arrival for JSON."""
        return {name: getattr(self, name) for name in Arrival.__slots__}


class Log:
    """All arrivals since the start or the last ``clear``, in the order of coming."""

    def __init__(self, file: Path | None = None) -> None:
        self.arrivals: list[Arrival] = []
        self._file = file.open("a", encoding="utf-8") if file else None

    def add(self, *, at: float, wall: float, peer: str, method: str, path: str, query: str) -> Arrival:
        """Note an arrival; the rest is filled in as it becomes known."""
        arrival = Arrival(len(self.arrivals) + 1, at, wall, peer, method, path, query)
        self.arrivals.append(arrival)
        return arrival

    def finish(self, arrival: Arrival) -> None:
        """Write a finished arrival to the file, if there is one."""
        if self._file is not None:
            self._file.write(json.dumps(arrival.facts()) + "\n")
            self._file.flush()

    def clear(self) -> None:
        """Forget everything in memory; the file keeps it."""
        self.arrivals = []

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None

    def counted(self, chosen: Callable[[Arrival], bool] | None = None) -> list[Arrival]:
        """Return the requests to the API, in the order of coming."""
        return [each for each in list(self.arrivals) if each.is_counted and (chosen is None or chosen(each))]

    def lines(self) -> Iterator[str]:
        """Return all arrivals as JSON lines."""
        return (json.dumps(each.facts()) for each in list(self.arrivals))

    def most_in_window(self, seconds: float, chosen: Callable[[Arrival], bool] | None = None) -> int:
        """Return the most API requests that came within any window of this length.

        Windows are half open: two requests exactly ``seconds`` apart are not in one window.
        """
        return most_in_window([each.at for each in self.counted(chosen)], seconds)


def most_in_window(times: list[float], seconds: float) -> int:
    """Return the largest number of times within any half-open window of this length."""
    times = sorted(times)
    most = first = 0
    for last, time in enumerate(times):
        while time - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
