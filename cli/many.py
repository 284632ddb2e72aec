"""Jobs that have something in common: chosen, counted and shown first, then gone through with progress."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import Progress

from actors.wording import count
from cli import operator, screen, times
from cli.errors import CommandFailed
from db import Connection, operations, users
from db.jobs import State
from db.operations import Choice
from db.pool import Pool

PIECE = 1000  # jobs a transaction: a tenth of a second, so that nobody waits for it

Kind = Annotated[str | None, typer.Option(metavar="KIND", help="Only jobs of this kind, such as import_collection.")]
User = Annotated[str | None, typer.Option(metavar="U", help="Only jobs of this user: handle, id or address.")]
Error = Annotated[str | None, typer.Option(metavar="CLASS", help="Only jobs that failed of this, such as Unavailable.")]
Newer = Annotated[str | None, typer.Option(metavar="AGE", help="Only jobs asked for within this time: 30m, 2h, 3d.")]
Older = Annotated[str | None, typer.Option(metavar="AGE", help="Only jobs asked for longer ago than this.")]
All = Annotated[bool, typer.Option("--all", help="All of them, without anything in common.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Count and show them; nothing happens.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it happens.")]

Act = Callable[[Connection, Sequence[UUID]], Sequence[UUID]]  # to which of them it was done


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


def go_through(pool: Pool, choice: Choice, act: Act, *, verb: str, is_dry: bool, is_sure: bool) -> Gone:
    """Do something to every job of a choice, a transaction a piece.

    Each piece leaves its audit row. Interrupted, what is done is done, and the rest can be chosen again.
    """
    with pool.transaction() as conn:
        there = operations.count(conn, choice)
    if not there:
        screen.say("No such jobs.")
        return Gone(0, 0)
    if is_dry:
        screen.plain(f"{count(there, 'job')} would be {verb}; nothing happened.")
        return Gone(0, 0)
    if not is_sure:
        _ask(there, verb)
    done = met = 0
    with Progress(console=screen.err(), transient=True) as bar:
        task = bar.add_task(verb, total=there)
        for of_state in operations.by_state(choice):
            after: tuple[datetime, UUID] | None = None
            while True:
                looked_at, changed, after = operations.in_piece(
                    pool, partial(_do_piece, choice=choice, of_state=of_state, after=after, act=act, verb=verb)
                )
                if after is None:
                    break
                done, met = done + changed, met + looked_at
                bar.advance(task, looked_at)
    return Gone(done, met - done)


def _do_piece(
    conn: Connection, *, choice: Choice, of_state: Choice, after: tuple[datetime, UUID] | None, act: Act, verb: str
) -> tuple[int, int, tuple[datetime, UUID] | None]:
    """Do it to the next jobs: how many were looked at, how many changed, and the last one; None after all."""
    piece = operations.chosen(conn, of_state, after=after, room=PIECE)
    if not piece:
        return 0, 0, None
    changed = len(act(conn, [job_id for _, job_id in piece]))
    operations.audit(conn, by=operator.name(), action=verb, target=choice.as_plain(), jobs=changed)
    return len(piece), changed, piece[-1]


def _ask(there: int, verb: str) -> None:
    if not sys.stdin.isatty():
        raise CommandFailed(f"{count(there, 'job')} would be {verb}.", "Say --yes to do it without being asked.")
    typer.confirm(f"{count(there, 'job')} will be {verb}. Go on?", abort=True)
