"""A worker as a process that can be killed, stopped, woken and asked to end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cli import lifeline
from tests.journeys.spending import Span

START_SECONDS = 60.0
END_SECONDS = 120.0
REKKRD_WORKER = (sys.executable, "-m", "cli.main", "worker")


class Worker:
    """One `rekkrd worker`, with everything from its environment and its log in a file."""

    def __init__(self, environment: Mapping[str, str], log: Path, command: Sequence[str] = REKKRD_WORKER) -> None:
        self._log = log
        with log.open("w") as file:
            self.process = subprocess.Popen(
                command,
                env=lifeline.tie({**environment, "PYTHONUNBUFFERED": "1"}),
                cwd=log.parent,
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
                process_group=0,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def wait_until_started(self) -> None:
        """Return when it has begun to look at the line; one that ends instead fails the test with its last words."""
        deadline = time.monotonic() + START_SECONDS
        while not self.events("worker_started"):
            assert self.is_alive, self.said()
            assert time.monotonic() < deadline, "the worker did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it in the middle of whatever it does."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill it with -9, stopped or not, and everything that it started."""
        if self.is_alive:
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()

    def wait_for_end(self) -> None:
        """Return when it has ended by itself."""
        self.process.wait(END_SECONDS)
        self.kill()

    def terminate(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.terminate()
        return self.process.wait(END_SECONDS)

    def events(self, name: str) -> list[dict[str, Any]]:
        """Its log lines of one event."""
        return [line for line in self.log() if line["event"] == name]

    def waits(self) -> list[Span]:
        """When a step of this worker waited for its token, by its log."""
        began: dict[str, float] = {}
        waits = []
        for line in self.log():
            at, job_id = datetime.fromisoformat(line["timestamp"]).timestamp(), line.get("job_id", "")
            if line["event"] == "step_began":
                began[job_id] = at
            elif line["event"] in ("token_taken", "step_given_back") and job_id in began:
                waits.append(Span(began.pop(job_id), at))
        return waits

    def log(self) -> list[dict[str, Any]]:
        """Its log lines; one that was cut off by a kill is left aside."""
        return [json.loads(line) for line in self.said().splitlines() if line.startswith("{") and line.endswith("}")]

    def said(self) -> str:
        return self._log.read_text()
