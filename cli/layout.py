"""Jobs as they are shown, laid out for 80 columns."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from actors.operating.failures import next_step
from actors.operating.progress import JobView
from actors.operating.standing import standing
from actors.operating.units import unit_of
from actors.wording import count
from cli import screen, words
from db.jobs import Job, State
from db.operations import Act, FailureGroup

COLOURS = {
    State.PENDING: "yellow",
    State.RUNNING: "cyan",
    State.RETRYING: "magenta",
    State.COMPLETED: "green",
    State.FAILED: "red",
    State.CANCELLED: "dim",
}


def job_table(
    page: list[Job], handles: dict[UUID, str], now: datetime | None = None, *, waiting: Collection[UUID] = ()
) -> Table:
    """Lay out jobs as rows of at most 80 columns. ``waiting`` are those whose present step is stopped by something."""
    table = screen.listing("id", "job", "user", "state", "#done", "#since")
    for job in page:
        table.add_row(
            words.short(job.id),
            job.kind.replace("_", " "),
            screen.cut(handles.get(job.user_id, "—"), 11),
            _state(job, is_waiting=job.id in waiting),
            _done_briefly(job),
            words.ago(job.finished_at or job.started_at or job.created_at, now).removesuffix(" ago"),
        )
    return table


def waits_table(views: Sequence[JobView]) -> Table:
    """Lay out what jobs wait for, a line each of at most 80 columns; `rekkrd jobs show` has the whole sentence."""
    table = screen.listing("id", "waits for")
    for view in views:
        if view.waits_for is not None:
            table.add_row(words.short(view.job.id), screen.cut(view.waits_for, 69))
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
        ("state", state(view)),
        ("waits for", view.waits_for),
        ("what to do", next((cause.remedy for cause in view.causes if view.is_waiting), None)),
        ("outcome", job.outcome),
        ("error", job.error),
        ("class", job.error_class if job.error else None),
        ("done", _done(job) + (f", {job.skipped_records:,} skipped" if job.skipped_records else "")),
        ("page", pages(view) or None),
        ("arguments", json.dumps(job.args) if job.args else None),
        ("stands", standing(view)),
        ("checkpoint", json.dumps(job.checkpoint) if job.checkpoint else None),
        ("cost", f"{count(job.requests, 'request')} in {count(job.steps, 'step')}"),
        ("attempts", f"{job.attempts} failed at this place" if job.attempts else None),
        ("lane", job.lane),
        ("asked for", _moment(job.created_at)),
        ("due", _moment(job.due_at) if job.state.is_live and job.due_at > job.created_at else None),
        ("began", _moment(job.started_at)),
        ("ends about", words.clock(view.ends_at) if view.ends_at else None),
        ("ended", _moment(job.finished_at)),
        ("worker", job.leased_by),
        ("since", _moment(job.claimed_at) if job.leased_by else None),
    )
    for name, value in lines:
        if value is not None:
            card.add_row(name, value if isinstance(value, Text) else Text(value))
    return card


def pages(view: JobView) -> str:
    """Say the last page that is stored; the one that completes a job leaves no checkpoint behind."""
    if view.pages is None:
        return ""
    return f"{view.pages if view.job.state is State.COMPLETED else view.page or 0:,} of {view.pages:,}"


def failure_list(groups: Sequence[FailureGroup], now: datetime | None = None) -> RenderableType:
    """Lay out groups of failures: how many, of what, the newest; below what that one said, and what to do."""
    width = max(len(group.error_class) for group in groups)
    lines: list[RenderableType] = []
    for group in groups:
        newest = f"newest {words.short(group.newest_id)}, {words.ago(group.newest_at, now)}"
        line = Text(f"{group.jobs:>7,}  ")
        line.append(group.error_class.ljust(width), style="red")
        line.append(f"  {group.kind.replace('_', ' ')}  {newest}")
        sentence = Text(" " * 9 + group.error, style="dim")
        sentence.truncate(screen.NARROWEST, overflow="ellipsis")
        what_to_do = Text(next_step(group.error_class, group.kind).operator)
        lines += [line, sentence, Padding(what_to_do, (0, 0, 0, 9))]
    return Group(*lines)


def act_table(acts: Sequence[Act]) -> Table:
    """Lay out what operators did as rows."""
    table = screen.listing("when", "who", "what", "#jobs")
    table.add_column("which", header_style="dim", overflow="fold")
    for act in acts:
        which = ", ".join(f"{name} {_joined(value)}" for name, value in act.target.items())
        table.add_row(
            words.clock(act.made_at),
            screen.cut(act.made_by, 12),
            act.action,
            f"{act.jobs:,}" if act.jobs else "—",
            Text(which),
        )
    return table


def plain(value: object) -> str:
    """Say in JSON what JSON has no word for."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _joined(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def state(view: JobView) -> Text:
    """Return the state of a job as a person sees it: one that something stops is waiting, not running."""
    return _state(view.job, is_waiting=view.is_waiting)


def _state(job: Job, *, is_waiting: bool) -> Text:
    if job.cancel_requested_at and job.state.is_live:
        return Text("cancelling", style=COLOURS[job.state])
    if is_waiting and job.state is State.RUNNING:
        return Text("waiting", style=COLOURS[State.PENDING])
    return Text(str(job.state), style=COLOURS[job.state])


def _done_briefly(job: Job) -> str:
    """Return the progress for a narrow column: beside a total the kind of job tells the unit."""
    if job.total_records is None:
        return count(job.processed_records, unit_of(job.kind))
    return f"{job.processed_records:,} / {job.total_records:,}"


def _done(job: Job) -> str:
    unit = unit_of(job.kind)
    if job.total_records is None:
        return count(job.processed_records, unit)
    return f"{job.processed_records:,} / {count(job.total_records, unit)}"


def _moment(when: datetime | None) -> str | None:
    return None if when is None else f"{words.clock(when)}  ({words.ago(when)})"
