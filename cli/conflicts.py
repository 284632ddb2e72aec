"""`rekkrd conflicts`: what changed here and on Discogs, and one side taken in many of them."""

import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, cast, get_args
from uuid import UUID

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from actors.comparing.merging import Side
from actors.comparing.resolving import resolve
from actors.wording import count
from api.models.conflicts import ConflictOut, ConflictPage, FieldName
from cli import here, operator, screen
from cli.errors import CommandFailed
from db import Connection, conflicts, operations, users
from db.albums import own_number
from db.conflicts import RECORD, WANT_RECORD, Conflict
from db.pool import Pool

WHOLE = {RECORD: "whole record", WANT_RECORD: "whole want"}
FIELDS, SIDES = get_args(FieldName), get_args(Side)
PIECE = 500  # conflicts a transaction
NOBODY = UUID(int=0)
WIDTHS = (20, 17, 11, 11, 11)


def show(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose: handle, id or address.")],
    *,
    field: Annotated[
        str | None, typer.Option(metavar="F", help="Only about this column of albums, or an own field as field_4.")
    ] = None,
    album: Annotated[UUID | None, typer.Option(metavar="ID", help="Only those of this album.")] = None,
    take: Annotated[
        str | None,
        typer.Option("--resolve", metavar="SIDE", help="Take one side in all of them: ours (this side) or theirs."),
    ] = None,
    is_dry: Annotated[bool, typer.Option("--dry-run", help="With --resolve: count them; nothing happens.")] = False,
    is_sure: Annotated[bool, typer.Option("--yes", "-y", help="With --resolve: do not ask before.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 25,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what changed here and on Discogs, and not to the same, the newest first; or take one side in all of them."""
    if field is None or own_number(field) is None:
        _require_known(field, FIELDS, "--field")
    _require_known(take, SIDES, "--resolve")
    if take is None and (is_dry or is_sure):
        raise typer.BadParameter("goes with --resolve only.", param_hint="--dry-run, --yes")
    with here.opened_pool() as pool:
        with pool.transaction() as conn:
            user_id = users.find(conn, user).id
            there = conflicts.count_open(conn, user_id, field=field, album_id=album)
            found = conflicts.page(conn, user_id, field=field, album_id=album, is_open=True, room=limit + 1)
        if take is None:
            _print(
                found[:limit], there, user, next_cursor=found[limit - 1].id if there > limit else None, as_json=as_json
            )
            return
        if not there:
            screen.tell("No such conflicts.")
        elif is_dry:
            screen.tell(f"{count(there, 'conflict')} would be resolved: {take} taken. Nothing happened.")
        else:
            _ask(there, take, is_sure=is_sure)
            done, met = _resolve(pool, user_id, cast("Side", take), field=field, album=album)
            screen.tell(f"{count(done, 'conflict')} resolved: {take} taken.{_rest(met - done)}")


def picture(found: Sequence[Conflict]) -> RenderableType:
    """Draw conflicts in at most 80 columns."""
    table = screen.listing("record", "field", "agreed", "here", "on Discogs")
    for conflict in found:
        clash = conflict.clash
        name = f"{conflict.title} ({conflict.artist})" if conflict.title else f"release {clash.release_id}"
        field = WHOLE.get(clash.field, clash.field.removeprefix("discogs_"))
        sides = [_said(value, clash.field) for value in (clash.base, clash.ours, clash.theirs)]
        table.add_row(*(screen.cut(text, width) for text, width in zip((name, field, *sides), WIDTHS, strict=True)))
    return table


def _said(value: Any, field: str) -> str:
    if field in WHOLE:
        return "gone" if value is None else "there"
    return "—" if value in (None, "") else str(value).replace("\n", " ")


def _print(found: Sequence[Conflict], there: int, user: str, *, next_cursor: UUID | None, as_json: bool) -> None:
    if as_json:
        page = ConflictPage(conflicts=[ConflictOut.of(one) for one in found], open=there, next_cursor=next_cursor)
        screen.plain(json.dumps(page.model_dump(mode="json"), indent=2))
    elif not found:
        screen.tell("No conflicts: nothing changed on both sides.")
    else:
        told = Text(
            f"{count(there, 'conflict')} open. Take a side: rekkrd conflicts {user} --resolve ours|theirs", "dim"
        )
        screen.out().print(Group(picture(found), told))


def _resolve(pool: Pool, user_id: UUID, side: Side, *, field: str | None, album: UUID | None) -> tuple[int, int]:
    """Take a side in all open conflicts, a transaction a piece: how many were decided, and looked at."""
    by, after, done, met = operator.name(), NOBODY, 0, 0
    while True:
        ids, changed = operations.in_piece(
            pool,
            partial(
                _piece, user_id=user_id, side=side, by=by, chosen={"field": field, "album_id": album, "after": after}
            ),
        )
        done, met = done + changed, met + len(ids)
        if len(ids) < PIECE:
            return done, met
        after = ids[-1]


def _piece(
    conn: Connection, *, user_id: UUID, side: Side, by: str, chosen: Mapping[str, Any]
) -> tuple[list[UUID], int]:
    ids = conflicts.open_ids(conn, user_id, room=PIECE, **chosen)
    return ids, len(resolve(conn, user_id, ids, side, by=by))


def _ask(there: int, take: str, *, is_sure: bool) -> None:
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise CommandFailed(f"{count(there, 'conflict')} would be resolved.", "Say --yes to do it without being asked.")
    if not screen.confirm(f"{count(there, 'conflict')} will be resolved: {take} taken. Go on?"):
        raise typer.Abort


def _rest(left: int) -> str:
    return f" {left:,} changed since they were found: look again, then resolve them." if left else ""


def _require_known(said: str | None, known: Sequence[str], option: str) -> None:
    if said is not None and said not in known:
        raise typer.BadParameter(f"{said} is none of: {', '.join(known)}.", param_hint=option)
