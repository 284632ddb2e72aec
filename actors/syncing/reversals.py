"""Reversals: what taking back a sync means for each record, by its line in the log and how things stand now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from actors.comparing.grading import Slots, find_slots, grade
from actors.comparing.merging import is_same
from actors.comparing.wanting import fields_of
from actors.comparing.wants_resolving import are_same
from db import Connection, agreed, fields, forgetting, instances, undos, wantlist, wants
from db.agreed import Agreement
from db.albums import SHARED, Album, Fields, Value, own_fields, own_number
from db.instances import Copy
from db.undos import LoggedChange
from db.wants import KnownWant

# Of an album, what only Discogs can know of a copy: it is not taken back, for the copy still is what it is.
FACTS = frozenset({"discogs_release_id", "discogs_master_id", "discogs_date_added"})
PUT_BACK = tuple(name for name in SHARED if name not in FACTS)

SIDES = ("before", "after")

TOUCHED = "It was edited or used here since."
CHANGED = "It changed here since."
ADDED = "A copy of it was added here since."
STILL_THERE = "It is on Discogs again."
LOST = "The numbers that Discogs gave it and the day on which it was added do not come back: it is added anew."


class UndoAct(StrEnum):
    """What is done to one record."""

    DROP = "drop"
    PUT_BACK = "put_back"
    ADD_AGAIN = "add_again"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Reversal:
    """One line taken back. ``before`` is what stands here now, ``after`` what will again.

    ``kept`` are fields that changed since; ``problem`` says why something is left alone, or what does not come back.
    """

    line: LoggedChange
    act: UndoAct
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
        return self.act is not UndoAct.NOTHING

    @property
    def release_id(self) -> int:
        """Its release; 0 where the line names none."""
        return self.line.release_id or 0

    def left_alone(self, why: str) -> "Reversal":
        """Leave it alone, and say why."""
        return replace(self, act=UndoAct.NOTHING, problem=why)


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


def look(conn: Connection, user_id: UUID, lines: Sequence[LoggedChange], *, at: datetime, will_go: bool) -> Standing:
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


def decide(lines: Iterable[LoggedChange], standing: Standing) -> list[Reversal]:
    """Say what becomes of each line, the last first; nothing of those that changed nothing here."""
    found = []
    for line in lines:
        one = _of_want(line, standing) if _is_of_want(line) else _of_copy(line, standing)
        if one is not None:
            found.append(one)
    return found


def _is_of_want(line: LoggedChange) -> bool:
    return line.details.get("list") == "wantlist"


def _of_copy(line: LoggedChange, standing: Standing) -> Reversal | None:
    number = int(line.details["instance_id"])
    if line.details["change"] == "remove":
        return _of_removed(line, standing)
    pact = standing.pacts.get(number)
    if pact is None or pact.album is None:
        return None  # gone here since, or never an album: nothing of this line is left
    if line.details["change"] == "missing":
        return _of_missing(line, number, pact, pact.album.fields, standing)
    if line.details.get("made_album"):
        dropped = Reversal(line, UndoAct.DROP, False, number, pact.album.id, before=_shown(pact.album.fields))
        if pact.album.id not in standing.untouched:
            return dropped.left_alone(TOUCHED)
        standing.pacts[number] = replace(pact, album=None)
        return dropped
    return _of_album(line, number, pact, pact.album, standing)


def _of_missing(line: LoggedChange, number: int, pact: Agreement, ours: Fields, standing: Standing) -> Reversal:
    gone = standing.missing.get(number)
    # An album that was imported before own fields were knows none of them; its copy did.
    said = (
        {}
        if gone is None
        else {name: value for name, value in own_fields(gone.fields).items() if name not in pact.fields}
    )
    album_id = None if pact.album is None else pact.album.id
    again = Reversal(line, UndoAct.ADD_AGAIN, False, number, album_id, after=_shown({**said, **ours}), problem=LOST)
    return again if gone is not None else again.left_alone(STILL_THERE)


def _of_removed(line: LoggedChange, standing: Standing) -> Reversal:
    again = Reversal(
        line,
        UndoAct.ADD_AGAIN,
        False,
        int(line.details["instance_id"]),
        after=_as_it_was(line.details, standing.slots),
        problem=LOST,
    )
    added = standing.added.get(again.release_id)
    return again.left_alone(ADDED) if added is not None and added > line.created_at else again


def _of_album(line: LoggedChange, number: int, pact: Agreement, album: Album, standing: Standing) -> Reversal | None:
    sides = line.details.get("album", {})
    names = [name for name in line.details.get("taken", ()) if name in PUT_BACK or own_number(name)]
    found = _put_back(line, names, album.fields, sides.get("before", {}), sides.get("after", {}))
    if found is None:
        return None
    standing.pacts[number] = replace(pact, album=replace(album, fields={**album.fields, **found.after}))
    return replace(found, is_want=False, instance_id=number, album_id=album.id)


def _of_want(line: LoggedChange, standing: Standing) -> Reversal | None:
    number = line.release_id or 0
    ours, known = standing.ours.get(number), standing.wants.get(number)
    if line.details["change"] in ("missing", "remove"):
        if ours is not None or known is None:
            return None
        again = Reversal(line, UndoAct.ADD_AGAIN, True, after=fields_of(known.want))
        return again if known.is_missing else again.left_alone(STILL_THERE)
    if ours is None or known is None or known.agreed is None:
        return None
    if line.details["change"] == "created":
        dropped = Reversal(line, UndoAct.DROP, True, before=ours)
        if not are_same(ours, known.agreed):
            return dropped.left_alone(CHANGED)
        del standing.ours[number]
        return dropped
    return _of_edited_want(line, ours, standing)


def _of_edited_want(line: LoggedChange, ours: Fields, standing: Standing) -> Reversal | None:
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
    line: LoggedChange, names: Iterable[str], now: Fields, was: Mapping[str, Any], became: Mapping[str, Any]
) -> Reversal | None:
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
    found = Reversal(line, UndoAct.PUT_BACK, True, before=before, after=after, kept=tuple(kept), problem=problem)
    return found if after else found.left_alone(CHANGED)


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
