"""`python -m benchmarks.engine_ours`: our worker with one kind of job, whose step does nothing and takes no token."""

from benchmarks.engine_work import work
from cli import lifeline
from db import Connection
from workers import logs
from workers.kinds import Done, Job, Kind, Plain, Progress, Step
from workers.limiter.lanes import Lane
from workers.process import WorkerProcess
from workers.resources import open_resources
from workers.settings import Settings


class Asked(Plain):
    """What to do: which job it is, how long it takes, and whether it says that it began."""

    number: int = 0
    seconds: float = 0.0
    is_told: bool = False


NOTHING = Kind(
    name="nothing",
    sentence="Do nothing.",
    lane=Lane.INTERACTIVE,
    arguments=Asked,
    checkpoint=Asked,
    unique=None,
    speaks_for_user=False,
    takes_token=False,
)


def fetch(step: Step[Asked, Asked]) -> None:
    """Do what all engines do."""
    work(step.arguments.number, step.arguments.seconds, is_told=step.arguments.is_told)


def store(_: Connection, __: Step[Asked, Asked], ___: None) -> Done:
    """Store nothing beside the ledger."""
    return Done("Nothing was done.", Progress(processed=0))


def main() -> None:
    """Work as `rekkrd worker` does, with this one kind of job."""
    lifeline.follow()
    settings = Settings(None)
    logs.configure(settings.engine.log_format, settings.engine.log_level)
    with open_resources(settings) as resources:
        WorkerProcess(resources, (Job(NOTHING, fetch, store),)).run()


if __name__ == "__main__":
    main()
