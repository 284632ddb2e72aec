"""Writes of an undo: each reversal where nothing changed meanwhile, with its history line."""

from collections.abc import Sequence
from uuid import UUID

from actors.comparing.merging import is_same
from actors.syncing.reversals import CHANGED, Reversal, UndoAct
from db import Connection, agreed, albums, conflicts, instances, sync_log, undone_records, undos, wantlist, wants
from db.agreed import Pact
from db.albums import Change
from db.conflicts import RECORD, Ending
from db.storable import Json
from db.sync_log import Line
from db.undone_records import UndoneRecord
from db.wantlist import Edit

BY = "undo"


def carry_out(conn: Connection, user_id: UUID, reversals: Sequence[Reversal], job_id: UUID) -> list[Reversal]:
    """Carry out reversals, with a history line for each; an edit made in this moment wins."""
    done = [_do(conn, user_id, one) for one in reversals]
    undone_records.add(conn, user_id, [_record(one) for one in done if one.is_done])
    sync_log.add(conn, user_id, [_line(one, job_id) for one in done])
    return done


def _do(conn: Connection, user_id: UUID, one: Reversal) -> Reversal:
    """Restore the local side and the base together, so that no difference is left that a push could send."""
    match one.act:
        case UndoAct.NOTHING:
            return one
        case UndoAct.DROP if one.is_want:
            is_done = bool(wantlist.remove(conn, user_id, {one.release_id: one.before}))
            wantlist.let_go(conn, user_id, [one.release_id] if is_done else [])
        case UndoAct.DROP:
            undos.drop_album(conn, user_id, _album(one))
            agreed.forget(conn, user_id, [one.instance_id or 0])
            _supersede(conn, user_id, one)
            is_done = True
        case UndoAct.PUT_BACK if one.is_want:
            is_done = _write_want(conn, user_id, one)
        case UndoAct.PUT_BACK:
            is_done = _write(conn, user_id, one)
        case UndoAct.UNMARK if one.is_want:
            is_done = wantlist.restore(conn, user_id, one.release_id)
            if is_done:
                wants.unmark(conn, user_id, one.release_id)
                wantlist.agree(conn, user_id, {one.release_id: one.after})
        case UndoAct.UNMARK:
            is_done = instances.restore(conn, user_id, one.instance_id or 0) is not None
            _supersede(conn, user_id, one)
    return one if is_done else one.left_alone(CHANGED)


def _supersede(conn: Connection, user_id: UUID, one: Reversal) -> None:
    """Close the conflicts of a copy: they were about the state after the sync."""
    number = one.instance_id or 0
    of_copy = conflicts.open_of_copies(conn, user_id, [number])
    names = [name for _, name in of_copy if one.act is UndoAct.DROP or name == RECORD]
    conflicts.close(conn, user_id, [Ending(number, name, "superseded", BY) for name in names])


def _write_want(conn: Connection, user_id: UUID, one: Reversal) -> bool:
    ours = wantlist.of_releases(conn, user_id, [one.release_id]).get(one.release_id)
    if ours is None or not wantlist.change(conn, user_id, [Edit(one.release_id, ours, {**ours, **one.after})]):
        return False
    wantlist.agree(conn, user_id, {one.release_id: one.after})
    return True


def _write(conn: Connection, user_id: UUID, one: Reversal) -> bool:
    number = one.instance_id or 0
    pact = agreed.of_copies(conn, user_id, [number]).get(number)
    if pact is None or pact.album is None:
        return False
    now = pact.album.fields
    if any(not is_same(now.get(name), value) for name, value in one.before.items()):
        return False
    change = Change(_album(one), number, was=now, becomes={**now, **one.after})
    if not albums.update(conn, user_id, [change]):
        return False
    agreed.upsert(conn, user_id, [Pact(number, _album(one), one.after)])
    return True


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


def _record(one: Reversal) -> UndoneRecord:
    number = one.release_id if one.is_want else one.instance_id or 0
    return UndoneRecord(one.is_want, number, one.act.value, tuple(one.after) if one.act is UndoAct.PUT_BACK else ())


def _album(one: Reversal) -> UUID:
    if one.album_id is None:
        raise LookupError("this record has no album")
    return one.album_id
