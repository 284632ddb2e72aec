"""The simulated Discogs as a process, behind whose back we open accounts and read the log."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processes import running

# Not `rekkrd simulator`: nine of them are up in a third of the time without the other commands.
COMMAND = """
from cli import lifeline
lifeline.follow()
from simulator.main import serve
from simulator.settings import SimulatorSettings
serve(SimulatorSettings())
"""
SLOW_SECONDS = 120.0  # an account with 100,000 records is not made in a moment


@dataclass(frozen=True, slots=True)
class Arrival:
    """One counted request as the simulator saw it; ``at`` and ``answered`` are monotonic."""

    at: float
    answered: float | None
    user: str | None
    path: str
    endpoint: str
    status: int

    @property
    def seconds(self) -> float:
        return 0.0 if self.answered is None else self.answered - self.at


@dataclass(frozen=True, slots=True)
class Collector:
    """An account there, with what signs for it."""

    username: str
    account_id: int
    personal_token: str
    oauth_token: str
    oauth_secret: str


class Simulated:
    """A running simulator. What is asked here is neither counted nor logged there."""

    def __init__(self, url: str, window_seconds: float) -> None:
        self.url = url
        self.window_seconds = window_seconds
        self._admin = httpx.Client(base_url=f"{url}/_simulator", timeout=SLOW_SECONDS, trust_env=False)

    def open_account(self, username: str, *, records: int, wants: int = 0, sells: bool = False) -> Collector:
        """Open an account with a collection of the usual oddness; who sells has filled in the seller settings."""
        account = self._post(
            "/accounts", username=username, records=records, wants=wants, oddness="gentle", has_seller_settings=sells
        )
        token = self._post(f"/accounts/{username}/tokens")
        return Collector(
            username, account["id"], account["personal_token"], token["oauth_token"], token["oauth_token_secret"]
        )

    def add_copy(self, username: str, release_id: int, added: datetime) -> None:
        """Buy a record there."""
        self._post(f"/accounts/{username}/copies", release_id=release_id, date_added=added.isoformat())

    def count(self) -> int:
        """How many requests came so far."""
        return int(self._get("/windows")["requests"])

    def most_in_window(self) -> int:
        """The most requests that came within any rolling window."""
        return int(self._get("/windows")["most"])

    def statuses(self) -> dict[str, int]:
        """How many requests were answered with which status."""
        return dict(self._get("/windows")["statuses"])

    def arrivals(self) -> list[Arrival]:
        """Every counted request so far, in the order of coming."""
        lines = self._admin.get("/log").raise_for_status().text.split("\n")
        found = [json.loads(line) for line in lines if line]
        return [Arrival(**{name: one[name] for name in Arrival.__slots__}) for one in found if one["is_counted"]]

    def forget(self) -> None:
        """Begin with an empty log and an empty window."""
        self._admin.delete("/log").raise_for_status()
        self._admin.delete("/limit").raise_for_status()

    def close(self) -> None:
        self._admin.close()

    def _get(self, path: str) -> dict[str, Any]:
        return dict(self._admin.get(path).raise_for_status().json())

    def _post(self, path: str, **body: object) -> dict[str, Any]:
        return dict(self._admin.post(path, json=body or None).raise_for_status().json())


@contextmanager
def simulated(
    folder: Path, name: str, *, window_seconds: float = 60.0, limit: int = 60, latency: float = 0.0
) -> Iterator[Simulated]:
    """Run an empty one on a free port; its window is its own."""
    ready = folder / f"{name}.address"
    own = {
        "REKKRD_SIMULATOR_PORT": "0",
        "REKKRD_SIMULATOR_READY_FILE": str(ready),
        "REKKRD_SIMULATOR_RECORDS": "0",
        "REKKRD_SIMULATOR_WANTS": "0",
        "REKKRD_SIMULATOR_LIMIT": str(limit),
        "REKKRD_SIMULATOR_WINDOW_SECONDS": str(window_seconds),
        "REKKRD_SIMULATOR_LATENCY": str(latency),
    }
    with running([sys.executable, "-c", COMMAND], {**os.environ, **own}, folder / f"{name}.log") as process:
        process.wait_until(lambda _: ready.exists() and bool(ready.read_text(encoding="utf-8")))
        found = Simulated(ready.read_text(encoding="utf-8"), window_seconds)
        try:
            yield found
        finally:
            found.close()
