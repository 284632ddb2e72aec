"""`rekkrd history`: what became of a collector's records, and the story of one."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, cast, get_args
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text

from actors.syncing import history as told_of
from actors.syncing.history import Told
from api.models.history import HistoryPage
from cli import here, screen, times, words
from cli.errors import CommandFailed
from db import users
from db.sync_log import Action, Status, Wanted
from discogs.ids import LARGEST

ACTIONS, STATUSES = get_args(Action), get_args(Status)
COLOURS = {"failed": "red", "conflict": "yellow", "skipped": "dim"}


def history(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose: handle, id or address.")],
    *,
    album: Annotated[UUID | None, typer.Option(metavar="ID", help="Only this album: its story.")] = None,
    release: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=LARGEST, help="Only this release, wants included.")
    ] = None,
    action: Annotated[str | None, typer.Option(metavar="A", help=f"Only these: {', '.join(ACTIONS)}.")] = None,
    status: Annotated[str | None, typer.Option(metavar="S", help=f"Only what ended so: {', '.join(STATUSES)}.")] = None,
    job: Annotated[UUID | None, typer.Option(metavar="ID", help="Only what this job did.")] = None,
    newer: Annotated[str | None, typer.Option(metavar="AGE", help="Only what is newer: 30m, 2h, 3d.")] = None,
    older: Annotated[str | None, typer.Option(metavar="AGE", help="Only what is older.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Lines to show.")] = 25,
    cursor: Annotated[UUID | None, typer.Option(metavar="ID", help="Go on below this line.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what became of a collector's records, the newest first."""
    wanted = Wanted(
        release_id=release,
        album_id=album,
        action=cast("Action | None", _one_of(action, ACTIONS, "--action")),
        status=cast("Status | None", _one_of(status, STATUSES, "--status")),
        job_id=job,
        since=_moment(newer),
        until=_moment(older),
    )
    with here.opened_pool() as pool, pool.transaction() as conn:
        found = told_of.page(conn, users.find(conn, user).id, wanted, cursor=cursor, room=limit)
    if found is None:
        raise CommandFailed("The cursor is no line of this history.", "Run it again without --cursor.")
    if as_json:
        screen.plain(json.dumps(HistoryPage.of(found).model_dump(mode="json"), indent=2))
        return
    screen.out().print(picture(found.lines)) if found.lines else screen.plain("Nothing happened.")
    if found.next_cursor is not None:
        screen.say(f"[dim]More: --cursor {found.next_cursor}[/]")


def picture(lines: Sequence[Told]) -> Table:
    """Draw lines: when, which release, and what happened in words."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True)
    table.add_column("when", no_wrap=True, header_style="dim")
    table.add_column("release", no_wrap=True, header_style="dim", justify="right")
    table.add_column("what happened", ratio=1, overflow="fold", header_style="dim")
    for told in lines:
        line = told.line
        style = COLOURS.get(line.status, "")
        table.add_row(words.clock(line.created_at), str(line.release_id or ""), Text(told.sentence, style=style))
    return table


def _one_of(given: str | None, known: Sequence[str], option: str) -> str | None:
    if given is not None and given not in known:
        raise typer.BadParameter(f"choose one of {', '.join(known)}.", param_hint=option)
    return given


def _moment(given: str | None) -> datetime | None:
    return None if given is None else datetime.now(UTC) - times.age(given)
