"""`rekkrd jobs`: the ledger at a glance, one job in full, and cancelling."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text

from actors import progress
from actors.pace import Pace
from actors.progress import JobView
from actors.wording import count
from cli import here, screen, words
from cli.errors import Ambiguous, NotFound
from db import Connection, jobs, users
from db.jobs import Job, State

app = typer.Typer(help="See what happens: list jobs, look at one, cancel one.", invoke_without_command=True)

COLOURS = {
    State.PENDING: "yellow",
    State.RUNNING: "cyan",
    State.RETRYING: "magenta",
    State.COMPLETED: "green",
    State.FAILED: "red",
    State.CANCELLED: "dim",
}
_ID_START = re.compile(r"[0-9a-f-]{2,36}")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id, or its first signs.")]


@app.callback()
def list_jobs(
    context: typer.Context,
    *,
    state: Annotated[
        State | None, typer.Option(metavar="STATE", help=f"Only jobs in this state: {', '.join(State)}.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="U", help="Only jobs of this user: handle, id or address.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 20,
    below: Annotated[str | None, typer.Option(metavar="ID", help="Go on below this job.")] = None,
    as_json: AsJson = False,
) -> None:
    """List jobs, the newest first; `show` and `cancel` take one by its id."""
    if context.invoked_subcommand:
        return
    with here.opened_pool() as pool, pool.transaction() as conn:
        user_id = users.find(conn, user).id if user else None
        last = find(conn, below) if below else None
        found = jobs.page(conn, user_id=user_id, state=state, below=last, room=limit + 1)
        page, has_more = found[:limit], len(found) > limit
        handles = _handles(conn, page)
    if as_json:
        screen.plain(json.dumps([_as_json(job) for job in page], indent=2))
    elif not page:
        screen.say("No jobs yet." if below is None and state is None else "No such jobs.")
    else:
        screen.out().print(job_table(page, handles))
        if has_more:
            screen.say(f"[dim]More: rekkrd jobs --below {words.short(page[-1].id)}[/]")


@app.command()
def show(job_id: JobId, as_json: AsJson = False) -> None:
    """Show one job in full: where it stands, what it waits for, what it cost, why it failed."""
    settings = here.settings()
    zone = datetime.now().astimezone().tzinfo or UTC
    with here.opened_pool(settings) as pool, pool.transaction() as conn:
        job = find(conn, job_id)
        handles = _handles(conn, [job])
        view = progress.view(conn, job, pace=Pace.of(settings.limiter), zone=zone)
    if as_json:
        screen.plain(json.dumps(_as_json(job), indent=2))
    else:
        screen.out().print(job_card(view, handles.get(job.user_id)))


@app.command()
def cancel(job_id: JobId) -> None:
    """Cancel a job. A step under way ends first; what was imported stays."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        job = find(conn, job_id)
        cancelled = jobs.cancel(conn, job.id)
    if cancelled is None:
        screen.say(f"Job {words.short(job.id)} is over already: {job.state}.")
    elif cancelled.state.is_live:
        screen.say(f"Job {words.short(job.id)} ends after its present step. What was imported stays.")
    else:
        screen.say(f"Job {words.short(job.id)} is cancelled. What was imported stays.")


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


def job_table(page: list[Job], handles: dict[UUID, str], now: datetime | None = None) -> Table:
    """Lay out jobs as rows of at most 80 columns."""
    table = screen.listing("id", "job", "user", "state", "#records", "#since")
    for job in page:
        table.add_row(
            words.short(job.id),
            job.kind.replace("_", " "),
            screen.cut(handles.get(job.user_id, "—"), 13),
            Text(_state(job), style=COLOURS[job.state]),
            _records(job),
            words.ago(job.finished_at or job.started_at or job.created_at, now).removesuffix(" ago"),
        )
    return table


def job_card(view: JobView, handle: str | None) -> Table:
    """Lay out one job as lines of name and value; what is empty is left out."""
    job = view.job
    card = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    card.add_column(style="dim", no_wrap=True)
    card.add_column(overflow="fold")
    lines = (
        ("job", f"{job.kind.replace('_', ' ')}  {job.id}"),
        ("user", handle),
        ("state", Text(_state(job), style=COLOURS[job.state])),
        ("waits for", view.waits_for),
        ("outcome", job.outcome),
        ("error", job.error),
        ("detail", job.error_detail),
        ("records", _records(job) + (f", {job.skipped_records:,} skipped" if job.skipped_records else "")),
        ("page", pages(view) or None),
        ("cost", f"{count(job.requests, 'request')} in {count(job.steps, 'step')}"),
        ("attempts", f"{job.attempts} failed at this place" if job.attempts else None),
        ("lane", job.lane),
        ("asked for", _moment(job.created_at)),
        ("due", _moment(job.due_at) if job.state.is_live and job.due_at > job.created_at else None),
        ("began", _moment(job.started_at)),
        ("ends about", words.clock(view.ends_at) if view.ends_at else None),
        ("ended", _moment(job.finished_at)),
        ("worker", job.leased_by),
    )
    for name, value in lines:
        if value is not None:
            card.add_row(name, value if isinstance(value, Text) else Text(value))
    return card


def pages(view: JobView) -> str:
    """Say the last page that is safe; the one that completes a job leaves no checkpoint behind."""
    if view.pages is None:
        return ""
    return f"{view.pages if view.job.state is State.COMPLETED else view.page or 0:,} of {view.pages:,}"


def _state(job: Job) -> str:
    return "cancelling" if job.cancel_requested_at and job.state.is_live else str(job.state)


def _records(job: Job) -> str:
    return f"{job.processed_records:,}" + ("" if job.total_records is None else f" / {job.total_records:,}")


def _moment(when: datetime | None) -> str | None:
    return None if when is None else f"{words.clock(when)}  ({words.ago(when)})"


def _handles(conn: Connection, page: list[Job]) -> dict[UUID, str]:
    return {user.id: user.handle for user in users.find_many(conn, sorted({job.user_id for job in page}))}


def _as_json(job: Job) -> dict[str, object]:
    """Give what a program may rely on; leases and fences are the engine's own affair."""
    moments = ("created_at", "due_at", "started_at", "finished_at", "cancel_requested_at")
    return {
        "id": str(job.id),
        "kind": job.kind,
        "lane": job.lane,
        "user_id": str(job.user_id),
        "state": str(job.state),
        "arguments": job.args,
        **{name: moment.isoformat() if (moment := getattr(job, name)) else None for name in moments},
        **{name: getattr(job, name) for name in ("total_records", "processed_records", "skipped_records")},
        **{name: getattr(job, name) for name in ("steps", "requests", "attempts", "crashes", "checkpoint")},
        **{name: getattr(job, name) for name in ("waits_for", "outcome", "error_class", "error", "error_detail")},
    }
