"""What taking back a sync means for each record: decided from its line in the log and from how things stand now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from actors.comparing.grading import Slots, find_slots, grade
from actors.comparing.merging import is_same
from actors.comparing.resolving import note_decided
from actors.comparing.resolving import take_side as resolve
from actors.comparing.wanting import fields_of
from actors.comparing.wants_resolving import are_same
from db import (
    Connection,
    agreed,
    albums,
    conflicts,
    fields,
    forgetting,
    instances,
    sync_log,
    undos,
    wantlist,
    wants,
)
from db.agreed import Agreement
from db.albums import SHARED, Album, Change, Fields, Value, own_fields, own_number
from db.conflicts import RECORD, Clash
from db.instances import Copy
from db.storable import Json
from db.sync_log import Line
from db.undos import Done
from db.wantlist import Edit
from db.wants import KnownWant

BY = "undo"

# Of an album, what only Discogs can know of a copy: it is not taken back, for the copy still is what it is.
FACTS = frozenset({"discogs_release_id", "discogs_master_id", "discogs_date_added"})
PUT_BACK = tuple(name for name in SHARED if name not in FACTS)

SIDES = ("before", "after")

TOUCHED = "It was edited or used here since."
CHANGED = "It changed here since."
ADDED = "A copy of it was added here since."
STILL_THERE = "It is on Discogs again."
LOST = "The numbers that Discogs gave it and the day on which it was added do not come back: it is added anew."


class Act(StrEnum):
    """What is done to one record."""

    DROP = "drop"
    PUT_BACK = "put_back"
    ADD_AGAIN = "add_again"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Undoing:
    """One line taken back. ``before`` is what stands here now, ``after`` what will again.

    ``kept`` are fields that changed since; ``problem`` says why something is left alone, or what does not come back.
    """

    line: Done
    act: Act
    is_want: bool
    instance_id: int | None = None
    album_id: UUID | None = None
    before: Fields = field(default_factory=dict)
    after: Fields = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether anything is taken back."""
        return self.act is not Act.NOTHING


@dataclass(frozen=True, slots=True)
class Standing:
    """How the records of some lines stand now; what is decided of one line counts for those before it.

    ``untouched`` are albums that an import made and nobody edited or used; ``added`` says of releases of which a copy
    was removed when an album was made last.
    """

    pacts: dict[int, Agreement]
    missing: Mapping[int, Copy]
    wants: Mapping[int, KnownWant]
    ours: dict[int, Fields]
    slots: Slots
    untouched: set[UUID]
    added: Mapping[int, datetime]


def look(conn: Connection, user_id: UUID, lines: Sequence[Done], *, at: datetime, will_go: bool) -> Standing:
    """Look at the records that these lines are about. ``at`` is when it was asked for; held if they ``will_go``."""
    copies = [line.details["instance_id"] for line in lines if "instance_id" in line.details]
    releases = [line.release_id for line in lines if _is_of_want(line) and line.release_id is not None]
    known, pacts = instances.known(conn, user_id, copies), agreed.of_copies(conn, user_id, copies)
    made = {line.details["instance_id"] for line in lines if line.details.get("made_album")}
    albums_made = [pact.album.id for number, pact in pacts.items() if number in made and pact.album is not None]
    removed = [line.release_id or 0 for line in lines if line.details["change"] == "remove" and not _is_of_want(line)]
    return Standing(
        pacts=pacts,
        missing={number: one.copy for number, one in known.items() if one.is_missing},
        wants=wants.known(conn, user_id, releases),
        ours=wantlist.of_releases(conn, user_id, releases),
        slots=find_slots(fields.of_user(conn, user_id)),
        untouched=forgetting.removable(conn, user_id, albums_made, will_go=will_go),
        added=undos.added(conn, user_id, removed, until=at),
    )


def decide(lines: Iterable[Done], standing: Standing) -> list[Undoing]:
    """Say what becomes of each line, the last first; nothing of those that changed nothing here."""
    found = []
    for line in lines:
        one = _of_want(line, standing) if _is_of_want(line) else _of_copy(line, standing)
        if one is not None:
            found.append(one)
    return found


def carry_out(conn: Connection, user_id: UUID, undoings: Sequence[Undoing], job_id: UUID) -> list[Undoing]:
    """Take back what can be, with a line in the log for each; return what came of it: an edit just now wins."""
    done = [_do(conn, user_id, one) for one in undoings]
    sync_log.add(conn, user_id, [_line(one, job_id) for one in done])
    return done


