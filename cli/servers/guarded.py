"""One run of a server behind its guard, from our side of the pipe."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from cli.servers import guard
from cli.servers.account import Account

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C",
    "TZ": "UTC",
}  # not ours: PGDATA and the like would change a server
KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Order:
    """What to run, where, as whom, and how it is ended."""

    command: Sequence[str | Path]
    folder: Path
    log: Path
    account: Account
    end_signal: Signals
    grace_seconds: float = 10.0
    keep: tuple[int, ...] = ()
    remove: tuple[Path, ...] = ()
    above: tuple[Path, ...] = ()


class Guarded:
    """A server that runs, or has ended. It ends with us, whatever ends us."""

    def __init__(self, order: Order) -> None:
        self._guard = subprocess.Popen(  # noqa: S603  our own file with our own interpreter
            # Isolated and without site: faster, and nothing of the person's own can break it.
            [
                sys.executable,
                "-I",
                "-S",
                str(Path(guard.__file__).resolve()),
                f"of {order.command[0]} in {order.folder}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # nothing left to flush into the pipe of a guard that was killed
            pass_fds=order.keep,
            start_new_session=True,  # Ctrl-C is for us; we end the servers last
        )
        self._status: int | None = None
        self._tell(json.dumps(_as_plain(order)).encode() + b"\n")
        self.pid = int(self._hear("started") or 0)

    def is_alive(self) -> bool:
        """Whether the server runs."""
        return self._guard.poll() is None

    def stop(self) -> None:
        """End it in good order, and wait for that."""
        self._tell(guard.STOP)
        self.wait()

    def kill(self) -> None:
        """Kill it with all its children, and wait until they are gone."""
        self._tell(guard.KILL)
        self.wait()

    def wait(self) -> int | None:
        """Wait for its end and return its status as of waitpid(2); None when the guard was killed."""
        if said := self._hear("ended"):
            self._status = int(said)
        self._guard.wait()
        for pipe in (self._guard.stdin, self._guard.stdout):
            if pipe is not None:
                pipe.close()
        return self._status

    def _tell(self, words: bytes) -> None:
        if self._guard.stdin is not None and not self._guard.stdin.closed:
            try:
                self._guard.stdin.write(words)
            except BrokenPipeError:
                return  # it has ended already

    def _hear(self, what: str) -> str | None:
        if self._guard.stdout is None or self._guard.stdout.closed:
            return None
        word, _, rest = self._guard.stdout.readline().decode().strip().partition(" ")
        return rest if word == what else None


def _as_plain(order: Order) -> dict[str, object]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {
        "parent": os.getpid(),
        "command": [str(word) for word in order.command],
        "environment": {**ENVIRONMENT, **kept, "HOME": str(order.folder)},
        "folder": str(order.folder),
        "log": str(order.log),
        "uid": order.account.uid if order.account.is_other else None,
        "gid": order.account.gid,
        "end_signal": int(order.end_signal),
        "grace_seconds": order.grace_seconds,
        "keep": order.keep,
        "remove": [str(path) for path in order.remove],
        "above": [str(path) for path in order.above],
    }
