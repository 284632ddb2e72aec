"""`rekkrd push`: bring what changed here to Discogs, or see beforehand what would go out."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from actors.catalog import PUSH_COLLECTION, PUSH_WANTLIST, PushArguments
from actors.checkpoints import Act
from actors.pushing.push_preview import OutgoingChange, PushPreview, preview_push
from actors.syncing.history import names_of
from actors.syncing.telling import Names
from cli import here, importing, layout, screen
from cli.changes import Row, field_called, following, name_of, sides_of, table
from cli.errors import WorkFailed
from db import users

ACTS = {Act.ADD: "add", Act.MOVE: "move", Act.RATE: "rate", Act.WRITE: "write", Act.REMOVE: "remove"}
MOST_SHOWN = 50
NAMELESS = Names()


def push(
    user: Annotated[str, typer.Option(metavar="U", help="Whose changes: handle, id or address.")],
    *,
    only_preview: Annotated[
        bool, typer.Option("--preview", help="Only show what would go out; nothing is sent.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --preview: print JSON for programs.")] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="They saw the preview and said yes; needed once, before the first push.")
    ] = False,
    allow_removals: Annotated[
        bool, typer.Option("--allow-removals", help="Remove on Discogs what was deleted here, however much it is.")
    ] = False,
    watch_it: Annotated[bool, typer.Option("--watch", help="Stay and watch; exit 0 when it completed.")] = False,
) -> None:
    """Bring what changed here to Discogs: records and wants, grades, notes, folders, and what was deleted.

    What changed on both sides is left alone. Many removals at once, and the first push of all, stop and ask.
    """
    if only_preview:
        _show(user, as_json=as_json)
        return
    if as_json:
        raise typer.BadParameter("goes with --preview only.", param_hint="--json")
    arguments = PushArguments(is_confirmed=confirm, allows_removals=allow_removals)
    with here.opened() as resources:
        with resources.pool.transaction() as conn:
            user_id = users.find(conn, user).id
            started = importing.start(conn, user_id, [PUSH_COLLECTION, PUSH_WANTLIST], arguments)
        importing.say_started(started)
        if watch_it and not importing.watch_started(resources, started).is_completed:
            raise WorkFailed("The push did not complete.", "`rekkrd jobs show ID` says more; what was sent is sent.")


def _show(user: str, *, as_json: bool) -> None:
    with here.opened_pool() as pool, pool.transaction() as conn:
        user_id = users.find(conn, user).id
        found, names = preview_push(conn, user_id), names_of(conn, user_id)
    if as_json:
        screen.plain(json.dumps(asdict(found), indent=2, default=layout.plain))
        return
    if found.changes:
        screen.out().print(picture(found.changes[:MOST_SHOWN], names))
    if len(found.changes) > MOST_SHOWN or not found.is_whole:
        screen.say(f"[dim]The first {min(MOST_SHOWN, len(found.changes))}; --json has more of them.[/]")
    screen.plain(found.sentence)
    for line in asked(found):
        screen.plain(line)


def asked(found: PushPreview) -> list[str]:
    """Say what a push needs to hear first."""
    said = []
    if found.changes and not found.is_confirmed:
        said.append("It would be the first push: `--confirm` says that its owner wants it.")
    if found.asks_about_removals:
        said.append(f"{found.removals:,} removals at once: `--allow-removals` says that they are meant.")
    return said


def picture(changes: Sequence[OutgoingChange], names: Names = NAMELESS) -> Table:
    """Draw changes, one a line, what stops one below it."""
    rows = [
        Row(
            what=f"{ACTS[one.act]} want" if one.is_want else ACTS[one.act],
            record=(one.is_want, one.release_id, one.instance_id, one.album_id),
            name=name_of(one.artist, one.title, one.release_id),
            field="" if one.field is None else field_called(one.field, names),
            sides=following(one.followed_by)
            if one.field is None
            else sides_of(one.field, one.before, one.after, names),
            problem=one.problem,
        )
        for one in changes
    ]
    return table(rows, sides="Discogs → here")
