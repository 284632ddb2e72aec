"""What an undo writes: each reversal carried out where nothing changed meanwhile, with its line in the log."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from actors.comparing.merging import is_same
from actors.comparing.resolving import note_decided, take_side
from actors.syncing.reversals import CHANGED, Reversal, UndoAct
from db import Connection, agreed, albums, conflicts, sync_log, undos, wantlist
from db.albums import Change, own_number
from db.conflicts import RECORD, Clash
from db.storable import Json
from db.sync_log import Line
from db.wantlist import Edit

BY = "undo"


def carry_out(conn: Connection, user_id: UUID, reversals: Sequence[Reversal], job_id: UUID) -> list[Reversal]:
    """Take back what can be, with a line in the log for each; return what came of it: an edit just now wins."""
    done = [_do(conn, user_id, one) for one in reversals]
    sync_log.add(conn, user_id, [_line(one, job_id) for one in done])
    return done


def _do(conn: Connection, user_id: UUID, one: Reversal) -> Reversal:
    match one.act:
        case UndoAct.NOTHING:
            return one
        case UndoAct.DROP if one.is_want:
            is_done = bool(wantlist.remove(conn, user_id, {one.release_id: one.before}))
        case UndoAct.DROP:
            undos.drop_album(conn, user_id, _album(one))
            is_done = True
        case UndoAct.PUT_BACK if one.is_want:
            ours = wantlist.of_releases(conn, user_id, [one.release_id]).get(one.release_id, {})
            edit = Edit(one.release_id, ours, {**ours, **one.after})
            is_done = bool(ours) and bool(wantlist.change(conn, user_id, [edit]))
        case UndoAct.PUT_BACK:
            is_done = _write(conn, user_id, one)
        case UndoAct.ADD_AGAIN if one.is_want:
            is_done = wantlist.restore(conn, user_id, one.release_id)
        case UndoAct.ADD_AGAIN if one.album_id is not None:
            is_done = _free(conn, user_id, one)
        case UndoAct.ADD_AGAIN:
            return replace(one, album_id=undos.make_album(conn, user_id, one.after))
    return one if is_done else one.left_alone(CHANGED)


def _write(conn: Connection, user_id: UUID, one: Reversal) -> bool:
    number = one.instance_id or 0
    pact = agreed.of_copies(conn, user_id, [number]).get(number)
    if pact is None or pact.album is None:
        return False
    now = pact.album.fields
    if any(not is_same(now.get(name), value) for name, value in one.before.items()):
        return False
    change = Change(_album(one), number, was=now, becomes={**now, **one.after})
    return bool(albums.update(conn, user_id, [change]))


def _free(conn: Connection, user_id: UUID, one: Reversal) -> bool:
    """Take an album off its vanished copy, as its owner wants it: so the next push adds it anew."""
    number = one.instance_id or 0
    pact = agreed.of_copies(conn, user_id, [number]).get(number)
    if pact is None or pact.album is None:
        return False
    ours = {**{name: value for name, value in one.after.items() if own_number(name)}, **pact.album.fields}
    if ours != pact.album.fields:
        albums.update(conn, user_id, [Change(pact.album.id, number, was=pact.album.fields, becomes=ours)])
    clash = Clash(number, one.release_id, pact.album.id, RECORD, True, pact.fields, ours, None)
    conflicts.keep(conn, user_id, [clash])
    done = take_side(conn, user_id, [clash], "ours")
    note_decided(conn, user_id, [clash] if done else [], dict.fromkeys(done, "ours"), by=BY)
    return bool(done)


def _line(one: Reversal, job_id: UUID) -> Line:
    details: dict[str, Json] = {
        "change": "undone" if one.is_done else "not undone",
        "undo": one.act.value,
        "undoes": str(one.line.id),
        "by": BY,
        "job": str(job_id),
    }
    if one.is_want:
        details["list"] = "wantlist"
    if one.instance_id is not None:
        details["instance_id"] = one.instance_id
    if one.act is UndoAct.PUT_BACK:
        details |= {"taken": list(one.after), "album": {"before": one.before, "after": one.after}}
    if one.problem is not None and not one.is_done:
        details["error"] = one.problem
    if one.kept:
        details["kept"] = list(one.kept)
    album_id = None if one.act is UndoAct.DROP else one.album_id
    return Line("update", one.line.release_id, album_id, "success" if one.is_done else "skipped", details)


def _album(one: Reversal) -> UUID:
    if one.album_id is None:
        raise LookupError("this record has no album")
    return one.album_id
