"""A worker that also knows a job of one request in each lane that nobody watches: run as a script by the journeys."""

from actors.jobs import JOBS
from cli import here, lifeline
from db import Connection
from discogs.ids import ReleaseId
from workers import logs
from workers.kinds import Done, Job, Kind, NoArguments, Progress, Step
from workers.limiter.lanes import Lane
from workers.process import WorkerProcess

RELEASE = ReleaseId(5_000_000)
Asking = Step[NoArguments, NoArguments]


def ask(lane: Lane) -> Kind[NoArguments, NoArguments]:
    return Kind(
        name=f"ask_in_{lane}",
        sentence="Ask Discogs one thing.",
        lane=lane,
        arguments=NoArguments,
        checkpoint=NoArguments,
        unique=None,
        speaks_for_user=False,
        takes_token=True,
    )


def fetch_release(step: Asking) -> None:
    step.discogs.release(RELEASE)


def fetch_stats(step: Asking) -> None:
    step.discogs.marketplace_stats(RELEASE)


def store(_: Connection, __: Asking, ___: None) -> Done:
    return Done("asked", Progress(1))


# What is asked for tells the lanes apart in Discogs' log.
ASK_RELEASE, ASK_STATS = ask(Lane.IMPORT), ask(Lane.BACKGROUND)

if __name__ == "__main__":
    lifeline.follow()
    settings = here.settings()
    logs.configure(settings.engine.log_format, settings.engine.log_level)
    with here.opened(settings) as resources:
        asking = (Job(ASK_RELEASE, fetch_release, store), Job(ASK_STATS, fetch_stats, store))
        WorkerProcess(resources, (*JOBS, *asking)).run()
