"""`rekkrd sync`: what a collector chose for the sync that comes of its own."""

import json
from typing import Annotated, cast, get_args

import typer

from actors import sync_settings
from api.models.syncing import SyncSettingsOut
from cli import here, screen
from db import users
from db.sync_settings import Direction, Frequency

app = typer.Typer(help="See and change what a collector chose for the sync that comes of its own.")

WHERE, OFTEN = get_args(Direction), get_args(Frequency)


@app.callback()
def sync() -> None:
    """See and change what a collector chose for the sync that comes of its own; `rekkrd import` syncs now."""


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
