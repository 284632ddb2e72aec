"""The body of the job that every engine runs when engines are measured beside each other."""

import time

BEGAN = "began"


def work(number: int, seconds: float, *, is_told: bool) -> None:
    """Say when it began, if that is asked for, and take its time. Number and stamp are one line, whoever else prints.

    The stamp is of the system's monotonic clock, which is one for all processes of a machine.
    """
    stamp = time.monotonic()
    if is_told:
        print(f"{BEGAN} {number} {stamp:.6f}\n", end="", flush=True)
    if seconds:
        time.sleep(seconds)


def begun(said: str) -> list[tuple[int, float]]:
    """Read what ``work`` said: numbers and stamps, in the order in which they were said."""
    words = [line.split() for line in said.splitlines(keepends=True) if line.startswith(BEGAN) and line.endswith("\n")]
    return [(int(number), float(stamp)) for _, number, stamp in words]
