"""A worker that also knows a job which kills it: run as a script by the journeys, never by anybody else."""

import os
import signal

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


def fetch(_: Step[NoArguments, NoArguments]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def store(_: Connection, __: Step[NoArguments, NoArguments], ___: None) -> Done:
    return Done("survived", Progress(0))


if __name__ == "__main__":
    lifeline.follow()
    settings = here.settings()
    logs.configure(settings.engine.log_format, settings.engine.log_level)
    with here.opened(settings) as resources:
        WorkerProcess(resources, (*JOBS, Job(POISON, fetch, store))).run()
