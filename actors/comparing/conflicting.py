"""What changed here and on Discogs: decided by the collector's rules, or stored until they decide."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from actors.comparing.merging import UNDECIDED, Merge, Side, is_same, merge
from actors.comparing.resolving import Key, key_of, note_decided, take_side
from db import Connection, conflicts, rules, sync_log
from db.agreed import Agreement
from db.albums import Album, Fields, own_names, own_number
from db.conflicts import RECORD, Clash, Ending
from db.rules import Rule
from db.storable import Json
from db.sync_log import Line

BY_RULE = "rule"
BY_SYNC = "sync"

# What a deletion must not take along unseen: a copy that says otherwise than was agreed is not removed.
GUARDED = ("media_condition", "sleeve_condition", "discogs_folder_id", "discogs_rating", "discogs_notes")


@dataclass(frozen=True, slots=True)
class Look:
    """What a copy said when it was looked at last, as far as it is the collector's own, and when that was."""

    at: datetime
    fields: Fields


@dataclass(frozen=True, slots=True)
class Before:
    """What was known before a page: the open conflicts of its copies, and what they said at the last look."""

    known: Mapping[Key, Clash]
    looks: Mapping[int, Look]


@dataclass(frozen=True, slots=True)
class Met:
    """An album that is there, what was agreed on it, what its copy says, and what a page does to it."""

    album: Album
    before: Fields
    theirs: Fields
    merge: Merge


@dataclass(frozen=True, slots=True)
class Settled:
    """A page's records, what clashed in them, and the side that a rule took; what has none waits to be decided."""

    met: Mapping[int, Met]
    clashes: Mapping[Key, Clash]
    decided: Mapping[Key, Side]


def meet(album: Album, before: Fields, theirs: Fields, decided: Mapping[str, Side] = UNDECIDED) -> Met:
    """Bring both sides of a record together."""
    return Met(album, before, theirs, merge(before, album.fields, theirs, decided))


def guarded(*sides: Fields) -> list[str]:
    """Return what a deletion must not take along unseen; all its owner's own fields too."""
    return [*GUARDED, *own_names(*sides)]


def newest(clash: Clash, known: Clash | None) -> Side | None:
    """Say which side changed last, None where nobody can know.

    Discogs tells no times. So only this is sure: of a conflict that is known already, one side changed since; or the
    app keeps when an album changed, and that was before the last look at which the copy was still as it had been.
    """
    if known is not None:
        have_ours_moved, have_theirs_moved = known.ours != clash.ours, known.theirs != clash.theirs
        if have_ours_moved != have_theirs_moved:
            return "ours" if have_ours_moved else "theirs"
    ours_by, theirs_after = clash.ours_changed_at, clash.theirs_changed_after
    return "theirs" if ours_by is not None and theirs_after is not None and ours_by < theirs_after else None


def settle(conn: Connection, user_id: UUID, met: Mapping[int, Met], before: Before) -> Settled:
    """Decide by the rules what can be."""
    found = [_clash(number, one, name, before) for number, one in met.items() for name in one.merge.clashing]
    if not found:
        return Settled(met, {}, {})
    clashes, decided = decide(conn, user_id, found, before.known)
    by_copy: dict[int, dict[str, Side]] = {}
    for (number, name), side in decided.items():
        by_copy.setdefault(number, {})[name] = side
    settled = {number: meet(one.album, one.before, one.theirs, by_copy.get(number, {})) for number, one in met.items()}
    return Settled(settled, clashes, decided)


def note(conn: Connection, user_id: UUID, settled: Settled, before: Before, written: Collection[int]) -> None:
    """Store what the records of these copies clash in, and close what they clash in no more."""
    mine = {key: clash for key, clash in settled.clashes.items() if key[0] in written}
    conflicts.keep(conn, user_id, [clash for key, clash in mine.items() if before.known.get(key) != clash])
    decided = [clash for key, clash in mine.items() if key in settled.decided]
    note_decided(conn, user_id, decided, settled.decided, by=BY_RULE)
    agreed = [key for key in before.known if key[0] in written and key not in mine]
    conflicts.close(conn, user_id, [Ending(number, name, "agreed", BY_SYNC) for number, name in agreed])


def note_deletions(
    conn: Connection, user_id: UUID, deleted: Mapping[int, tuple[Agreement, Fields]], before: Before
) -> None:
    """Look at copies whose albums were deleted here: one that was edited on Discogs meanwhile is a conflict.

    ``deleted`` has what was agreed on a copy and what it says now, by instance id.
    """
    known = {key: clash for key, clash in before.known.items() if key[0] in deleted}
    clashes = [
        _deletion(number, pact, theirs, before)
        for number, (pact, theirs) in deleted.items()
        if any(not is_same(theirs.get(name), pact.fields.get(name)) for name in guarded(pact.fields, theirs))
    ]
    standing = {key_of(clash) for clash in clashes}
    conflicts.close(
        conn,
        user_id,
        [
            Ending(number, name, "agreed" if name == RECORD else "superseded", BY_SYNC)
            for number, name in known
            if (number, name) not in standing
        ],
    )
    _note_records(conn, user_id, clashes, known)


