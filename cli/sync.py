"""`rekkrd sync`: what a collector chose for the sync that comes of its own, and what a sync would do."""

import json
from collections.abc import Sequence
from typing import Annotated, cast, get_args

import typer
from rich.table import Table

from actors.catalog import PREVIEW_SYNC
from actors.syncing import sync_settings
from actors.syncing.history import names_of
from actors.syncing.preview import Cursor, PreviewItem, SyncPreview, Way
from actors.syncing.preview import preview as preview_sync
from actors.syncing.telling import Names
from api.models.previewing import SyncPreviewOut
from api.models.syncing import SyncSettingsOut
from cli import here, importing, resume, screen, undo
from cli.changes import Row, field_called, following, name_of, sides_of, table
from cli.errors import WorkFailed
from db import users
from db.sync_settings import Direction, Frequency

app = typer.Typer(
    help="See what a sync would do, take one back, and see what a collector chose for the sync that comes of its own."
)

WHERE, OFTEN, WAYS = get_args(Direction), get_args(Frequency), get_args(Way)
LABELS = {"comes_in": "in", "goes_out": "out", "conflicts": "conflict", "vanishes": "vanishes"}


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
        raise typer.BadParameter("no place that was shown.", param_hint="--cursor") from None
    if take_look:
        _look(user)
    with here.opened_pool() as pool, pool.transaction() as conn:
        user_id = users.find(conn, user).id
        found = preview_sync(conn, user_id, way=cast("Way | None", way), cursor=after, room=limit)
        names = names_of(conn, user_id)
    if as_json:
        screen.plain(json.dumps(SyncPreviewOut.of(found).model_dump(mode="json"), indent=2))
        return
    if found.items:
        screen.out().print(picture(found.items, names))
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


def picture(items: Sequence[PreviewItem], names: Names) -> Table:
    """Draw items, one a line, what stops one below it."""
    return table([_row(one, names) for one in items], sides="before → after")


def _row(one: PreviewItem, names: Names) -> Row:
    field = one.change if one.field is None else field_called(one.field, names)
    return Row(
        what=LABELS[one.way],
        record=(one.is_want, one.release_id, one.instance_id, one.album_id),
        name=name_of(one.artist, one.title, one.release_id),
        field=f"want: {field}" if one.is_want else field,
        sides=following(one.followed_by) if one.field is None else sides_of(one.field, one.before, one.after, names),
        problem=one.problem,
    )


def _costs(found: SyncPreview) -> str:
    """Say what was spent, and what each thing would cost."""
    each = {"a look": found.requests.look, "importing": found.requests.imports, "pushing": found.requests.push}
    said = ", ".join(f"{name} {'?' if cost is None else f'{cost:,}'}" for name, cost in each.items())
    spent = "" if found.look is None else f" The look took {found.requests.spent:,}."
    return f"Requests to Discogs: {said}.{spent}"


app.command()(undo.undo)
app.command()(resume.resume)
