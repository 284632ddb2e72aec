"""Processes that an earlier run left on a folder, found and ended before the next run begins.

There are none unless somebody killed the guards too. On Linux every server is told by its working folder, which for
PostgreSQL is its data. Elsewhere only the process that a server wrote down itself is found.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from signal import SIGCONT, SIGINT, SIGKILL, SIGQUIT, Signals

PATIENCE: tuple[tuple[Signals, float], ...] = ((SIGINT, 10.0), (SIGQUIT, 5.0), (SIGKILL, 5.0))
LOOK_SECONDS = 0.02
PROGRAMS = ("postgres", "initdb", "valkey-server")


def end_orphans(folder: Path, noted: int | None = None) -> list[int]:
    """End the servers that run on ``folder`` or below it and return what there was.

    ``noted`` is the number that a server left in a file: its number may have gone to somebody else since.
    """
    folder = folder.resolve()
    found = _find(folder, noted)
    for number, seconds in PATIENCE:
        left = _find(folder, noted)
        if not left:
            break
        # The first is asked, its children follow it; killed are all, for children do not die of their parent's kill.
        for pid in left if number == SIGKILL else [noted if noted in left else left[0]]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
                os.kill(pid, SIGCONT)  # a stopped one hears nothing else
        _wait_until(lambda: not _find(folder, noted), seconds)
    return found


def is_alive(pid: int) -> bool:
    """Whether any process has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_server_on(pid: int, folder: Path) -> bool:
    """Whether this process is a server of ours on ``folder`` or below it."""
    if sys.platform != "linux":
        shown = subprocess.run(  # noqa: S603  a number and fixed words
            ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
        return str(folder) in shown and any(name in shown for name in PROGRAMS)
    with suppress(OSError):
        place, program = Path(f"/proc/{pid}/cwd").readlink(), Path(f"/proc/{pid}/exe").readlink().name
        return place.is_relative_to(folder) and program.removesuffix(" (deleted)") in PROGRAMS
    return False


def _find(folder: Path, noted: int | None) -> list[int]:
    if sys.platform == "linux":
        pids = sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    else:
        pids = [noted] if noted else []
    return [pid for pid in pids if is_server_on(pid, folder)]


def _wait_until(is_over: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_over() and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
