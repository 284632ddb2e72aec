"""`rekkrd import`: bring a collector's collection and wantlist over from Discogs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST, REFRESH_COLLECTION
from actors.errors import NotConnected
from actors.gating import admit
from actors.operating import progress
from actors.operating.estimate import estimate
from actors.operating.pace import Pace
from cli import here, screen, words
from cli.errors import CommandFailed, RequestRefused, WorkFailed
from cli.watch import GIVE_UP_SECONDS, Sight, Tokens, watch
from db import Connection, jobs, users
from db.errors import MayBeRetried
from db.jobs import Job
from services.wording import lasting
from workers.enqueue import Enqueued, enqueue
from workers.kinds import Kind, Plain
from workers.limiter.errors import LimiterUnavailable
from workers.resources import Resources


class List(StrEnum):
    """What can be imported."""

    COLLECTION = "collection"
    WANTLIST = "wantlist"


@dataclass(frozen=True, slots=True)
class Started:
    """The job that does the work; ``is_new`` is False if it was there already."""

    job: Job
    is_new: bool


KINDS: dict[List, Kind[Any, Any]] = {List.COLLECTION: IMPORT_COLLECTION, List.WANTLIST: IMPORT_WANTLIST}


def import_(
    user: Annotated[str, typer.Option(metavar="U", help="Whose lists: handle, id or address.")],
    only: Annotated[List | None, typer.Option(help="One of the two lists; both otherwise.")] = None,
    *,
    only_new: Annotated[
        bool,
        typer.Option("--new", help="Only what was added to the collection since; one request when nothing was."),
    ] = False,
    watch_it: Annotated[bool, typer.Option("--watch", help="Stay and watch; exit 0 when it completed.")] = False,
    only_estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what it would cost; starts nothing.")
    ] = False,
) -> None:
    """Import a collection and wantlist from Discogs.

    A second import brings what changed. One that runs already is not started twice. Ctrl-C ends the watching only.
    """
    if only_new and only is List.WANTLIST:
        raise typer.BadParameter("a wantlist is always read whole.", param_hint="--new")
    wanted = [REFRESH_COLLECTION] if only_new else [KINDS[each] for each in ([only] if only else List)]
    with here.opened() as resources:
        if only_estimate:
            _say_estimate(resources, user, wanted)
            return
        with resources.pool.transaction() as conn:
            started = start(conn, users.find(conn, user).id, wanted)
        say_started(started)
        if watch_it and not watch_started(resources, started).is_completed:
            raise WorkFailed(
                "The import did not complete.", "`rekkrd jobs show ID` says more; what was imported stays."
            )


def watch_started(resources: Resources, started: Sequence[Started]) -> Sight:
    """Watch until all are over. A display that ends earlier says that the jobs go on, and how to watch them again."""
    try:
        return watch(looker(resources, [each.job.id for each in started]))
    except KeyboardInterrupt:
        say_it_goes_on(started)
        raise typer.Exit(130) from None
    except MayBeRetried as error:
        say_it_goes_on(started)
        raise CommandFailed(
            f"The database has not answered for {lasting(GIVE_UP_SECONDS)}, so the display ended: {error}",
            "The jobs go on by themselves when it is back. Run the same command again to watch them.",
        ) from None


def start(
    conn: Connection, user_id: UUID, wanted: Sequence[Kind[Any, Any]], arguments: Plain | None = None
) -> list[Started]:
    """Enqueue jobs of these kinds. Raises RequestRefused, TierTooLow."""
    require(conn, user_id, *wanted)
    return started_of(conn, [enqueue(conn, kind.name, user_id, arguments) for kind in wanted])


def started_of(conn: Connection, enqueued: Sequence[Enqueued]) -> list[Started]:
    """Read the rows of jobs that were enqueued."""
    return [Started(jobs.get(conn, one.job_id), one.is_new) for one in enqueued]


def require(conn: Connection, user_id: UUID, *kinds: Kind[Any, Any]) -> UUID:
    """Return the user, who is connected and may have such jobs. Raises RequestRefused, TierTooLow."""
    try:
        admit(conn, user_id, *kinds)
    except NotConnected as refused:
        raise RequestRefused(str(refused), f"Run `rekkrd connect {users.find(conn, user_id).handle}`.") from None
    return user_id


def say_started(started: Sequence[Started]) -> None:
    """Say which jobs do the work, and where to look when nobody watches."""
    for each in started:
        name = each.job.kind.replace("_", " ")
        screen.say(f"{name}: {'job' if each.is_new else 'runs already as job'} {words.short(each.job.id)}")


def say_it_goes_on(started: Sequence[Started]) -> None:
    """Say to who stops watching how to look again; beside the answer, whose reader Ctrl-C may have ended too."""
    looks = [f"  rekkrd jobs show {words.short(each.job.id)}  ({each.job.kind.replace('_', ' ')})" for each in started]
    lines = [
        "\nThe jobs go on. Run the same command again to watch them, or look with:",
        *looks,
        "`rekkrd jobs cancel ID` ends one.",
    ]
    screen.err().print("\n".join(lines), markup=False)


def looker(resources: Resources, job_ids: Sequence[UUID]) -> Callable[[], Sight]:
    """Return a function that looks at these jobs and at the budget."""
    pace = _pace(resources)
    zone = datetime.now().astimezone().tzinfo or UTC

    def look() -> Sight:
        redis = resources.redis_probe.look()
        with resources.pool.transaction() as conn:
            found = [job for job_id in job_ids if (job := jobs.find(conn, job_id)) is not None]
            views = tuple(progress.views(conn, found, pace=pace, redis=redis, zone=zone))
        return Sight(datetime.now(UTC), views, _tokens(resources))

    return look


def _pace(resources: Resources) -> Pace:
    return Pace.of(resources.settings.limiter)


def _tokens(resources: Resources) -> Tokens | None:
    """Ask what the last window saw; None while Redis is away."""
    try:
        seen = resources.limiter.snapshot()
    except LimiterUnavailable:
        return None
    return Tokens(seen.spent, seen.free, seen.limit, seen.foreign, resources.settings.limiter.window_seconds)


def _say_estimate(resources: Resources, user: str, wanted: Sequence[Kind[Any, Any]]) -> None:
    pace = _pace(resources)
    with resources.pool.transaction() as conn:
        user_id = require(conn, users.find(conn, user).id, *wanted)
        found = [(kind.name.partition("_")[2], estimate(conn, kind, user_id, pace)) for kind in wanted]
    for name, forecast in found:
        screen.say(f"{name:<10}  {forecast.sentence}")
    screen.say("[dim]Nothing was started, nothing was spent.[/]")
