"""A process under measurement: it can be killed, stopped and weighed, and ends with us however we end."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from cli import lifeline

READY_SECONDS = 120.0
LOOK_SECONDS = 0.02
END_SECONDS = 60.0


class ProcessFailed(Exception):
    """It ended, or did not come up; carries its last words."""


@dataclass(frozen=True, slots=True)
class Memory:
    """In MiB: resident, and the proportional share when pages are shared."""

    rss: float
    pss: float


class Process:
    """One process in a group of its own, its output in a file."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("w", encoding="utf-8") as file:
            self._process = subprocess.Popen(
                command,
                env=lifeline.tie({**environment, "PYTHONUNBUFFERED": "1"}),
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
                process_group=0,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until(self, is_ready: Callable[[str], bool]) -> None:
        """Return when what it said, or anything else, shows that it is ready. Raises ProcessFailed."""
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready(self.said()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ProcessFailed(self.said()[-2000:])
            time.sleep(LOOK_SECONDS)

    def wait(self, seconds: float) -> str:
        """Wait for its end and return what it said. Raises ProcessFailed when that is not the end it should come to."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise ProcessFailed(f"not done after {seconds:.0f} s\n{self.said()[-2000:]}") from None
        if code:
            raise ProcessFailed(self.said()[-2000:])
        return self.said()

    def is_over(self) -> bool:
        return self._process.poll() is not None

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def stop(self) -> None:
        """Stop it where it stands (SIGSTOP)."""
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """Kill it with -9, stopped or not, and all that it started."""
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._close()

    def end(self) -> None:
        """Ask it to end; whoever does not is killed."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self._close()

    def memory(self) -> Memory:
        """Weigh it."""
        full = psutil.Process(self.pid).memory_full_info()
        return Memory(full.rss / 2**20, full.pss / 2**20)

    def _close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Process]:
    """Run a process for as long as the context lasts."""
    process = Process(command, environment, log)
    try:
        yield process
    finally:
        process.end()
