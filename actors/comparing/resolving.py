"""What a decision about a conflict does: theirs is written to the album, ours waits to be pushed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, cast
from uuid import UUID

from actors.comparing import wants_resolving
from actors.comparing.merging import Side, is_same
from actors.comparing.wants_resolving import is_of_want
from db import Connection, agreed, albums, conflicts, sync_log
from db.agreed import Agreement, Pact
from db.albums import SHARED, Album, Change, Fields, Value, own_names
from db.conflicts import RECORD, WANT_RECORD, Clash, Ending
from db.storable import Json
from db.sync_log import Line

Key: TypeAlias = tuple[int, str]  # a copy's number and a field


def resolve(conn: Connection, user_id: UUID, conflict_ids: Sequence[UUID], side: Side, *, by: str) -> set[UUID]:
    """End open conflicts by taking one side; return which.

    Left alone are those that are not open, and those of which the album changed since they were found: they show what
    it says now, and whoever decided may look again.
    """
    claimed = conflicts.claim(conn, user_id, conflict_ids)
    done = take_side(conn, user_id, [one.clash for one in claimed], side)
    ended = [one for one in claimed if key_of(one.clash) in done]
    note_decided(conn, user_id, [one.clash for one in ended], dict.fromkeys(done, side), by=by)
    _refresh(conn, user_id, [one.clash for one in claimed if key_of(one.clash) not in done])
    return {one.id for one in ended}


def note_decided(
    conn: Connection, user_id: UUID, clashes: Sequence[Clash], decided: Mapping[Key, Side], *, by: str
) -> None:
    """Close conflicts that were carried out, with a line in the log for each: both values stay to be read."""
    endings = [Ending(clash.instance_id, clash.field, decided[key_of(clash)], by) for clash in clashes]
    conflicts.close(conn, user_id, endings)
    sync_log.add(conn, user_id, [_line(clash, decided[key_of(clash)], by) for clash in clashes])


def take_side(conn: Connection, user_id: UUID, clashes: Sequence[Clash], side: Side) -> set[Key]:
    """Do what taking this side means; return for which of them. The others are not as they were found any more."""
    if not clashes:
        return set()
    of_wants = [clash for clash in clashes if is_of_want(clash)]
    of_copies = [clash for clash in clashes if not is_of_want(clash)]
    done = wants_resolving.take_side(conn, user_id, of_wants, side)
    return done | _take_copies(conn, user_id, of_copies, side) if of_copies else done


def _take_copies(conn: Connection, user_id: UUID, clashes: Sequence[Clash], side: Side) -> set[Key]:
    pacts = agreed.of_copies(conn, user_id, list({clash.instance_id for clash in clashes}))
    of_records = [clash for clash in clashes if clash.field == RECORD]
    of_fields = [clash for clash in clashes if clash.field != RECORD]
    return _settle_fields(conn, user_id, of_fields, pacts, side) | _settle_records(
        conn, user_id, of_records, pacts, side
    )


def key_of(clash: Clash) -> Key:
    """Return what tells an open conflict of a collector from the others."""
    return clash.instance_id, clash.field


def _settle_fields(
    conn: Connection, user_id: UUID, clashes: Iterable[Clash], pacts: Mapping[int, Agreement], side: Side
) -> set[Key]:
    standing: dict[int, list[Clash]] = defaultdict(list)
    held: dict[int, Album] = {}
    for clash in clashes:
        album = _album_of(pacts.get(clash.instance_id))
        if album is not None and is_same(album.fields.get(clash.field), _value(clash.ours)):
            standing[clash.instance_id].append(clash)
            held[clash.instance_id] = album
    theirs = {number: {one.field: _value(one.theirs) for one in ones} for number, ones in standing.items()}
    if side == "theirs":
        changes = [
            Change(album.id, number, was=album.fields, becomes={**album.fields, **theirs[number]})
            for number, album in held.items()
        ]
        written = albums.update(conn, user_id, changes)
        held = {number: album for number, album in held.items() if album.id in written}
    agreed.upsert(conn, user_id, [Pact(number, album.id, theirs[number]) for number, album in held.items()])
    return {key_of(clash) for number in held for clash in standing[number]}


def _settle_records(
    conn: Connection, user_id: UUID, clashes: Iterable[Clash], pacts: Mapping[int, Agreement], side: Side
) -> set[Key]:
    """Deleted here and edited there: the deletion goes out, or the album is made again. Gone there and edited here: the
    album waits to be added anew, or stays as the record of a copy that is gone."""
    done: set[int] = set()
    deleted = {
        clash.instance_id: _emptied(pact, _fields(clash.theirs))
        for clash in clashes
        if clash.ours is None and (pact := pacts.get(clash.instance_id)) is not None and pact.album is None
    }
    vanished, kept, lost = {}, [], []
    for clash in clashes:
        pact = pacts.get(clash.instance_id)
        album = _album_of(pact)
        if clash.theirs is not None:
            continue
        if pact is None or album is None:
            lost.append(clash.instance_id)  # gone on both sides by now: nothing is left to decide
        elif are_same(album.fields, _fields(clash.ours)):
            vanished[clash.instance_id] = album
            kept.append(Pact(clash.instance_id, album.id, _emptied(pact, album.fields)))
    if side == "ours":
        agreed.rebase(conn, user_id, deleted)
        done |= deleted.keys() | agreed.release(conn, user_id, list(vanished))
    else:
        made = albums.create(conn, user_id, deleted)
        pacts_made = [Pact(number, album_id, deleted[number]) for number, album_id in made.items()]
        agreed.upsert(conn, user_id, pacts_made + kept)
        done |= made.keys() | vanished.keys()
    return {(number, RECORD) for number in done.union(lost)}


def _refresh(conn: Connection, user_id: UUID, clashes: Sequence[Clash]) -> None:
    """Show what the albums and wants of these conflicts say now."""
    if not clashes:
        return
    pacts = agreed.of_copies(conn, user_id, [clash.instance_id for clash in clashes if not is_of_want(clash)])
    fresh = []
    for clash in clashes:
        if is_of_want(clash):
            mine = wants_resolving.said_now(conn, user_id, clash)
        else:
            album = _album_of(pacts.get(clash.instance_id))
            mine = None if album is None else album.fields
        if mine is None:
            continue  # it is gone here: the next look says what that means
        if clash.field in (RECORD, WANT_RECORD):
            if clash.ours is not None:
                fresh.append(replace(clash, ours=mine))
        else:
            fresh.append(replace(clash, ours=mine.get(clash.field)))
    conflicts.keep(conn, user_id, fresh)


def are_same(one: Fields, other: Fields) -> bool:
    """Whether two albums say the same."""
    return all(is_same(one.get(name), other.get(name)) for name in (*SHARED, *own_names(one, other)))


def _emptied(pact: Agreement, said: Fields) -> Fields:
    """Say of own fields that were agreed on and are absent by now that they are empty."""
    return {**dict.fromkeys(own_names(pact.fields)), **said}


def _album_of(pact: Agreement | None) -> Album | None:
    return None if pact is None else pact.album


def _value(said: Json) -> Value:
    return cast("Value", said)  # a field's: written by ``actors.comparing.conflicting`` as it stood in the album


def _fields(said: Json) -> Fields:
    return cast("Fields", said or {})  # a record's: the same


def _line(clash: Clash, side: Side, by: str) -> Line:
    of_what: dict[str, Json] = {"list": "wantlist"} if is_of_want(clash) else {"instance_id": clash.instance_id}
    details: dict[str, Json] = {
        "change": "resolved",
        **of_what,
        "field": clash.field,
        "take": side,
        "by": by,
        "base": clash.base,
        "ours": clash.ours,
        "theirs": clash.theirs,
    }
    return Line("conflict", clash.release_id, clash.album_id, "success", details)
