"""A worker that takes its machine for another one: run as a script by the journeys, never by anybody else."""

import os
import platform

from actors.jobs import JOBS
from cli import here, lifeline
from workers import logs
from workers.process import WorkerProcess

if __name__ == "__main__":
    lifeline.follow()
    platform.node = lambda: os.environ["TESTS_HOST"]
    settings = here.settings()
    logs.configure(settings.engine.log_format, settings.engine.log_level)
    with here.opened(settings) as resources:
        WorkerProcess(resources, JOBS).run()
