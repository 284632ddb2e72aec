"""The processes of `rekkrd up`: started with a name, heard line by line, ended in the reverse order."""

import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread

from cli import lifeline
from cli.errors import ProcessEnded

Hear = Callable[[str, str], None]

LAST_LINES = 12  # shown when a child ends by itself
READY_SECONDS = 30.0
LOOK_SECONDS = 0.05
KILL_SECONDS = 20.0  # a worker gives its steps up to a request's deadline; a person at Ctrl-C waits no longer than this


def ours(*arguments: str) -> list[str]:
    """Return the command line of one of our own commands; started so, it follows the lifeline."""
    return [sys.executable, "-m", "cli.main", *arguments]


class Child:
    """One process with its name and its last lines."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], hear: Hear) -> None:
        self.name = name
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._hear = hear
        self.process = subprocess.Popen(  # noqa: S603  our own command with our own arguments
            command,
            env=lifeline.tie({**environment, "PYTHONUNBUFFERED": "1"}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            bufsize=1,
            start_new_session=True,  # Ctrl-C is for `up` alone, which ends its children in order
        )
        self._ear = Thread(target=self._listen, name=f"hear-{name}", daemon=True)
        self._ear.start()

    def _listen(self) -> None:
        if self.process.stdout is None:
            return
        with self.process.stdout as lines:
            for line in lines:
                self.last_lines.append(line.rstrip())
                self._hear(self.name, line.rstrip())

    def hear_out(self) -> None:
        """Wait until the last line of an ended process was heard."""
        self._ear.join(1.0)


class Family:
    """Children in the order of their birth."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._children: list[Child] = []
        self._ended: SimpleQueue[Child] = SimpleQueue()

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        is_ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """Start a child and wait until it is ready. Raises ProcessEnded when it does not come up."""
        child = Child(name, command, environment, self._hear)
        self._children.append(child)
        Thread(target=self._wait_for_end, args=(child,), name=f"wait-{name}", daemon=True).start()
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise ProcessEnded(f"The {name} did not come up in {READY_SECONDS:.0f} s.", "\n".join(child.last_lines))
            time.sleep(LOOK_SECONDS)

    def check(self) -> None:
        """Raise ProcessEnded when a child ended by itself."""
        self.wait(0.0)

    def wait(self, seconds: float | None = None) -> None:
        """Wait for as long as all children live. Raises ProcessEnded with the last words of the one that does not."""
        try:
            child = self._ended.get(timeout=seconds) if seconds != 0.0 else self._ended.get_nowait()
        except Empty:
            return
        child.hear_out()
        raise ProcessEnded(
            f"The {child.name} ended by itself ({_manner(child.process.returncode)}), so everything was ended.",
            "Its last lines:\n" + "\n".join(f"  {line}" for line in child.last_lines) if child.last_lines else None,
        )

    def end(self) -> None:
        """End every child, the last one first; whoever does not listen is killed."""
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.terminate()
                child.process.send_signal(signal.SIGCONT)  # a stopped one hears nothing else
        deadline = time.monotonic() + KILL_SECONDS
        for child in reversed(self._children):
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                child.process.kill()
                child.process.wait()
            child.hear_out()
            if child.process.stdin is not None:
                child.process.stdin.close()
        self._children.clear()

    def _wait_for_end(self, child: Child) -> None:
        child.process.wait()
        self._ended.put(child)


def _manner(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