def _is_of_want(line: Done) -> bool:
    return line.details.get("list") == "wantlist"


def _of_copy(line: Done, standing: Standing) -> Undoing | None:
    number = int(line.details["instance_id"])
    if line.details["change"] == "remove":
        return _of_removed(line, standing)
    pact = standing.pacts.get(number)
    if pact is None or pact.album is None:
        return None  # gone here since, or never an album: nothing of this line is left
    if line.details["change"] == "missing":
        return _of_missing(line, number, pact, pact.album.fields, standing)
    if line.details.get("made_album"):
        dropped = Undoing(line, Act.DROP, False, number, pact.album.id, before=_shown(pact.album.fields))
        if pact.album.id not in standing.untouched:
            return _left(dropped, TOUCHED)
        standing.pacts[number] = replace(pact, album=None)
        return dropped
    return _of_album(line, number, pact, pact.album, standing)


def _of_missing(line: Done, number: int, pact: Agreement, ours: Fields, standing: Standing) -> Undoing:
    gone = standing.missing.get(number)
    # An album that was imported before own fields were knows none of them; its copy did.
    said = (
        {}
        if gone is None
        else {name: value for name, value in own_fields(gone.fields).items() if name not in pact.fields}
    )
    album_id = None if pact.album is None else pact.album.id
    again = Undoing(line, Act.ADD_AGAIN, False, number, album_id, after=_shown({**said, **ours}), problem=LOST)
    return again if gone is not None else _left(again, STILL_THERE)


def _of_removed(line: Done, standing: Standing) -> Undoing:
    again = Undoing(
        line,
        Act.ADD_AGAIN,
        False,
        int(line.details["instance_id"]),
        after=_as_it_was(line.details, standing.slots),
        problem=LOST,
    )
    added = standing.added.get(_release(again))
    return _left(again, ADDED) if added is not None and added > line.created_at else again


def _of_album(line: Done, number: int, pact: Agreement, album: Album, standing: Standing) -> Undoing | None:
    sides = line.details.get("album", {})
    names = [name for name in line.details.get("taken", ()) if name in PUT_BACK or own_number(name)]
    found = _put_back(line, names, album.fields, sides.get("before", {}), sides.get("after", {}))
    if found is None:
        return None
    standing.pacts[number] = replace(pact, album=replace(album, fields={**album.fields, **found.after}))
    return replace(found, is_want=False, instance_id=number, album_id=album.id)


def _of_want(line: Done, standing: Standing) -> Undoing | None:
    number = line.release_id or 0
    ours, known = standing.ours.get(number), standing.wants.get(number)
    if line.details["change"] in ("missing", "remove"):
        if ours is not None or known is None:
            return None
        again = Undoing(line, Act.ADD_AGAIN, True, after=fields_of(known.want))
        return again if known.is_missing else _left(again, STILL_THERE)
    if ours is None or known is None or known.agreed is None:
        return None
    if line.details["change"] == "created":
        dropped = Undoing(line, Act.DROP, True, before=ours)
        if not are_same(ours, known.agreed):
            return _left(dropped, CHANGED)
        del standing.ours[number]
        return dropped
    return _of_edited_want(line, ours, standing)


def _of_edited_want(line: Done, ours: Fields, standing: Standing) -> Undoing | None:
    said = line.details
    was, became = ({f"want_{name}": value or None for name, value in said.get(side, {}).items()} for side in SIDES)
    names = [f"want_{name}" for name in said.get("changed", ()) if f"want_{name}" in ours]
    found = _put_back(line, names, ours, was, became)
    if found is None:
        return None
    after = {name: value or "" if name == "want_notes" else value for name, value in found.after.items()}
    standing.ours[line.release_id or 0] = {**ours, **after}
    return replace(found, after=after)


def _put_back(
    line: Done, names: Iterable[str], now: Fields, was: Mapping[str, Any], became: Mapping[str, Any]
) -> Undoing | None:
    """Say which fields still are as the sync left them, and what they were; and which changed since."""
    before: dict[str, Value] = {}
    after: dict[str, Value] = {}
    kept = []
    for name in names:
        if is_same(now.get(name), became.get(name)):
            before[name], after[name] = now.get(name), was.get(name)
        elif not is_same(now.get(name), was.get(name)):
            kept.append(name)
    if not after and not kept:
        return None
    problem = CHANGED if kept else None
    found = Undoing(line, Act.PUT_BACK, True, before=before, after=after, kept=tuple(kept), problem=problem)
    return found if after else _left(found, CHANGED)


