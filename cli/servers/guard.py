"""The guard of one server: its parent process, which ends it when we end, even when we end by kill -9.

It is started by its path and stands alone: only the standard library, and few modules of that, for it starts in front
of every server. Standard input is its lifeline. We hold the other end, the first line is the order as JSON, later bytes
are wishes (STOP, KILL), and the end of the pipe is our death. Standard output says `started PID`, then `ended STATUS`.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STOP, KILL = b"s", b"k"
LOOK_SECONDS = 1.0  # where the kernel does not tell us of our parent's death, we look
QUIT_SECONDS = 5.0
KILL_SECONDS = 5.0
SET_PARENT_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36  # prctl(2)
IS_LINUX = sys.platform == "linux"


@dataclass(slots=True)
class Ward:
    """The server, and the end that we read when one of our children ended."""

    pid: int
    bell: int
    end_signal: int
    grace_seconds: float
    status: int | None = None

    def reap(self) -> None:
        """Take in every child that ended: orphans of the server become ours on Linux."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self.pid:
                    self.status = ended[1]

    def wait(self, seconds: float) -> bool:
        """Wait for the server's end. False when it outlives that time."""
        deadline = time.monotonic() + seconds
        self.reap()
        while self.status is None and (left := deadline - time.monotonic()) > 0:
            if select.select([self.bell], [], [], left)[0]:
                os.read(self.bell, 512)
            self.reap()
        return self.status is not None

    def end(self) -> None:
        """Ask, ask harder, kill."""
        for number, seconds in ((self.end_signal, self.grace_seconds), (signal.SIGQUIT, QUIT_SECONDS)):
            self._signal(number)
            self._signal(signal.SIGCONT)  # a stopped one hears nothing else
            if self.wait(seconds):
                return
        self.kill()

    def kill(self) -> None:
        """Kill the server with its children. Stopped first, for a server that still forks gets away."""
        self._signal(signal.SIGSTOP)
        family = descendants(self.pid)
        self._signal(signal.SIGKILL)
        for pid in family:
            _kill(pid)
        self.wait(KILL_SECONDS)

    def _signal(self, number: int) -> None:
        if self.status is None:  # not reaped by us, so the number is still its own
            os.kill(self.pid, number)


def main() -> None:
    """Start what the order says, watch over it, and clear up behind it."""
    order = json.loads(_first_line())
    for fd in order["keep"]:
        os.set_inheritable(fd, False)  # the lock of the folder: ours until the server has ended, never the server's own
    call_kernel = ctypes.CDLL(None).prctl if IS_LINUX else None
    if call_kernel:
        call_kernel(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    bell = _hear_signals()
    ward = Ward(_start(order, call_kernel), bell, order["end_signal"], order["grace_seconds"])
    _say(f"started {ward.pid}")
    is_orphaned = _watch(ward, order["parent"])
    _clear_children(ward)
    if is_orphaned:
        remove(order["remove"], order["above"])
    _say(f"ended {ward.status}")


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        if not (read := os.read(0, 1)):
            sys.exit(1)  # our parent died before it could say what it wanted
        line += read
    return line


def _hear_signals() -> int:
    """Turn signals into bytes that `select` hears, each the signal's number."""
    bell, ring = os.pipe()
    os.set_blocking(bell, False)
    os.set_blocking(ring, False)
    signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return bell


def _start(order: dict[str, Any], call_kernel: Any) -> int:
    guard = os.getpid()
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    if pid := os.fork():
        os.close(log)
        os.close(nothing)
        return pid
    try:
        os.dup2(nothing, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        if order["uid"] is not None:
            os.setgroups([])
            os.setgid(order["gid"])
            os.setuid(order["uid"])
        if call_kernel:
            # Should the guard be killed too. It belongs to the thread that forked: the guard has only one. A change
            # of user clears it, so it comes after that.
            call_kernel(SET_PARENT_DEATH_SIGNAL, order["end_signal"], 0, 0, 0)
            if os.getppid() != guard:
                os._exit(1)
        os.umask(0o077)
        os.chdir(order["folder"])
        os.execve(order["command"][0], order["command"], order["environment"])  # noqa: S606  no shell is what we want
    except OSError as error:
        os.write(2, f"{order['command'][0]}: {error}\n".encode())
    finally:
        os._exit(127)


def _watch(ward: Ward, parent: int) -> bool:
    """Come back when the server has ended, by itself or by our parent's wish or death. True when it was that death."""
    is_orphaned = False
    parent_fd = _open_process(parent)
    heard = [0, ward.bell] if parent_fd is None else [0, ward.bell, parent_fd]
    while ward.status is None:
        ready = select.select(heard, [], [], LOOK_SECONDS if parent_fd is None else None)[0]
        told = os.read(ward.bell, 512) if ward.bell in ready else b""
        ward.reap()
        wish = os.read(0, 1) if 0 in ready else None
        # A forked child of our parent may still hold the pipe, so its death is looked at beside it.
        is_orphaned = wish == b"" or parent_fd in ready or os.getppid() != parent
        if wish == KILL:
            ward.kill()
        elif wish == STOP or is_orphaned or set(told) - {signal.SIGCHLD}:
            ward.end()
    return is_orphaned


def _open_process(pid: int) -> int | None:
    if IS_LINUX:
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
    return None


def _clear_children(ward: Ward) -> None:
    """Kill what the server left behind: on Linux it has become our child."""
    deadline = time.monotonic() + KILL_SECONDS
    while (left := descendants(os.getpid())) and time.monotonic() < deadline:
        for pid in left:
            _kill(pid)
        time.sleep(0.01)
        ward.reap()


def descendants(pid: int) -> list[int]:
    """List the children of a process, and theirs."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found, look = [], [pid]
    while look:
        for child in children.get(look.pop(), []):
            found.append(child)
            look.append(child)
    return found


def _parents() -> list[tuple[int, int]]:
    """Pair every process with its parent."""
    if not IS_LINUX:
        with subprocess.Popen(["/bin/ps", "-A", "-o", "pid=,ppid="], stdout=subprocess.PIPE, text=True) as ps:
            table = [line.split() for line in ps.communicate()[0].splitlines()]
        return [(int(pid), int(parent)) for pid, parent in table if int(pid) != ps.pid]
    pairs = []
    for entry in os.listdir("/proc"):  # noqa: PTH208  by name only: a hundred paths a look are not worth making
        if entry.isdigit():
            with contextlib.suppress(OSError):
                stat = Path("/proc", entry, "stat").read_bytes()
                pairs.append((int(entry), int(stat.rpartition(b")")[2].split()[1])))
    return pairs


def remove(folders: Iterable[str | Path], above: Iterable[str | Path]) -> None:
    """Remove folders whole, then those above them, and notes in there, until one is still needed."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        for path in map(Path, above):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _say(words: str) -> None:
    with contextlib.suppress(OSError):  # nobody may be left to hear it
        os.write(1, words.encode() + b"\n")


if __name__ == "__main__":
    main()
