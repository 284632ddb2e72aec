"""`rekkrd worker`: the process that runs jobs, joined here from the engine and the jobs' code."""

import os
from typing import Annotated

import typer

from actors.alerting.mailing import composer
from actors.jobs import jobs_of
from cli import here, lifeline
from cli.production import require_complete
from workers import logs
from workers.ending import Ending
from workers.limiter.lanes import Lane
from workers.process import WorkerProcess


def worker(
    queues: Annotated[
        str, typer.Option(metavar="LANES", help="The lanes to work for, with commas between.")
    ] = "interactive,import,background",
    threads: Annotated[
        int | None, typer.Option(min=1, max=64, help="Steps to run at a time; REKKRD_WORKER_THREADS otherwise.")
    ] = None,
) -> None:
    """Run jobs.

    At Ctrl-C or SIGTERM the steps under way are finished and the rest is given back. Start as many as you like, on as
    many machines as you like: they share one line and one budget.
    """
    ending = Ending()  # first of all: a process that is asked to end while it starts ends with status 0, too
    lanes = _lanes(queues)
    if threads is not None:
        os.environ["REKKRD_WORKER_THREADS"] = str(threads)  # an option outranks the environment
    settings = here.settings()
    require_complete(settings)
    logs.configure(settings.engine.log_format, settings.engine.log_level)
    with here.opened(settings) as resources:
        compose = composer(resources.keys, sender=settings.engine.mail_from, public_url=settings.engine.public_url)
        WorkerProcess(
            resources,
            jobs_of(settings.engine),
            lanes=lanes,
            compose=compose,
            incarnation=os.environ.pop(lifeline.INCARNATION, None),
        ).run(ending)


def _lanes(queues: str) -> tuple[Lane, ...]:
    named = [name.strip() for name in queues.split(",") if name.strip()]
    unknown = [name for name in named if name not in set(Lane)]
    if unknown or not named:
        raise typer.BadParameter(
            f"{', '.join(unknown) or 'nothing'} is no lane. There are: {', '.join(Lane)}.", param_hint="--queues"
        )
    return tuple(dict.fromkeys(Lane(name) for name in named))
