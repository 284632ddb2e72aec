"""Reversals: what undoing a sync does to each record here, from its history line and its state now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from actors.comparing.merging import is_same
from actors.comparing.wanting import fields_of
from actors.comparing.wants_resolving import are_same
from db import Connection, agreed, forgetting, instances, wantlist, wants
from db.agreed import Agreement
from db.albums import SHARED, Album, Fields, Value, own_number
from db.undos import LoggedChange
from db.wants import KnownWant

# Of an album, what only Discogs can know of a copy: it is not taken back, for the copy still is what it is.
FACTS = frozenset({"discogs_release_id", "discogs_master_id", "discogs_date_added"})
PUT_BACK = tuple(name for name in SHARED if name not in FACTS)

SIDES = ("before", "after")

TOUCHED = "It was edited or used here since."
CHANGED = "It changed here since."
STILL_THERE = "It is on Discogs again."
LOCAL_ONLY = "It is kept local only."
ON_DISCOGS = (
    "The push removed it on Discogs, and an undo changes nothing there. Add the record again; the history has its data."
)


class UndoAct(StrEnum):
    """What is done to one record."""

    DROP = "drop"  # the sync brought it: it goes here, and its base too
    PUT_BACK = "put_back"  # fields and their base have their values from before the sync again
    UNMARK = "unmark"  # the sync marked it as missing: it counts as on Discogs again until the next import
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Reversal:
    """The undo of one history line. ``before`` has the values now, ``after`` those that come back.

    ``kept`` are fields that changed since; ``problem`` says why something is left alone.
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
    """State of the records of some history lines now; a decision about one line counts for those before it.

    ``missing`` are copies that are marked as missing, ``untouched`` albums that an import made and nobody edited or
    used.
    """

    pacts: dict[int, Agreement]
    missing: set[int]
    wants: Mapping[int, KnownWant]
    ours: dict[int, Fields]
    untouched: set[UUID]


def look(conn: Connection, user_id: UUID, lines: Sequence[LoggedChange], *, will_go: bool) -> Standing:
    """Read the records that these lines are about; albums are locked if they ``will_go``."""
    copies = [line.details["instance_id"] for line in lines if "instance_id" in line.details]
    releases = [line.release_id for line in lines if _is_of_want(line) and line.release_id is not None]
    known, pacts = instances.known(conn, user_id, copies), agreed.of_copies(conn, user_id, copies)
    made = {line.details["instance_id"] for line in lines if line.details.get("made_album")}
    albums_made = [pact.album.id for number, pact in pacts.items() if number in made and pact.album is not None]
    return Standing(
        pacts=pacts,
        missing={number for number, one in known.items() if one.is_missing},
        wants=wants.known(conn, user_id, releases),
        ours=wantlist.of_releases(conn, user_id, releases),
        untouched=forgetting.removable(conn, user_id, albums_made, will_go=will_go),
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
    left = Reversal(line, UndoAct.NOTHING, False, number)
    if line.details["change"] == "remove":
        return left.left_alone(ON_DISCOGS)
    pact = standing.pacts.get(number)
    if pact is None or pact.album is None:
        return None  # deleted here since, or never an album: nothing of this line is left
    if pact.is_local_only:
        return left.left_alone(LOCAL_ONLY)
    return _of_album(line, number, pact, pact.album, standing)


def _of_album(line: LoggedChange, number: int, pact: Agreement, album: Album, standing: Standing) -> Reversal | None:
    if line.details["change"] == "missing":
        unmarked = Reversal(line, UndoAct.UNMARK, False, number, album.id)
        return unmarked if number in standing.missing else unmarked.left_alone(STILL_THERE)
    if line.details.get("made_album"):
        dropped = Reversal(line, UndoAct.DROP, False, number, album.id, before=_shown(album.fields))
        if album.id not in standing.untouched:
            return dropped.left_alone(TOUCHED)
        standing.pacts[number] = replace(pact, album=None)
        return dropped
    return _of_fields(line, number, pact, album, standing)


def _of_fields(line: LoggedChange, number: int, pact: Agreement, album: Album, standing: Standing) -> Reversal | None:
    sides = line.details.get("album", {})
    names = [name for name in line.details.get("taken", ()) if name in PUT_BACK or own_number(name)]
    found = _put_back(line, names, album.fields, sides.get("before", {}), sides.get("after", {}))
    if found is None:
        return None
    standing.pacts[number] = replace(pact, album=replace(album, fields={**album.fields, **found.after}))
    return replace(found, is_want=False, instance_id=number, album_id=album.id)


def _of_want(line: LoggedChange, standing: Standing) -> Reversal | None:
    known, left = standing.wants.get(line.release_id or 0), Reversal(line, UndoAct.NOTHING, True)
    if line.details["change"] == "remove":
        return left.left_alone(ON_DISCOGS)
    if known is not None and known.is_local_only:
        return left.left_alone(LOCAL_ONLY)
    return None if known is None else _of_known_want(line, known, standing)


def _of_known_want(line: LoggedChange, known: KnownWant, standing: Standing) -> Reversal | None:
    number = line.release_id or 0
    ours = standing.ours.get(number)
    if line.details["change"] == "missing" and ours is None:
        unmarked = Reversal(line, UndoAct.UNMARK, True, after=fields_of(known.want))
        return unmarked if known.is_missing else unmarked.left_alone(STILL_THERE)
    if ours is None or known.agreed is None or line.details["change"] == "missing":
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


def _shown(said: Fields) -> Fields:
    return {name: value for name, value in said.items() if value not in (None, "")}
