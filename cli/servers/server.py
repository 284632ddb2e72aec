"""What both servers share: started behind a guard, waited for, stopped, killed, started again."""

import shutil
import time
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from pathlib import Path
from signal import Signals

from cli.servers.errors import ELSEWHERE, DiskFull, ServerFailed, ServersFailed, translated
from cli.servers.guarded import Guarded, Order
from cli.servers.home import Home
from cli.servers.wreckage import end_orphans

READY_SECONDS = 60.0  # an unclean end may leave much to replay
LOOK_SECONDS = 0.01
LAST_LINES = 8
LEAST_FREE = 1_000_000


class Server(ABC):
    """One server on its home. ``keep`` False removes the home when the server has ended, even if we were killed."""

    name: str
    end_signal: Signals

    def __init__(self, home: Home, *, keep: bool) -> None:
        self.home = home
        self.keep = keep
        self._run: Guarded | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id; None while it is down."""
        return self._run.pid if self._run is not None and self._run.is_alive() else None

    def start(self) -> None:
        """Start it and wait until it takes connections. Raises ServerFailed."""
        if self.pid is not None:
            return
        self._leave()
        with translated(self.home.asked_for):
            self._clear()
            self.prepare()
            run = self.run(self.command())
        deadline = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            if not run.is_alive() or time.monotonic() > deadline:
                raise self.failure("did not come up")
            time.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """End it in good order. Nothing happens when it is down."""
        if self._run is not None:
            self._run.stop()
            self._leave()

    def kill(self) -> None:
        """Kill it with all its children, as a machine that loses power does. ``start`` brings it back."""
        if self._run is not None:
            self._run.kill()
            self._leave()

    def restart(self) -> None:
        """Stop and start again, at the same addresses."""
        self.stop()
        self.start()

    def run(self, command: list[str | Path]) -> Guarded:
        """Run one of the server's programs behind a guard, which holds the lock of the home for as long."""
        home = self.home
        self._run = Guarded(
            Order(
                command,
                home.folder,
                home.log,
                home.account,
                self.end_signal,
                keep=(home.lock,),
                remove=home.passing if self.keep else home.everything,
                above=() if self.keep else home.above,
            )
        )
        return self._run

    def failure(self, what: str) -> ServersFailed:
        """Say what happened, with the server's last words."""
        lines: deque[str] = deque(maxlen=LAST_LINES)
        if self.home.log.exists():
            with self.home.log.open(errors="replace") as log:
                lines.extend(line.rstrip() for line in log)
        is_full = shutil.disk_usage(self.home.folder).free < LEAST_FREE
        if is_full or any("No space left on device" in line for line in lines):
            return DiskFull(
                f"The disk of {self.home.folder} is full, so {self.name} {what}.", f"Make room there. {ELSEWHERE}"
            )
        said = "\n".join(f"  {line}" for line in lines)
        return ServerFailed(
            f"{self.name} {what}. Its log is {self.home.log}.", f"Its last lines:\n{said}" if said else None
        )

    def _clear(self) -> None:
        end_orphans(self.home.folder, self.noted_pid())
        for leftover in self.home.sockets.iterdir():
            leftover.unlink()
        with suppress(FileNotFoundError):  # each run has a log of its own, so that its last words are its own
            self.home.log.replace(self.home.folder / "log.earlier")

    def _leave(self) -> None:
        """Close what is left of an ended run. A guard that was killed may have left its server."""
        if self._run is not None:
            run, self._run = self._run, None
            if run.wait() is None:
                end_orphans(self.home.folder, run.pid)

    @abstractmethod
    def command(self) -> list[str | Path]:
        """Say how the server is started."""

    def noted_pid(self) -> int | None:
        """The process that an earlier run noted in its data, if it does."""
        return None

    @abstractmethod
    def prepare(self) -> None:
        """Write what the server reads when it starts."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether this run takes connections."""
