"""Jobs that have something in common: chosen, counted and shown first, then gone through with progress."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import Progress

from actors.operating import job_filter
from actors.wording import count
from cli import layout, operator, screen, times
from cli.errors import CommandFailed
from db import Connection, jobs, operations, users
from db.jobs import Job, State
from db.operations import Choice, Do, Place
from db.pool import Pool

MOST_SHOWN = 20  # jobs that --dry-run lists

Kind = Annotated[str | None, typer.Option(metavar="KIND", help="Only jobs of this kind, such as import_collection.")]
User = Annotated[str | None, typer.Option(metavar="U", help="Only jobs of this user: handle, id or address.")]
Error = Annotated[str | None, typer.Option(metavar="CLASS", help="Only jobs that failed of this, such as Unavailable.")]
Newer = Annotated[str | None, typer.Option(metavar="AGE", help="Only jobs asked for within this time: 30m, 2h, 3d.")]
Older = Annotated[str | None, typer.Option(metavar="AGE", help="Only jobs asked for longer ago than this.")]
All = Annotated[bool, typer.Option("--all", help="All of them, without anything in common.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Count and list the jobs; change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it happens.")]


@dataclass(frozen=True, slots=True)
class Gone:
    """What came of going through a choice: jobs it was done to, and jobs that were left alone."""

    done: int
    left: int


def refuse_beside_id(**given: object) -> None:
    """Refuse what chooses many beside an id, which names one: passed over, it would not be what was meant.

    Raises CommandFailed.
    """
    named = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if named:
        raise CommandFailed(
            f"An ID names one job: {', '.join(named)} has no place beside it.",
            "Leave it out; `rekkrd jobs show ID` shows the job first. Nothing happened.",
        )


def choose(
    conn: Connection,
    states: tuple[State, ...],
    *,
    kind: str | None,
    user: str | None,
    error: str | None,
    newer: str | None,
    older: str | None,
    is_all: bool,
) -> Choice:
    """Make a choice of what was typed. Raises CommandFailed, when it would silently be everything, and UnknownUser."""
    job_filter.check(conn, kind=kind, error_class=error)
    now = datetime.now(UTC)
    choice = Choice(
        states,
        kind=kind,
        user_id=users.find(conn, user).id if user else None,
        error_class=error,
        newer_than=now - times.age(newer) if newer else None,
        older_than=now - times.age(older) if older else None,
    )
    if choice == Choice(states) and not is_all:
        raise CommandFailed(
            "Which jobs?", "Name one by its id, say what they have in common, or --all. --dry-run only counts."
        )
    return choice


def go_through(pool: Pool, choice: Choice, do: Do, *, verb: str, is_dry: bool, is_sure: bool) -> Gone:
    """Do something to every job of a choice, a transaction a piece.

    Each piece leaves its audit row. Interrupted, what is done is done, and the rest can be chosen again.
    """
    with pool.transaction() as conn:
        there = operations.count(conn, choice)
    if not there:
        screen.say("No such jobs.")
        return Gone(0, 0)
    if is_dry:
        _show(pool, choice)
        screen.tell(f"{count(there, 'job')} would be {verb}; nothing happened.")
        return Gone(0, 0)
    if not is_sure:
        _ask(there, verb)
    done = met = locked = 0
    with Progress(console=screen.err(), transient=True) as bar:
        task = bar.add_task(verb, total=there)
        place: Place | None = None
        while True:
            piece = operations.go_on(pool, choice, do, by=operator.name(), verb=verb, after=place)
            done, met, place = done + piece.changed, met + piece.looked_at, piece.last
            locked += piece.locked
            bar.advance(task, piece.looked_at)
            if place is None:
                break
    if locked:
        screen.tell(f"{count(locked, 'job')} locked by another transaction: run the command again when that has ended.")
    return Gone(done, met - done - locked)


def handles_of(conn: Connection, found: Sequence[Job]) -> dict[UUID, str]:
    """Return the handles of these jobs' users."""
    return {user.id: user.handle for user in users.find_many(conn, sorted({job.user_id for job in found}))}


def _show(pool: Pool, choice: Choice) -> None:
    """Print the oldest jobs of a choice."""
    with pool.transaction() as conn:
        ids = [
            job_id
            for state in choice.states
            for _, job_id in operations.chosen(conn, replace(choice, states=(state,)), after=None, room=MOST_SHOWN)
        ][:MOST_SHOWN]
        found = [job for job_id in ids if (job := jobs.find(conn, job_id)) is not None]
        handles = handles_of(conn, found)
    screen.out().print(layout.job_table(found, handles, waiting=set()))


def _ask(there: int, verb: str) -> None:
    if not sys.stdin.isatty():
        raise CommandFailed(f"{count(there, 'job')} would be {verb}.", "Say --yes to do it without being asked.")
    if not screen.confirm(f"{count(there, 'job')} will be {verb}. Go on?"):
        raise typer.Abort
