"""A child of `rekkrd up` ends with it, however it ends: kill -9 closes a pipe, and the child hears that."""

import ctypes
import os
import signal
import sys
import time
from threading import Thread

SETTING = "REKKRD_LIFELINE"
INCARNATION = "REKKRD_INCARNATION"  # chosen by the parent, which can then report the death of exactly this process
SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)
GRACE_SECONDS = 5.0  # a step's request may still end; then nobody is left to care


def tie(environment: dict[str, str]) -> dict[str, str]:
    """Return the environment of a child whose standard input is a pipe that its parent holds open."""
    return {**environment, SETTING: "stdin"}


def follow() -> None:
    """End this process when the parent is gone. Only children of `up` do: elsewhere standard input may be anything."""
    if os.environ.pop(SETTING, None) == "stdin":
        if sys.platform == "linux":
            # A stopped process hears no pipe. The kernel wakes it at its parent's death, and it hears the end then.
            ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGCONT, 0, 0, 0)
        Thread(target=_wait_for_end, name="lifeline", daemon=True).start()


def _wait_for_end() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
