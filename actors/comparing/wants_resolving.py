"""What a decision about a want's conflict does: theirs is written to the app's list, ours waits to be pushed."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from actors.comparing.merging import Side, is_same
from db import Connection, wantlist
from db.albums import Fields, Value
from db.conflicts import OF_WANTS, WANT_RECORD, Clash
from db.wantlist import SHARED, Edit


def is_of_want(clash: Clash) -> bool:
    """Whether this is about a want, not a copy."""
    return clash.field.startswith(OF_WANTS)


def take_side(conn: Connection, user_id: UUID, clashes: Sequence[Clash], side: Side) -> set[tuple[int, str]]:
    """Do what taking this side means; return for which of them. The others are not as they were found any more."""
    if not clashes:
        return set()
    ours = wantlist.of_releases(conn, user_id, list({clash.release_id for clash in clashes}))
    done: set[tuple[int, str]] = set()
    for clash in clashes:
        mine = ours.get(clash.release_id)
        of_one = _settle_record if clash.field == WANT_RECORD else _settle_field
        if of_one(conn, user_id, clash, mine, side):
            done.add((clash.instance_id, clash.field))
            ours |= wantlist.of_releases(conn, user_id, [clash.release_id])
    return done


def said_now(conn: Connection, user_id: UUID, clash: Clash) -> Fields | None:
    """Return what the app's list says now of the want that a conflict is about; None where the want is gone."""
    return wantlist.of_releases(conn, user_id, [clash.release_id]).get(clash.release_id)


def are_same(one: Fields, other: Fields) -> bool:
    """Whether two wants say the same."""
    return all(is_same(one[name], other.get(name)) for name in SHARED)


def _settle_field(conn: Connection, user_id: UUID, clash: Clash, mine: Fields | None, side: Side) -> bool:
    if mine is None or not is_same(mine[clash.field], cast("Value", clash.ours)):
        return False
    theirs = cast("Value", clash.theirs)
    if side == "theirs" and not wantlist.change(
        conn, user_id, [Edit(clash.release_id, mine, {**mine, clash.field: theirs})]
    ):
        return False
    wantlist.agree(conn, user_id, {clash.release_id: {clash.field: theirs}})
    return True


def _settle_record(conn: Connection, user_id: UUID, clash: Clash, mine: Fields | None, side: Side) -> bool:
    """Removed here and edited there: the removal goes out, or it is wanted again. Gone there and edited here: it goes
    out anew, or is removed here too."""
    number = clash.release_id
    if clash.theirs is not None:
        if mine is not None:
            return False
        theirs = cast("Fields", clash.theirs)
        if side == "theirs":
            wantlist.add(conn, user_id, {number: theirs})
        wantlist.agree(conn, user_id, {number: theirs})
        return True
    if mine is not None and not are_same(mine, cast("Fields", clash.ours or {})):
        return False
    if mine is not None and side == "theirs" and not wantlist.remove(conn, user_id, {number: mine}):
        return False
    wantlist.let_go(conn, user_id, [number])
    return True
