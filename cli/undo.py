"""`rekkrd sync undo`: undo the last sync here, with a preview."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from actors.catalog import UNDO_SYNC
from actors.syncing.history import names_of
from actors.syncing.reversals import Reversal, UndoAct
from actors.syncing.telling import Names
from actors.syncing.undo_sync import OPEN, begin, preview_undo
from api.models.undoing import UndoOut
from cli import here, importing, operator, screen
from cli.changes import Row, field_called, name_of, sides_of, table
from cli.errors import CommandFailed, WorkFailed
from db import sync_log, users

ACTS = {
    UndoAct.PUT_BACK: "restore",
    UndoAct.DROP: "remove here",
    UndoAct.UNMARK: "unmark",
    UndoAct.NOTHING: "leave",
}


def undo(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose: handle, id or address.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be undone.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Changes to show.")] = 50,
    cursor: Annotated[UUID | None, typer.Option(metavar="LINE", help="Go on after this line.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: print JSON for programs.")] = False,
) -> None:
    """Undo the last sync here, where nothing changed since. Nothing changes on Discogs.

    Imports and pushes are then paused until `rekkrd sync resume` says how to go on.
    """
    if as_json and not dry_run:
        raise typer.BadParameter("goes with --dry-run only.", param_hint="--json")
    with here.opened() as resources:
        with resources.pool.transaction() as conn:
            user_id = users.find(conn, user).id
            below = None if cursor is None else sync_log.place_of(conn, user_id, cursor)
            found, names = preview_undo(conn, user_id), names_of(conn, user_id)
        if cursor is not None and below is None:
            raise typer.BadParameter("no line of this history.", param_hint="--cursor")
        if as_json:
            said = UndoOut.of(found, below=below, limit=limit)
            screen.plain(json.dumps(said.model_dump(mode="json"), indent=2))
            return
        left = found.below(below)
        if left:
            screen.out().print(picture(left[:limit], names))
        if len(left) > limit:
            screen.say(f"[dim]More: --cursor {left[limit - 1].line.id}[/]")
        screen.plain(found.sentence)
        if dry_run or found.state not in OPEN:
            return
        if not yes and not screen.confirm("Undo it?"):
            raise CommandFailed("Nothing was changed: the undo was not confirmed.")
        with resources.pool.transaction() as conn:
            importing.require(conn, user_id, UNDO_SYNC)
            _, enqueued = begin(conn, user_id, by=operator.name())
            started = importing.started_of(conn, [] if enqueued is None else [enqueued])
        if started and not importing.watch_started(resources, started).is_completed:
            raise WorkFailed("The undo did not complete.", "Run it again: it continues where it stopped.")


def picture(reversals: Sequence[Reversal], names: Names) -> Table:
    """Draw the reversals, one field a line, with the reason below where one is left alone."""
    return table([row for one in reversals for row in _rows(one, names)], sides="now → then")


def _rows(one: Reversal, names: Names) -> list[Row]:
    what = f"{ACTS[one.act]} want" if one.is_want else ACTS[one.act]
    name = name_of(one.line.artist, one.line.title, one.line.release_id)
    sides = [
        (field_called(field, names), sides_of(field, one.before[field], value, names))
        for field, value in (one.after.items() if one.act is UndoAct.PUT_BACK else ())
    ]
    problem = one.problem if not one.is_done or one.kept else None
    rows = [Row(what, one.line.id, name, field, said) for field, said in sides or [("", "")]]
    return [*rows[:-1], replace(rows[-1], problem=problem)]
