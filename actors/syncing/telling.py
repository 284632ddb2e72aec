"""A line of the log as a sentence for the collector: what happened to the record, from what to what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from db.albums import OWN, OWN_BEGIN, own_number
from db.storable import Json
from db.sync_log import Line
from services.wording import ended

CALLED = {
    "media_condition": "Media condition",
    "sleeve_condition": "Sleeve condition",
    "discogs_notes": "Notes",
    "notes": "Notes",
    "discogs_folder_id": "Folder",
    "folder_id": "Folder",
    "rating": "Rating",
    "discogs_rating": "Rating",
    "discogs_date_added": "Date added",
    "date_added": "Date added",
    "discogs_release_id": "Release",
    "release_id": "Release",
    "discogs_master_id": "Master release",
    "artist": "Artist",
    "title": "Title",
    "year": "Year",
    "catalog_number": "Catalogue number",
    "_record": "The whole record",
    "want_notes": "Notes of the want",
    "want_rating": "Rating of the want",
    "want_record": "The whole want",
}
ALBUMS = {
    "notes": "discogs_notes",
    "folder_id": "discogs_folder_id",
    "date_added": "discogs_date_added",
    "rating": "discogs_rating",
    "release_id": "discogs_release_id",
}
FOLDERS = frozenset({"folder_id", "discogs_folder_id"})
MOST_SHOWN = 80

WRITTEN = {
    "created": "Came over from Discogs.",
    "shelved": "No album here was this copy.",
    "updated": "",
    "reappeared": "Is on Discogs again.",
    "missing": "Is no longer on Discogs; kept here, and marked.",
    "add": "Added on Discogs.",
    "move": "",
    "write": "",
    "gone": "Was removed here and on Discogs.",
    "remove": "Removed on Discogs, because its album was deleted here; what it was stands in this line.",
}
OF_WANTS = {
    "missing": "Is no longer wanted on Discogs.",
    "add": "Wanted on Discogs too.",
    "remove": "No longer wanted on Discogs either, because it was removed here.",
    "restored": "Wanted again here, as it was on Discogs.",
    "owned by now": "In the collection by now, and no longer wanted.",
}
UNDONE = {
    "put_back": "The sync's change was undone here; Discogs was not changed.",
    "drop": "The sync that brought it was undone: it is no longer here, and still on Discogs.",
    "unmark": "The sync marked it as gone from Discogs; that was undone here. Discogs was not changed.",
}
AFTER_UNDO = {
    "import_again": "After the undo its user chose to import it again.",
    "keep_mine": "After the undo its user chose to push what is here to Discogs.",
    "keep_local": "After the undo its user chose to keep both sides as they are: no import or push touches it.",
}
Sides: TypeAlias = tuple[Json, Json]  # before and after
FAILED = {
    "not undone": "Not undone",
    "add": "Not added on Discogs",
    "remove": "Not removed on Discogs",
    "unreadable": "Not read from Discogs",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What a collector's folders and custom fields are called."""

    folders: Mapping[int, str] = field(default_factory=dict)
    fields: Mapping[int, str] = field(default_factory=dict)


def sentence(line: Line, names: Names) -> str:
    """Say what happened, in one sentence or a few."""
    said: Mapping[str, Any] = line.details
    parts = [_head(line, said, names), *_changes(said, names), *_album(said, names)]
    return " ".join(part for part in parts if part) or "Touched; nothing of it changed."


def _head(line: Line, said: Mapping[str, Any], names: Names) -> str:
    change = "gone" if said.get("was_gone") else str(said.get("change", ""))
    if "error" in said:
        what = FAILED.get(change) or f"{_called(said.get('field'), names)} not written to Discogs"
        return f"{what}: {ended(str(said['error']))}"
    if "field" in said:
        return _of_field(line, said, names)
    if said.get("list") == "wantlist" and change in OF_WANTS:
        return OF_WANTS[change]
    if change in ("undone", "after_undo"):
        return UNDONE[str(said["undo"])] if change == "undone" else AFTER_UNDO[str(said["choice"])]
    if change == "linked":
        return f"Recognised as the album that was here before, by {said.get('evidence', 'its release')}."
    return WRITTEN[change] if change in WRITTEN else ended(change.capitalize())