def _left(one: Undoing, why: str) -> Undoing:
    """Leave it alone, and say why."""
    return replace(one, act=Act.NOTHING, problem=why)


def _as_it_was(said: Mapping[str, Any], slots: Slots) -> dict[str, Value]:
    """Read what a removed copy was, in the columns of an album."""
    whole = said.get("removed") or {}
    grading = grade(slots, {int(one["field_id"]): str(one["value"]) for one in whole.get("fields") or ()})
    return {
        "artist": whole.get("artist"),
        "title": whole.get("title"),
        "discogs_release_id": whole.get("release_id"),
        "media_condition": grading.media_condition,
        "sleeve_condition": grading.sleeve_condition,
        "discogs_folder_id": whole.get("folder_id"),
        "discogs_notes": grading.notes,
        "discogs_rating": whole.get("rating") or None,
        **own_fields(whole.get("fields")),
    }


def _shown(said: Fields) -> Fields:
    return {name: value for name, value in said.items() if value not in (None, "")}


def _do(conn: Connection, user_id: UUID, one: Undoing) -> Undoing:
    match one.act:
        case Act.NOTHING:
            return one
        case Act.DROP if one.is_want:
            is_done = bool(wantlist.remove(conn, user_id, {_release(one): one.before}))
        case Act.DROP:
            undos.drop_album(conn, user_id, _album(one))
            is_done = True
        case Act.PUT_BACK if one.is_want:
            ours = wantlist.of_releases(conn, user_id, [_release(one)]).get(_release(one), {})
            edit = Edit(_release(one), ours, {**ours, **one.after})
            is_done = bool(ours) and bool(wantlist.change(conn, user_id, [edit]))
        case Act.PUT_BACK:
            is_done = _write(conn, user_id, one)
        case Act.ADD_AGAIN if one.is_want:
            is_done = wantlist.restore(conn, user_id, _release(one))
        case Act.ADD_AGAIN if one.album_id is not None:
            is_done = _free(conn, user_id, one)
        case Act.ADD_AGAIN:
            return replace(one, album_id=undos.make_album(conn, user_id, one.after))
    return one if is_done else _left(one, CHANGED)


def _write(conn: Connection, user_id: UUID, one: Undoing) -> bool:
    number = one.instance_id or 0
    pact = agreed.of_copies(conn, user_id, [number]).get(number)
    if pact is None or pact.album is None:
        return False
    now = pact.album.fields
    if any(not is_same(now.get(name), value) for name, value in one.before.items()):
        return False
    change = Change(_album(one), number, was=now, becomes={**now, **one.after})
    return bool(albums.update(conn, user_id, [change]))


def _free(conn: Connection, user_id: UUID, one: Undoing) -> bool:
    """Take an album off its vanished copy, as its owner wants it: so the next push adds it anew."""
    number = one.instance_id or 0
    pact = agreed.of_copies(conn, user_id, [number]).get(number)
    if pact is None or pact.album is None:
        return False
    ours = {**{name: value for name, value in one.after.items() if own_number(name)}, **pact.album.fields}
    if ours != pact.album.fields:
        albums.update(conn, user_id, [Change(pact.album.id, number, was=pact.album.fields, becomes=ours)])
    clash = Clash(number, _release(one), pact.album.id, RECORD, True, pact.fields, ours, None)
    conflicts.keep(conn, user_id, [clash])
    done = resolve(conn, user_id, [clash], "ours")
    note_decided(conn, user_id, [clash] if done else [], dict.fromkeys(done, "ours"), by=BY)
    return bool(done)


def _line(one: Undoing, job_id: UUID) -> Line:
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
    if one.act is Act.PUT_BACK:
        details |= {"taken": list(one.after), "album": {"before": one.before, "after": one.after}}
    if one.problem is not None and not one.is_done:
        details["error"] = one.problem
    if one.kept:
        details["kept"] = list(one.kept)
    album_id = None if one.act is Act.DROP else one.album_id
    return Line("update", one.line.release_id, album_id, "success" if one.is_done else "skipped", details)


def _release(one: Undoing) -> int:
    return one.line.release_id or 0


def _album(one: Undoing) -> UUID:
    if one.album_id is None:
        raise LookupError("this record has no album")
    return one.album_id
