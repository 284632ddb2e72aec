"""The simulated Discogs as a process of its own, spoken to through its admin API."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cli import lifeline

READY_SECONDS = 30.0
# Tied to us like a worker: whatever ends pytest ends the simulator.
COMMAND = """
from cli import lifeline
lifeline.follow()
from simulator.main import serve
from simulator.settings import SimulatorSettings
serve(SimulatorSettings())
"""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as the simulator saw it; ``at`` and ``answered`` are monotonic, ``wall`` is since 1970."""

    at: float
    wall: float
    answered: float | None
    user: str | None
    endpoint: str
    status: int
    fault: str | None


class Simulated:
    """What a journey does with Discogs behind the back of our workers; none of it is counted or logged there."""

    def __init__(self, url: str, window_seconds: float) -> None:
        self.url = url
        self.window_seconds = window_seconds
        self._admin = httpx.Client(base_url=f"{url}/_simulator", timeout=30.0, trust_env=False)

    def open_account(self, username: str, **given: Any) -> Json:
        return dict(self._ask("POST", "/accounts", username=username, **given))

    def truth(self, username: str) -> Json:
        """Everything that an account holds, copies and wishes as their owner's API shows them."""
        return dict(self._ask("GET", f"/accounts/{username}/truth"))

    def change(self, username: str, **change: Any) -> None:
        self._ask("PATCH", f"/accounts/{username}", **change)

    def add_copy(self, username: str, release_id: int, **given: Any) -> int:
        return int(self._ask("POST", f"/accounts/{username}/copies", release_id=release_id, **given)["instance_id"])

    def remove_copy(self, username: str, instance_id: int) -> None:
        self._ask("DELETE", f"/accounts/{username}/copies/{instance_id}")

    def edit_copy(self, username: str, instance_id: int, **edit: Any) -> None:
        self._ask("PATCH", f"/accounts/{username}/copies/{instance_id}", **edit)

    def break_with(self, kind: str, **fault: Any) -> None:
        self._ask("POST", "/faults", kind=kind, **fault)

    def mend(self) -> None:
        """Take back every fault that still waits for a request."""
        self._ask("DELETE", "/faults")

    def struck(self) -> dict[str, int]:
        """How many requests each kind of fault has struck."""
        counts: dict[str, int] = {}
        for fault in self._ask("GET", "/faults")["faults"]:
            counts[fault["kind"]] = counts.get(fault["kind"], 0) + fault["struck"]
        return counts

    def arrivals(self) -> list[Arrival]:
        """Every counted request so far, in the order of coming."""
        lines = self._admin.get("/log").raise_for_status().text.split("\n")
        found = [json.loads(line) for line in lines if line]
        return [Arrival(**{name: one[name] for name in Arrival.__slots__}) for one in found if one["is_counted"]]

    def close(self) -> None:
        self._admin.close()

    def _ask(self, method: str, path: str, **body: Any) -> Any:
        answer = self._admin.request(method, path, json=body or None)
        answer.raise_for_status()
        return answer.json() if answer.content else None


@contextmanager
def simulated(folder: Path, *, window_seconds: float, latency: float = 0.0) -> Iterator[Simulated]:
    """Run an empty one on a free port."""
    ready = folder / "simulator.ready"
    own = {
        "REKKRD_SIMULATOR_PORT": "0",
        "REKKRD_SIMULATOR_READY_FILE": str(ready),
        "REKKRD_SIMULATOR_RECORDS": "0",
        "REKKRD_SIMULATOR_WANTS": "0",
        "REKKRD_SIMULATOR_WINDOW_SECONDS": str(window_seconds),
        "REKKRD_SIMULATOR_LATENCY": str(latency),
    }
    with (
        (folder / "simulator.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-c", COMMAND],
            env=lifeline.tie({**os.environ, **own}),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            process_group=0,
        ) as process,
    ):
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not (ready.exists() and (url := ready.read_text())):
                assert process.poll() is None, (folder / "simulator.log").read_text()
                assert time.monotonic() < deadline, "the simulator did not start"
                time.sleep(0.02)
            running = Simulated(url, window_seconds)
            try:
                yield running
            finally:
                running.close()
        finally:
            process.kill()
