"""`rekkrd sync`: what a collector chose for the sync that comes of its own, and what a sync would do."""

import json
from collections.abc import Sequence
from typing import Annotated, cast, get_args

import typer
from rich.table import Table
from rich.text import Text

from actors.catalog import PREVIEW_SYNC
from actors.syncing import sync_settings
from actors.syncing.preview import Cursor, PreviewItem, SyncPreview, Way
from actors.syncing.preview import preview as preview_sync
from api.models.previewing import SyncPreviewOut
from api.models.syncing import SyncSettingsOut
from cli import here, importing, screen, undo
from cli.errors import WorkFailed
from cli.push import FIELDS, following
from db import users
from db.sync_settings import Direction, Frequency

app = typer.Typer(
    help="See what a sync would do, take one back, and see what a collector chose for the sync that comes of its own."
)

WHERE, OFTEN, WAYS = get_args(Direction), get_args(Frequency), get_args(Way)
LABELS = {"comes_in": "in", "goes_out": "out", "conflicts": "conflict", "vanishes": "vanishes"}
MOST_SIGNS = 60  # of a value: the whole of it is in --json


@app.callback()
def sync() -> None:
    """See what a sync would do, and what a collector chose for it; `rekkrd import` and `rekkrd push` sync now."""


@app.command()
def settings(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose: handle, id or address.")],
    *,
    is_auto: Annotated[
        bool | None, typer.Option("--auto/--no-auto", help="Whether the clock syncs without being asked.")
    ] = None,
    direction: Annotated[
        str | None, typer.Option(metavar="WAY", help=f"What comes or goes then: {', '.join(WHERE)}.")
    ] = None,
    frequency: Annotated[
        str | None, typer.Option(metavar="HOW", help=f"How often the clock does: {' or '.join(OFTEN)}.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show a collector's sync settings, changed first where an option says so."""
    if direction is not None and direction not in WHERE:
        raise typer.BadParameter(f"choose one of {', '.join(WHERE)}.", param_hint="--direction")
    if frequency is not None and frequency not in OFTEN:
        raise typer.BadParameter(f"choose {' or '.join(OFTEN)}.", param_hint="--frequency")
    with here.opened_pool() as pool, pool.transaction() as conn:
        found = sync_settings.change(
            conn,
            users.find(conn, user).id,
            is_auto=is_auto,
            direction=cast("Direction | None", direction),
            frequency=cast("Frequency | None", frequency),
        )
    if as_json:
        screen.plain(json.dumps(SyncSettingsOut.of(found).model_dump(mode="json"), indent=2))
    else:
        screen.plain(found.sentence)


@app.command()
def preview(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose: handle, id or address.")],
    *,
    take_look: Annotated[
        bool, typer.Option("--look", help="Look at Discogs first, a request for each hundred records; watched.")
    ] = False,
    way: Annotated[str | None, typer.Option(metavar="WAY", help=f"Only one of: {', '.join(WAYS)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Items to show.")] = 50,
    cursor: Annotated[str | None, typer.Option(metavar="PLACE", help="Go on after this item.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what a sync would do on both sides; nothing happens on either.

    What goes out is known at once. What comes in, conflicts and vanishes is what the last look at Discogs found.
    """
    if way is not None and way not in WAYS:
        raise typer.BadParameter(f"choose one of {', '.join(WAYS)}.", param_hint="--way")
    try:
        after = None if cursor is None else Cursor.read(cursor)
    except ValueError:
        raise typer.BadParameter("is none that was shown.", param_hint="--cursor") from None
    if take_look:
        _look(user)
    with here.opened_pool() as pool, pool.transaction() as conn:
        user_id = users.find(conn, user).id
        found = preview_sync(conn, user_id, way=cast("Way | None", way), cursor=after, room=limit)
    if as_json:
        screen.plain(json.dumps(SyncPreviewOut.of(found).model_dump(mode="json"), indent=2))
        return
    if found.items:
        screen.out().print(picture(found.items))
    if found.next_cursor is not None:
        screen.say(f"[dim]More: --cursor {found.next_cursor}[/]")
    screen.plain(found.sentence)
    screen.plain(_costs(found))


def _look(user: str) -> None:
    with here.opened() as resources:
        with resources.pool.transaction() as conn:
            started = importing.start(conn, users.find(conn, user).id, [PREVIEW_SYNC])
        if not importing.watch_started(resources, started).is_completed:
            raise WorkFailed("The look did not complete.", "`rekkrd jobs show ID` says more; nothing was changed.")


def picture(items: Sequence[PreviewItem]) -> Table:
    """Draw items, one a line, what stops one below it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True)
    table.add_column("", no_wrap=True)
    table.add_column("record", ratio=1, overflow="ellipsis", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("before → after", ratio=1, overflow="fold")
    for one in items:
        name = Text(f"{one.artist or '?'} - {one.title or one.release_id}")
        what = one.called or FIELDS.get(one.field or "", one.field or one.change)
        sides = following(one.followed_by) if one.field is None else f"{_said(one.before)} → {_said(one.after)}"
        table.add_row(LABELS[one.way], name, Text(f"want: {what}" if one.is_want else what), Text(sides))
        if one.problem is not None:
            table.add_row("", "", "", Text(one.problem, style="yellow"))
    return table


def _said(value: object) -> str:
    text = "none" if value in (None, "") else " ".join(str(value).split())
    return text if len(text) <= MOST_SIGNS else f"{text[: MOST_SIGNS - 1]}…"


def _costs(found: SyncPreview) -> str:
    """Say what was spent, and what each thing would cost."""
    each = {"another look": found.requests.look, "importing": found.requests.imports, "pushing": found.requests.push}
    said = ", ".join(f"{name} {'?' if cost is None else f'{cost:,}'}" for name, cost in each.items())
    return f"Requests: the look took {found.requests.spent:,}; it would take for {said}."


app.command()(undo.undo)
