"""`rekkrd jobs`: the ledger at a glance, one job in full, and what operators do to one or many."""

import json
import re
import shlex
from datetime import UTC, datetime, tzinfo
from typing import Annotated

import typer
from rich.text import Text

from actors.operating import job_filter, progress
from actors.operating.pace import Pace
from actors.wording import count
from api.models.jobs import JobOut, JobPage
from api.models.operations import ActOut, ActPage, FailureList, FailuresOut
from api.roles import Role
from cli import groups, here, layout, many, operator, screen, times, words
from cli import story as stories
from cli.errors import Ambiguous, CommandFailed, NotFound
from db import Connection, jobs, operations, story, users
from db.jobs import Job, State
from workers.redis_probe import RedisProbe

app = typer.Typer(
    help="See what happens: list jobs, look at one, retry, cancel or remove one or many.", invoke_without_command=True
)

MOST_WAITS = 10  # whose wait is said below the list: more would hide it
_ID_START = re.compile(r"[0-9a-f-]{2,36}")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id, or its first signs.")]
SomeJob = Annotated[str | None, typer.Argument(metavar="[ID]", help="The job's id, or its first signs.")]


class BadState(CommandFailed):
    """Jobs in this state are not for this command."""

    exit_code = 2


@app.command("list")
def list_jobs(
    *,
    state: Annotated[
        State | None, typer.Option(metavar="STATE", help=f"Only jobs in this state: {', '.join(State)}.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="U", help="Only jobs of this user: handle, id or address.")
    ] = None,
    kind: many.Kind = None,
    error: many.Error = None,
    newer: many.Newer = None,
    older: many.Older = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 20,
    below: Annotated[str | None, typer.Option(metavar="ID", help="Go on below this job.")] = None,
    as_json: AsJson = False,
) -> None:
    """List jobs, the newest first; `show` and `cancel` take one by its id."""
    settings, now = here.settings(), datetime.now(UTC)
    redis = RedisProbe(settings.engine).look()
    asked = {"--state": state, "--user": user, "--kind": kind, "--error": error, "--newer": newer, "--older": older}
    with here.opened_pool(settings) as pool, pool.transaction() as conn:
        job_filter.check(conn, kind=kind, error_class=error)
        found = jobs.page(
            conn,
            user_id=users.find(conn, user).id if user else None,
            state=state,
            kind=kind,
            error_class=error,
            newer_than=now - times.age(newer) if newer else None,
            older_than=now - times.age(older) if older else None,
            below=find(conn, below) if below else None,
            room=limit + 1,
        )
        page, has_more = found[:limit], len(found) > limit
        handles = many.handles_of(conn, page)
        looked_at = page if as_json else [job for job in page if job.state.is_live]
        views = progress.views(
            conn, looked_at, pace=Pace.of(settings.limiter), redis=redis, zone=_zone(as_json=as_json)
        )
    if as_json:
        next_cursor = str(page[-1].id) if has_more else None
        said = JobPage(jobs=[JobOut.of(view, Role.OPERATOR) for view in views], next_cursor=next_cursor)
        screen.plain(json.dumps(said.model_dump(mode="json"), indent=2))
    elif not page:
        screen.say("No such jobs." if below or any(asked.values()) else "No jobs yet.")
    else:
        waiting = {view.job.id for view in views if view.is_waiting}
        screen.out().print(layout.job_table(page, handles, waiting=waiting))
        if any(view.waits_for for view in views[:MOST_WAITS]):
            screen.out().print("", layout.waits_table(views[:MOST_WAITS]), sep="\n")
        if has_more:
            filters = [part for option, value in asked.items() if value for part in (option, str(value))]
            more = shlex.join(["rekkrd", "jobs", *filters, "--below", words.short(page[-1].id)])
            screen.err().print(Text(f"More: {more}", style="dim"), soft_wrap=True)


groups.default_to(app, list_jobs)


@app.command()
def show(
    job_id: JobId,
    lines: Annotated[
        int | None,
        typer.Option("--log", min=0, max=story.MOST_LINES, help="How many lines of its log: 10, or with --json all."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one job in full: where it stands, what it waits for, what it did and said, why it failed, and what to do."""
    settings = here.settings()
    redis = RedisProbe(settings.engine).look()
    newest = lines if lines is not None else story.MOST_LINES if as_json else 10
    with here.opened_pool(settings) as pool, pool.transaction() as conn:
        job = find(conn, job_id)
        handles = many.handles_of(conn, [job])
        view = progress.view(conn, job, pace=Pace.of(settings.limiter), redis=redis, zone=_zone(as_json=as_json))
        told = stories.read(conn, job, newest_lines=newest)
    if as_json:
        screen.plain(json.dumps(stories.as_json(view, told), indent=2))
    else:
        screen.out().print(layout.job_card(view, handles.get(job.user_id)), stories.sections(view, told), sep="\n")


@app.command()
def retry(
    job_id: SomeJob = None,
    *,
    state: Annotated[
        str | None, typer.Option(metavar="STATE", help="failed, which it is when left out, or cancelled.")
    ] = None,
    kind: many.Kind = None,
    user: many.User = None,
    error: many.Error = None,
    newer: many.Newer = None,
    older: many.Older = None,
    is_all: many.All = False,
    dry_run: many.DryRun = False,
    yes: many.Yes = False,
) -> None:
    """Put a job that failed or was cancelled back into the line, or all that have something in common.

    It goes on where its checkpoint stands. A job is left alone while a live one of its kind and user stands for it.
    """
    if job_id is not None:
        many.refuse_beside_id(
            state=state, kind=kind, user=user, error=error, newer=newer, older=older, all=is_all, dry_run=dry_run
        )
    state = state or State.FAILED
    if state not in operations.OVER:
        raise BadState(f"Jobs in state {state!r} can't be retried.", "Say --state failed or --state cancelled.")
    with here.opened_pool() as pool:
        if job_id is not None:
            with pool.transaction() as conn:
                _retry_one(conn, find(conn, job_id))
            return
        with pool.transaction() as conn:
            choice = many.choose(
                conn, (State(state),), kind=kind, user=user, error=error, newer=newer, older=older, is_all=is_all
            )
        act = many.go_through(
            pool,
            choice,
            operations.retry,
            verb="retried",
            is_dry=dry_run,
            is_sure=yes,
        )
    if act.done or act.left:
        left = f" {act.left:,} left alone: another job stands for them, or they changed meanwhile." if act.left else ""
        screen.tell(f"{count(act.done, 'job')} back in the line.{left}")


@app.command()
def cancel(
    job_id: SomeJob = None,
    *,
    kind: many.Kind = None,
    user: many.User = None,
    newer: many.Newer = None,
    older: many.Older = None,
    is_all: many.All = False,
    dry_run: many.DryRun = False,
    yes: many.Yes = False,
) -> None:
    """Cancel a job, or all live ones that have something in common. A step under way ends first.

    What was imported stays.
    """
    if job_id is not None:
        many.refuse_beside_id(kind=kind, user=user, newer=newer, older=older, all=is_all, dry_run=dry_run)
    with here.opened_pool() as pool:
        if job_id is not None:
            with pool.transaction() as conn:
                _cancel_one(conn, find(conn, job_id))
            return
        with pool.transaction() as conn:
            choice = many.choose(
                conn, operations.LIVE, kind=kind, user=user, error=None, newer=newer, older=older, is_all=is_all
            )
        act = many.go_through(
            pool,
            choice,
            operations.cancel,
            verb="cancelled",
            is_dry=dry_run,
            is_sure=yes,
        )
    if act.done:
        screen.tell(f"{count(act.done, 'job')} cancelled; a step under way ends first. What was imported stays.")


@app.command()
def remove(
    job_id: SomeJob = None,
    *,
    state: Annotated[
        str | None,
        typer.Option(metavar="STATE", help="failed, which it is when left out, cancelled, or completed."),
    ] = None,
    kind: many.Kind = None,
    user: many.User = None,
    error: many.Error = None,
    newer: many.Newer = None,
    older: many.Older = None,
    is_all: many.All = False,
    dry_run: many.DryRun = False,
    yes: many.Yes = False,
) -> None:
    """Remove a job that is over from the list, with its story, or all that have something in common.

    What it brought stays. Jobs go by themselves after REKKRD_JOBS_KEPT_DAYS, failed ones after REKKRD_FAILED_KEPT_DAYS.
    """
    if job_id is not None:
        many.refuse_beside_id(
            state=state, kind=kind, user=user, error=error, newer=newer, older=older, all=is_all, dry_run=dry_run
        )
    state = state or State.FAILED
    if state not in operations.ENDED:
        raise BadState(
            f"Jobs in state {state!r} can't be removed.",
            "Say --state failed, cancelled or completed; cancel live ones.",
        )
    with here.opened_pool() as pool:
        if job_id is not None:
            with pool.transaction() as conn:
                _remove_one(conn, find(conn, job_id))
            return
        with pool.transaction() as conn:
            choice = many.choose(
                conn, (State(state),), kind=kind, user=user, error=error, newer=newer, older=older, is_all=is_all
            )
        act = many.go_through(pool, choice, operations.remove, verb="removed", is_dry=dry_run, is_sure=yes)
    if act.done or act.left:
        left = f" {act.left:,} left alone: they changed meanwhile." if act.left else ""
        screen.tell(f"{count(act.done, 'job')} removed. What they brought stays.{left}")


@app.command()
def failures(as_json: AsJson = False) -> None:
    """Show what failed alike as one: how many, of what, the newest of them, and what to do about it."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        groups = operations.failure_groups(conn)
    if as_json:
        said = FailureList(failures=[FailuresOut.of(group) for group in groups])
        screen.plain(json.dumps(said.model_dump(mode="json"), indent=2))
    elif not groups:
        screen.say("Nothing failed.")
    else:
        screen.out().print(layout.failure_list(groups))
        screen.say("[dim]Again: rekkrd jobs retry --error CLASS --kind KIND; first with --dry-run[/]")


@app.command()
def audit(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 20, as_json: AsJson = False
) -> None:
    """Show what operators did, the newest first: who, when, to which jobs."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        found = operations.acts(conn, room=limit + 1)
    acts, has_more = found[:limit], len(found) > limit
    if as_json:
        said = ActPage(acts=[ActOut.of(act) for act in acts], next_before=acts[-1].id if has_more else None)
        screen.plain(json.dumps(said.model_dump(mode="json"), indent=2))
    elif not acts:
        screen.say("No operator did anything yet.")
    else:
        screen.out().print(layout.act_table(acts))


def find(conn: Connection, job_id: str) -> Job:
    """Find a job by its id or the start of it. Raises NotFound, Ambiguous."""
    start = job_id.strip().lower()
    if not _ID_START.fullmatch(start):
        raise NotFound(f"{job_id!r} is no job id.", "`rekkrd jobs` lists jobs with their ids.")
    found = jobs.find_by_start(conn, start)
    if not found:
        raise NotFound(f"There is no job {job_id}.", "`rekkrd jobs` lists jobs with their ids.")
    if len(found) > 1:
        raise Ambiguous(f"More than one job starts with {job_id}.", "Type a few signs more.")
    return found[0]


def _retry_one(conn: Connection, job: Job) -> None:
    if operations.retry(conn, [job.id]):
        operations.audit(conn, by=operator.name(), action="retried", target={"id": str(job.id)}, jobs=1)
        screen.say(f"Job {words.short(job.id)} is back in the line.")
    elif job.state in operations.OVER:
        screen.say(f"Job {words.short(job.id)} stays {job.state}: a live one of its kind and user stands for it.")
    else:
        screen.say(f"Job {words.short(job.id)} is {job.state}: only failed and cancelled ones are retried.")


def _cancel_one(conn: Connection, job: Job) -> None:
    cancelled = jobs.cancel(conn, job.id)
    if cancelled is None:
        screen.say(f"Job {words.short(job.id)} is over already: {job.state}.")
        return
    operations.audit(conn, by=operator.name(), action="cancelled", target={"id": str(job.id)}, jobs=1)
    how = "ends after its present step" if cancelled.state.is_live else "is cancelled"
    screen.say(f"Job {words.short(job.id)} {how}. What was imported stays.")


def _remove_one(conn: Connection, job: Job) -> None:
    if operations.remove(conn, [job.id]):
        operations.audit(conn, by=operator.name(), action="removed", target={"id": str(job.id)}, jobs=1)
        screen.say(f"Job {words.short(job.id)} is removed. What it brought stays.")
    else:
        screen.say(f"Job {words.short(job.id)} is {job.state}: only jobs that are over are removed. Cancel it first.")


def _zone(*, as_json: bool) -> tzinfo:
    """Return in whose hours sentences say times: a program gets those of HTTP."""
    return UTC if as_json else screen.zone()
