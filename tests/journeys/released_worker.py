"""A worker of the release before this one, or of this one: run as a script by the journeys, never by anybody else.

The newer release knows a kind more, and of an older kind an argument and a field of its checkpoint more. What a step
does is a row in a table that has no room for a second one.
"""

import os
import time

from pydantic import BaseModel

from actors.jobs import JOBS
from cli import here, lifeline
from db import Connection
from workers import logs
from workers.kinds import Continue, Done, Job, Kind, Outcome, Plain, Progress, Step
from workers.limiter.lanes import Lane
from workers.process import WorkerProcess

TABLE = "CREATE TABLE public.effects (job_id uuid NOT NULL, page integer NOT NULL, PRIMARY KEY (job_id, page))"
STEP_SECONDS = 0.02


class OldArguments(Plain):
    """How many pages there are."""

    pages: int


class NewArguments(OldArguments):
    """And, since this release, in which order."""

    order: str = "oldest first"


class OldCheckpoint(Plain):
    """The last page that is there."""

    page: int = 0


class NewCheckpoint(OldCheckpoint):
    """And, since this release, who brought it."""

    by: str = "an older release"


def kind(name: str, arguments: type[Plain], checkpoint: type[Plain]) -> Kind[Plain, Plain]:
    return Kind(
        name=name,
        sentence="Bring pages over.",
        lane=Lane.BACKGROUND,
        arguments=arguments,
        checkpoint=checkpoint,
        unique=None,
        speaks_for_user=False,
        takes_token=False,
    )


OLD = kind("pages", OldArguments, OldCheckpoint)
NEW = kind("pages", NewArguments, NewCheckpoint)
ONLY_NEW = kind("more_pages", NewArguments, NewCheckpoint)


def fetch(_: Step[BaseModel, BaseModel]) -> None:
    time.sleep(STEP_SECONDS)


def job(of: Kind[Plain, Plain]) -> Job[Plain, Plain, None]:
    def store(conn: Connection, step: Step[Plain, Plain], _: None) -> Outcome:
        page, pages = step.checkpoint.page + 1, step.arguments.pages
        conn.execute(b"INSERT INTO public.effects VALUES (%s, %s)", [step.job_id, page])
        progress = Progress(processed=page, total=pages)
        if page == pages:
            return Done("All pages are there.", progress)
        stored = {"page": page, "by": "this release"} if of.checkpoint is NewCheckpoint else {"page": page}
        return Continue(of.checkpoint(**stored), progress, takes_token=False)

    return Job(of, fetch, store)


RELEASES = {"old": (*JOBS, job(OLD)), "new": (*JOBS, job(NEW), job(ONLY_NEW))}

if __name__ == "__main__":
    lifeline.follow()
    settings = here.settings()
    logs.configure(settings.engine.log_format, settings.engine.log_level)
    with here.opened(settings) as resources:
        WorkerProcess(resources, RELEASES[os.environ["TESTS_RELEASE"]]).run()