def note_vanished(conn: Connection, user_id: UUID) -> None:
    """Look at copies that are missing on Discogs: one whose album was edited here is a conflict."""
    conflicts.supersede_missing(conn, user_id)
    found = conflicts.edited_and_missing(conn, user_id)
    settled = conflicts.open_vanished(conn, user_id) - {one.instance_id for one in found}
    conflicts.close(conn, user_id, [Ending(number, RECORD, "agreed", BY_SYNC) for number in settled])
    known = conflicts.open_of_copies(conn, user_id, [one.instance_id for one in found]) if found else {}
    clashes = [
        Clash(
            one.instance_id,
            one.release_id,
            one.album.id,
            RECORD,
            True,
            one.agreed,
            one.album.fields,
            None,
            theirs_changed_after=one.looked_at,
        )
        for one in found
    ]
    _note_records(conn, user_id, clashes, known)


def _note_records(conn: Connection, user_id: UUID, clashes: Sequence[Clash], known: Mapping[Key, Clash]) -> None:
    if not clashes:
        return
    found, decided = decide(conn, user_id, clashes, known)
    fresh = [clash for key, clash in found.items() if known.get(key) != clash]
    conflicts.keep(conn, user_id, fresh)
    done: dict[Key, Side] = {}
    for side in ("ours", "theirs"):
        chosen = [found[key] for key, said in decided.items() if said == side]
        done |= dict.fromkeys(take_side(conn, user_id, chosen, side), side)
    note_decided(conn, user_id, [found[key] for key in done], done, by=BY_RULE)
    sync_log.add(conn, user_id, [_line(clash) for clash in fresh if key_of(clash) not in {**known, **done}])


def decide(
    conn: Connection, user_id: UUID, clashes: Sequence[Clash], known: Mapping[Key, Clash]
) -> tuple[dict[Key, Clash], dict[Key, Side]]:
    """Ask the rules; the clashes come back with the time at which the app changed their albums."""
    chosen = rules.of_user(conn, user_id)
    times = conflicts.change_times(conn, list({clash.album_id for clash in clashes if clash.album_id is not None}))
    found = {
        key_of(clash): replace(clash, ours_changed_at=None if clash.album_id is None else times.get(clash.album_id))
        for clash in clashes
    }
    sides = {key: _side(chosen.get(key[1], "ask"), clash, known.get(key)) for key, clash in found.items()}
    return found, {key: side for key, side in sides.items() if side is not None}


def _side(rule: Rule, clash: Clash, known: Clash | None) -> Side | None:
    if rule == "newest":
        return newest(clash, known)
    return None if rule == "ask" else rule


def _clash(number: int, met: Met, name: str, before: Before) -> Clash:
    return Clash(
        instance_id=number,
        release_id=int(str(met.theirs["discogs_release_id"])),
        album_id=met.album.id,
        field=name,
        has_base=name in met.before,
        base=met.before.get(name),
        ours=met.album.fields.get(name),
        theirs=met.theirs.get(name),
        theirs_changed_after=_since(
            before, (number, name), met.theirs.get(name), _after(before, number, met.theirs, (name,))
        ),
    )


def _deletion(number: int, pact: Agreement, theirs: Fields, before: Before) -> Clash:
    return Clash(
        instance_id=number,
        release_id=int(str(theirs["discogs_release_id"])),
        album_id=None,
        field=RECORD,
        has_base=True,
        base=pact.fields,
        ours=None,
        theirs=theirs,
        theirs_changed_after=_since(
            before, (number, RECORD), theirs, _after(before, number, theirs, guarded(pact.fields, theirs))
        ),
    )


def _since(before: Before, key: Key, theirs: Json, after: datetime | None) -> datetime | None:
    """Return since when Discogs says so: what an open conflict says of the same already, else what this look tells."""
    was = before.known.get(key)
    return was.theirs_changed_after if was is not None and was.theirs == theirs else after


def _after(before: Before, number: int, theirs: Fields, names: Sequence[str]) -> datetime | None:
    """Return when the copy was looked at last, if it did not show the change then; None where nobody knows."""
    look = before.looks.get(number)
    if look is None or any(name not in look.fields and own_number(name) is None for name in names):
        return None
    return look.at if any(not is_same(look.fields.get(name), theirs.get(name)) for name in names) else None


def _line(clash: Clash) -> Line:
    is_deleted_here = clash.ours is None
    return Line(
        "conflict",
        clash.release_id,
        clash.album_id,
        "conflict",
        {
            "change": "edited on Discogs, deleted here" if is_deleted_here else "edited here, gone on Discogs",
            "instance_id": clash.instance_id,
            "field": RECORD,
        },
    )
