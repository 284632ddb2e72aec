"""A worker that also knows jobs which harm it: run as a script by the journeys, never by anybody else.

With an argument its memory is limited to so many megabytes.
"""

import os
import resource
import signal
import sys
from dataclasses import replace

from actors.jobs import JOBS
from cli import here, lifeline
from db import Connection
from workers import logs
from workers.kinds import Done, Job, Kind, NoArguments, Progress, Step
from workers.limiter.lanes import Lane
from workers.process import WorkerProcess

POISON = Kind(
    name="poison",
    sentence="Kill the worker, as a bug in C would.",
    lane=Lane.BACKGROUND,
    arguments=NoArguments,
    checkpoint=NoArguments,
    unique=None,
    speaks_for_user=False,
    takes_token=False,
)
HOG = replace(POISON, name="hog", sentence="Use up the memory of the worker.")
BLOCK_BYTES = 16 << 20


def fetch(_: Step[NoArguments, NoArguments]) -> None:
    """End as the kernel ends a process that is out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def fetch_too_much(_: Step[NoArguments, NoArguments]) -> None:
    """Allocate until the limit refuses."""
    blocks = []
    while True:
        blocks.append(bytearray(BLOCK_BYTES))


def store(_: Connection, __: Step[NoArguments, NoArguments], ___: None) -> Done:
    return Done("survived", Progress(0))


if __name__ == "__main__":
    lifeline.follow()
    if len(sys.argv) > 1:
        resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]) << 20,) * 2)
    settings = here.settings()
    logs.configure(settings.engine.log_format, settings.engine.log_level)
    with here.opened(settings) as resources:
        WorkerProcess(resources, (*JOBS, Job(POISON, fetch, store), Job(HOG, fetch_too_much, store))).run()
