"""`python -m benchmarks.asking`: a worker whose one kind of job spends tokens and does nothing with the answers."""

from cli import lifeline
from db import Connection
from discogs.records.people import Profile
from workers import logs
from workers.kinds import Continue, Done, Job, Kind, Outcome, Plain, Progress, Step
from workers.limiter.lanes import Lane
from workers.process import WorkerProcess
from workers.resources import open_resources
from workers.settings import Settings


class Asked(Plain):
    """For whose profile to ask, which the log of the simulator then shows, and in how many steps."""

    who: str
    steps: int = 1


class Answered(Plain):
    """How many steps are done."""

    steps: int = 0


ASK = Kind(
    name="ask",
    sentence="Ask for a profile.",
    lane=Lane.IMPORT,
    arguments=Asked,
    checkpoint=Answered,
    unique=None,
    speaks_for_user=False,
    takes_token=True,
)


def fetch(step: Step[Asked, Answered]) -> Profile:
    """Spend one token."""
    return step.discogs.profile(step.arguments.who)


def store(_: Connection, step: Step[Asked, Answered], __: Profile) -> Outcome:
    """Count it."""
    done = step.checkpoint.steps + 1
    if done == step.arguments.steps:
        return Done("Asked.", Progress(processed=done))
    return Continue(Answered(steps=done), Progress(processed=done))


def main() -> None:
    """Work as `rekkrd worker` does, with this one kind of job."""
    lifeline.follow()
    settings = Settings(None)
    logs.configure(settings.engine.log_format, settings.engine.log_level)
    with open_resources(settings) as resources:
        WorkerProcess(resources, (Job(ASK, fetch, store),)).run()


if __name__ == "__main__":
    main()
