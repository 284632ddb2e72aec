"""`python -m benchmarks.hanging`: a worker whose one kind of job hangs in the middle of its step."""

import time

from cli import lifeline
from db import Connection
from workers import logs
from workers.kinds import Done, Job, Kind, NoArguments, Progress, Step
from workers.limiter.lanes import Lane
from workers.process import WorkerProcess
from workers.resources import open_resources
from workers.settings import Settings

HANG_SECONDS = 3600.0

HANG = Kind(
    name="hang",
    sentence="Hang.",
    lane=Lane.BACKGROUND,
    arguments=NoArguments,
    checkpoint=NoArguments,
    unique=None,
    speaks_for_user=False,
    takes_token=False,
)


def fetch(_: Step[NoArguments, NoArguments]) -> None:
    """Sleep, as a thread does that waits for something without a time-out."""
    time.sleep(HANG_SECONDS)


def store(_: Connection, __: Step[NoArguments, NoArguments], ___: None) -> Done:
    """Never reached."""
    return Done("It did not hang.", Progress(processed=0))


def main() -> None:
    """Work as `rekkrd worker` does, with this one kind of job."""
    lifeline.follow()
    settings = Settings(None)
    logs.configure(settings.engine.log_format, settings.engine.log_level)
    with open_resources(settings) as resources:
        WorkerProcess(resources, (Job(HANG, fetch, store),)).run()


if __name__ == "__main__":
    main()
