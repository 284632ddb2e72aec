"""The processes of `rekkrd up`: started with a name, heard line by line, ended in the reverse order.

One that came up and then died, by a signal or with an error, is started again: its work is stored, so nothing is lost.
"""

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
from workers.presence import name_of, new_incarnation

Hear = Callable[[str, str], None]

LAST_LINES = 12  # shown when a child ends by itself
READY_SECONDS = 30.0
LOOK_SECONDS = 0.05
REVIVALS = 5  # of one child, in as many seconds as below; who dies more often dies of something that stays
REVIVAL_SECONDS = 300.0
KILL_SECONDS = 20.0  # a worker gives its steps up to a request's deadline; a person at Ctrl-C waits no longer than this


def ours(*arguments: str) -> list[str]:
    """Return the command line of one of our own commands; started so, it follows the lifeline."""
    return [sys.executable, "-m", "cli.main", *arguments]


class Child:
    """One process with its name and its last lines."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], hear: Hear) -> None:
        self.name = name
        self.command = command
        self.environment = environment
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._hear = hear
        self.incarnation = new_incarnation()
        self.process = subprocess.Popen(  # noqa: S603  our own command with our own arguments
            command,
            env=lifeline.tie({**environment, "PYTHONUNBUFFERED": "1", lifeline.INCARNATION: self.incarnation}),
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

    @property
    def worker_name(self) -> str:
        """The name under which this child holds leases, if it is a worker."""
        return name_of(self.process.pid, self.incarnation)

    def hear_out(self) -> None:
        """Wait until the last line of an ended process was heard."""
        self._ear.join(1.0)


class Family:
    """Children in the order of their birth."""

    def __init__(self, hear: Hear, on_death: Callable[[Child], None] = lambda _: None) -> None:
        """Prepare a family. ``on_death`` is told of a child that died by itself, before another one replaces it."""
        self._hear = hear
        self._on_death = on_death
        self._children: list[Child] = []
        self._ended: SimpleQueue[Child] = SimpleQueue()
        self._revived: dict[str, deque[float]] = {}

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        is_ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """Start a child and wait until it is ready. Raises ProcessEnded when it does not come up."""
        child = self._bear(name, command, environment)
        self._children.append(child)
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            ended = self._next_ended(0.0)
            if ended is not None:
                raise _gone(ended, "so everything was ended")
            if time.monotonic() > deadline:
                raise ProcessEnded(f"The {name} did not come up in {READY_SECONDS:.0f} s.", "\n".join(child.last_lines))
            time.sleep(LOOK_SECONDS)

    def check(self) -> None:
        """Start again who died by itself. Raises as ``wait`` does."""
        self.wait(0.0)

    def wait(self, seconds: float | None = None) -> None:
        """Wait for as long as all children live; one that died is started again.

        Raises ProcessEnded, with its last words, for one that died too often, or that ended in peace: it was told to.
        """
        child = self._next_ended(seconds)
        if child is None:
            return
        if child.process.returncode == 0:
            raise _gone(child, "so everything was ended")
        if not self._may_revive(child.name):
            minutes = f"{REVIVAL_SECONDS / 60:.0f} minutes"
            raise _gone(child, f"again after {REVIVALS} new starts within {minutes}, so everything was ended")
        place = self._children.index(child)
        _close(child)
        self._on_death(child)
        self._hear(child.name, f"ended by itself ({_manner(child.process.returncode)}), and is started again")
        self._children[place] = self._bear(child.name, child.command, child.environment)

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
            _close(child)
        self._children.clear()

    def _bear(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        child = Child(name, command, environment, self._hear)
        Thread(target=self._wait_for_end, args=(child,), name=f"wait-{name}", daemon=True).start()
        return child

    def _next_ended(self, seconds: float | None) -> Child | None:
        try:
            child = self._ended.get(timeout=seconds) if seconds != 0.0 else self._ended.get_nowait()
        except Empty:
            return None
        child.hear_out()
        return child

    def _may_revive(self, name: str) -> bool:
        """Count one more new start, if it is not too many in the time that counts."""
        now = time.monotonic()
        times = self._revived.setdefault(name, deque(maxlen=REVIVALS))
        if len(times) == REVIVALS and now - times[0] < REVIVAL_SECONDS:
            return False
        times.append(now)
        return True

    def _wait_for_end(self, child: Child) -> None:
        child.process.wait()
        self._ended.put(child)


def _gone(child: Child, what_then: str) -> ProcessEnded:
    return ProcessEnded(
        f"The {child.name} ended by itself ({_manner(child.process.returncode)}), {what_then}.",
        "Its last lines:\n" + "\n".join(f"  {line}" for line in child.last_lines) if child.last_lines else None,
    )


def _close(child: Child) -> None:
    if child.process.stdin is not None:
        child.process.stdin.close()


def _manner(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
