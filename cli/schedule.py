"""`rekkrd schedule`: what recurs, when it ran last and runs next; an entry run now, paused and resumed."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from actors.scheduling import schedule as plan
from actors.scheduling.schedule import Planned
from actors.scheduling.timetable import Entry, EntryName, entry_of
from actors.wording import count
from api.models.schedule import EntryOut, Schedule
from cli import here, operator, screen, times, words
from db import ticks
from services.wording import ended

app = typer.Typer(help="See what recurs; run an entry now, pause it, or resume it.", invoke_without_command=True)

COLUMNS = ("entry", "next", "last", "#jobs")

Name = Annotated[str, typer.Argument(metavar="NAME", help=f"The entry: {', '.join(EntryName)}.")]
Until = Annotated[
    str,
    typer.Option("--until", "--for", metavar="WHEN", help="When it ends by itself: 18:00, 2026-12-01T06:30, 30m, 2h."),
]
Reason = Annotated[str, typer.Option("--reason", metavar="WHY", help="A few words for whoever looks meanwhile.")]


@app.callback()
def schedule(
    context: typer.Context, *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False
) -> None:
    """Show what recurs: when each entry runs next and ran last, the jobs that came of it, what was missed, and why."""
    if context.invoked_subcommand:
        return
    with here.opened_pool() as pool, pool.transaction() as conn:
        now = ticks.now(conn)
        found = plan.planned(conn, now)
    if as_json:
        said = Schedule(entries=[EntryOut.of(one) for one in found])
        screen.plain(json.dumps(said.model_dump(mode="json"), indent=2))
    else:
        screen.out().print(picture(found, now))


@app.command()
def run(name: Name) -> None:
    """Run an entry now, paused or not: do what a scheduler would do if it came due."""
    entry = _entry(name)
    with here.opened_pool() as pool, pool.transaction() as conn:
        is_new = plan.run(conn, entry, by=operator.name(), now=ticks.now(conn))
        last = next(one.last for one in plan.planned(conn, ticks.now(conn)) if one.entry == entry)
    job = words.short(last.job_id) if last is not None else ""
    screen.tell(f"{name} runs as job {job}." if is_new else f"{name} runs already: job {job}.")
    screen.tell(f"`rekkrd jobs show {job}` tells what becomes of it.")


@app.command()
def pause(name: Name, until: Until, reason: Reason) -> None:
    """Let no scheduler enqueue an entry until a time.

    What came due meanwhile is made up for then, once, unless it is too long ago: `rekkrd schedule` tells.
    """
    entry, end = _entry(name), times.moment(until, datetime.now().astimezone())
    with here.opened_pool() as pool, pool.transaction() as conn:
        plan.pause(conn, entry, until=end, reason=reason, by=operator.name())
    screen.tell(f"{name} is paused until {words.clock(end)}, {end:%Y-%m-%d %H:%M} UTC: {ended(reason)}")
    screen.tell(f"What it enqueued already goes on. `rekkrd schedule resume {name}` ends the pause sooner.")


@app.command()
def resume(name: Name) -> None:
    """End an entry's pause before its time."""
    entry = _entry(name)
    with here.opened_pool() as pool, pool.transaction() as conn:
        was_paused = plan.resume(conn, entry, by=operator.name())
    screen.tell(f"{name} goes on." if was_paused else f"{name} is not paused.")


def picture(found: Sequence[Planned], now: datetime) -> RenderableType:
    """Draw every entry in at most 80 columns: a line each, then their sentences, and what is not as it should be."""
    table = screen.listing(*COLUMNS)
    for one in found:
        last = "—" if one.last is None else _moment(one.last.due_at, now)
        table.add_row(one.entry.name.value, _moment(one.next_at, now), last, f"{one.lately.jobs:,}")
    sentences = [Text(f"{one.entry.name}: {one.entry.sentence}", style="dim") for one in found]
    told = [Text(sentence, style="yellow") for one in found for sentence in trouble(one, now)]
    return Group(table, Text(), *sentences, Text("Jobs are those of the last 24 hours.", style="dim"), *told)


def trouble(one: Planned, now: datetime) -> list[str]:
    """Say what is paused, overdue, or was missed within a day."""
    said, name = [], one.entry.name
    if one.pause is not None:
        said.append(
            f"{name} is paused until {words.clock(one.pause.paused_until)} by {one.pause.made_by}: "
            f"{ended(one.pause.reason)}"
        )
    elif one.overdue and one.last is not None and now - one.last.due_at > 2 * one.entry.every:
        said.append(f"{name} came due {count(one.overdue, 'time')} and no scheduler ran: start `rekkrd scheduler`.")
    if one.lately.missed:
        made_up, skipped = one.lately.missed - one.lately.skipped, one.lately.skipped
        late = words.duration(one.entry.lateness.total_seconds())
        said.append(
            f"{name} missed {count(one.lately.missed, 'time')}: {made_up:,} made up for at once, {skipped:,} skipped "
            f"as more than {late} late."
        )
    return said


def _moment(when: datetime, now: datetime) -> str:
    return f"{words.clock(when)}, {words.ago(when, now)}"


def _entry(name: str) -> Entry:
    if name not in set(EntryName):
        raise typer.BadParameter(f"{name} is no entry. There are: {', '.join(EntryName)}.", param_hint="NAME")
    return entry_of(EntryName(name))
