"""`rekkrd push`: bring what changed here to Discogs, or see beforehand what would go out."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from actors.catalog import PUSH_COLLECTION, PUSH_WANTLIST, PushArguments
from actors.checkpoints import Act
from actors.enqueue import enqueue
from actors.pushing.push_preview import OutgoingChange, PushPreview, preview_push
from actors.wording import count
from cli import here, importing, layout, screen
from cli.errors import WorkFailed
from db import users
from db.albums import own_number

ACTS = {Act.ADD: "add", Act.MOVE: "move", Act.RATE: "rate", Act.WRITE: "write", Act.REMOVE: "remove"}
FIELDS = {
    "media_condition": "media",
    "sleeve_condition": "sleeve",
    "discogs_notes": "notes",
    "discogs_folder_id": "folder",
    "discogs_rating": "rating",
    "want_notes": "notes",
    "want_rating": "rating",
}
MOST_SHOWN = 50


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
            user_id = importing.require(conn, users.find(conn, user).id, PUSH_COLLECTION)
            started = [enqueue(conn, kind, user_id, arguments) for kind in (PUSH_COLLECTION, PUSH_WANTLIST)]
        importing.say_started(started)
        if watch_it and not importing.watch_started(resources, started).is_completed:
            raise WorkFailed("The push did not complete.", "`rekkrd jobs show ID` says more; what was sent is sent.")


def _show(user: str, *, as_json: bool) -> None:
    with here.opened_pool() as pool, pool.transaction() as conn:
        found = preview_push(conn, users.find(conn, user).id)
    if as_json:
        screen.plain(json.dumps(asdict(found), indent=2, default=layout.plain))
        return
    if found.changes:
        screen.out().print(picture(found.changes[:MOST_SHOWN]))
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


def picture(changes: Sequence[OutgoingChange]) -> Table:
    """Draw changes, one a line, what stops one below it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("record", ratio=1, overflow="ellipsis", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("Discogs → here", ratio=1, overflow="fold")
    table.expand = True
    for one in changes:
        name = Text(f"{one.artist or '?'} - {one.title or one.release_id}")
        change = following(one.followed_by) if one.field is None else f"{_said(one.before)} → {_said(one.after)}"
        what = f"{ACTS[one.act]} want" if one.is_want else ACTS[one.act]
        field = one.called or FIELDS.get(one.field or "", one.field or "")
        table.add_row(what, name, Text(field), Text(change))
        if one.problem is not None:
            table.add_row("", "", "", Text(one.problem, style="yellow"))
    return table


def following(names: Sequence[str]) -> str:
    """Say what is written once a record is added: "with grades, notes and 2 own fields"; nothing where nothing is."""
    grades = sum(name.endswith("_condition") for name in names)
    own = sum(own_number(name) is not None for name in names)
    parts = [("grade" if grades == 1 else "grades")] if grades else []
    parts += [word for word in ("notes", "rating") if any(FIELDS.get(name) == word for name in names)]
    parts += [count(own, "own field")] if own else []
    return f"with {' and '.join(filter(None, (', '.join(parts[:-1]), parts[-1])))}" if parts else ""


def _said(value: object) -> str:
    return "none" if value in (None, "") else str(value)