def _of_field(line: Line, said: Mapping[str, Any], names: Names) -> str:
    """Say what was written to Discogs, or became of a conflict."""
    if "after" in said:
        return _one(str(said["field"]), (said.get("before"), said["after"]), names, "written to Discogs")
    if said.get("change") == "resolved":
        side = "what stands here is kept" if said.get("take") == "ours" else "what Discogs says is taken"
        return f"{_called(said['field'], names)} changed on both sides; decided: {side}."
    return ended(f"{_called(said['field'], names)}: {said.get('change', line.status)}")


def _changes(said: Mapping[str, Any], names: Names) -> list[str]:
    """Say each field that Discogs says otherwise now, and what became of it here."""
    if "changed" not in said:
        return []
    before, after = said.get("before", {}), said.get("after", {})
    told = []
    for name in said["changed"]:
        if name == "fields":
            told += _custom(before.get(name), after.get(name), said, names)
        else:
            sides = (before.get(name), after.get(name))
            told.append(_one(name, sides, names, "changed on Discogs", _end(name, said)))
    return told


def _end(name: str, said: Mapping[str, Any]) -> str:
    own = ALBUMS.get(name, name)
    if own in said.get("taken", ()):
        return "; taken over"
    return "; changed here too, so it waits for an answer" if own in said.get("clashing", ()) else ""


def _custom(before: Json, after: Json, said: Mapping[str, Any], names: Names) -> list[str]:
    """Say the custom fields that changed, but for those that stand in columns of their own."""
    was, now = _by_number(before), _by_number(after)
    return [
        _one(
            f"{OWN}{number}",
            (was.get(number), now.get(number)),
            names,
            "changed on Discogs",
            _end(f"{OWN}{number}", said),
        )
        for number in _moved(was, now)
    ]


def _moved(was: Mapping[int, Json], now: Mapping[int, Json]) -> list[int]:
    """Return the numbers of own fields that say otherwise now."""
    numbers = sorted(number for number in was.keys() | now.keys() if number >= OWN_BEGIN)
    return [number for number in numbers if was.get(number) != now.get(number)]


def _spoken_own(said: Mapping[str, Any]) -> set[str]:
    if "fields" not in said.get("changed", ()):
        return set()
    was, now = (_by_number(said.get(side, {}).get("fields")) for side in ("before", "after"))
    return {f"{OWN}{number}" for number in _moved(was, now)}


def _by_number(fields: Any) -> dict[int, Json]:
    return {int(one["field_id"]): one["value"] for one in fields or ()}


def _album(said: Mapping[str, Any], names: Names) -> list[str]:
    """Say what became of the album beyond what changed on Discogs just now."""
    told = ["An album was made of it."] if said.get("made_album") else []
    spoken = {ALBUMS.get(name, name) for name in said.get("changed", ())} | _spoken_own(said)
    before, after = (said.get("album", {}).get(side, {}) for side in ("before", "after"))
    told += [
        _one(name, (before.get(name), after.get(name)), names, "of the album changed")
        for name in said.get("taken", ())
        if name not in spoken and name in after
    ]
    ours, theirs = (said.get("sides", {}).get(side, {}) for side in ("ours", "theirs"))
    told += [
        f"{_called(name, names)}: {_value(name, ours.get(name), names)} here, {_value(name, theirs.get(name), names)} "
        "on Discogs; waits for an answer."
        for name in said.get("clashing", ())
        if name not in spoken
    ]
    return told


def _one(name: str, sides: Sides, names: Names, did: str, end: str = "") -> str:
    if name in FOLDERS:
        sides = (_folder(sides[0], names), _folder(sides[1], names))
    return _said(_called(name, names), sides, did, end)


def _said(called: str, sides: Sides, did: str, end: str = "") -> str:
    before, after = sides
    if before in (None, ""):
        return f"{called} {did}: {_short(after)}{end}."
    return f"{called} {did} from {_short(before)} to {_short(after)}{end}."


def _called(name: object, names: Names) -> str:
    number = own_number(str(name))
    if number is not None:
        return names.fields.get(number, f"Field {number}")
    return CALLED.get(str(name), "The record" if name in (None, "record") else str(name))


def _value(name: str, value: Json, names: Names) -> str:
    return _short(_folder(value, names) if name in FOLDERS else value)


def _folder(number: Json, names: Names) -> Json:
    return names.folders.get(number, f"folder {number}") if isinstance(number, int) else number


def _short(value: Json) -> str:
    if value in (None, ""):
        return "nothing"
    text = " ".join(str(value).split())
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"
