"""`rekkrd sync resume`: the choices after an undo, and the confirmation of one."""

from typing import Annotated, cast, get_args

import typer

from actors.syncing.resume import resume as resume_sync
from cli import here, importing, operator, screen
from cli.errors import CommandFailed, WorkFailed
from db import users
from services.sync.pause import MESSAGE
from services.sync.undo_choice import NOT_PAUSED, Choice, preview

CHOICES = get_args(Choice)


def resume(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose: handle, id or address.")],
    *,
    choice: Annotated[str | None, typer.Option(metavar="CHOICE", help=f"One of: {', '.join(CHOICES)}.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    watch_it: Annotated[bool, typer.Option("--watch", help="Watch the jobs that follow.")] = False,
) -> None:
    """Show the choices after an undo; with --choice, confirm one and end the pause.

    Only `keep_mine` changes anything on Discogs; it shows how much it deletes and overwrites, and asks.
    """
    if choice is not None and choice not in CHOICES:
        raise typer.BadParameter(f"choose one of {', '.join(CHOICES)}.", param_hint="--choice")
    with here.opened() as resources:
        with resources.pool.transaction() as conn:
            user_id = users.find(conn, user).id
            found = preview(conn, user_id)
        if found is None:
            screen.plain(NOT_PAUSED)
            return
        screen.plain(MESSAGE)
        for one in found.options:
            if choice in (None, one.choice):
                screen.plain(f"  {one.choice}: {one.effect}")
        if choice is None:
            screen.plain(f"Confirm one with `rekkrd sync resume {user} --choice CHOICE`.")
            return
        if not yes and not typer.confirm("Go on like this?"):
            raise CommandFailed("Nothing was changed: the choice was not confirmed.")
        pushed = next(one.pushed for one in found.options if one.choice == choice)
        with resources.pool.transaction() as conn:
            enqueued = resume_sync(
                conn,
                user_id,
                cast("Choice", choice),
                by=operator.name(),
                deletions=None if pushed is None else pushed.deletions,
                overwrites=None if pushed is None else pushed.overwrites,
            )
            started = importing.started_of(conn, enqueued)
        importing.say_started(started)
        if watch_it and started and not importing.watch_started(resources, started).is_completed:
            raise WorkFailed("A job that follows did not complete.", "`rekkrd jobs show ID` says more.")
