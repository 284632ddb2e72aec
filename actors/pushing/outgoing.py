"""What goes out to Discogs, one request each: decided from what differs here, and checked before it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actors.checkpoints import Act, Doing
from actors.comparing.grading import Slots
from db.albums import Value, own_names, own_number
from db.fields import Field
from db.outgoing import GOING_OUT, Changed, Unsent
from discogs.grades import SLEEVE

MOST_STARS = 5
UNCATEGORISED = 1  # Discogs' folder for what is in no other; it always exists


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that cannot go out as it is, and why, in a sentence for the collector."""

    changed: Changed
    field: str
    sentence: str


def doings(
    changed: Changed, slots: Slots, own: Mapping[int, Field], folders: Mapping[int, str]
) -> list[Doing | Refused]:
    """Say what brings one copy on Discogs to what its album says: moved first, then field by field.

    Only what changed here and not on Discogs; what changed on both sides is a conflict and waits for its answer.
    ``own`` are the collector's own fields on Discogs, by number.
    """
    if changed.album_id is None:
        return [_doing(Act.REMOVE, changed)]
    waiting = [name for name in GOING_OUT if _waits(changed, name)]
    todo = [_decide(changed, name, slots, folders) for name in sorted(waiting, key=_MOVES_FIRST.index)]
    todo += [_write_own(changed, name, own) for name in own_names(changed.ours) if _waits(changed, name)]
    match todo:
        case [Doing(act=Act.MOVE) as moved, Doing(act=Act.RATE) as rated, *others]:
            return [moved.model_copy(update={"rating": rated.rating}), *others]
        case _:
            return todo


def add(unsent: Unsent, folders: Mapping[int, str]) -> Doing:
    """Say how an album gets its copy; into its own folder if that exists there."""
    return Doing(
        act=Act.ADD,
        release_id=unsent.release_id,
        folder_id=unsent.folder_id if unsent.folder_id in folders and unsent.folder_id else UNCATEGORISED,
        album_id=unsent.album_id,
    )


_MOVES_FIRST = ("discogs_folder_id", "discogs_rating", "media_condition", "sleeve_condition", "discogs_notes")


def _waits(changed: Changed, name: str) -> bool:
    if name not in changed.agreed or (name == "discogs_folder_id" and changed.ours[name] is None):
        return False  # never agreed on; or no wish for a folder, and every copy is in one
    agreed = changed.agreed[name]
    return not _is_same(changed.ours[name], agreed) and _is_same(changed.theirs[name], agreed)


def _decide(changed: Changed, name: str, slots: Slots, folders: Mapping[int, str]) -> Doing | Refused:
    value = changed.ours[name]
    if name == "discogs_folder_id":
        if value not in folders or not value:
            return Refused(changed, name, f"There is no folder {value} on Discogs: choose one, or import again.")
        return _doing(Act.MOVE, changed, field=name, value=value)
    if name == "discogs_rating":
        return _rate(changed, value)
    return _write(changed, name, value, slots)


def _rate(changed: Changed, value: Value) -> Doing | Refused:
    if value is not None and not (isinstance(value, int) and 0 <= value <= MOST_STARS):
        said = f"{value} is no rating on Discogs: choose 1 to {MOST_STARS}, or none."
        return Refused(changed, "discogs_rating", said)
    return _doing(Act.RATE, changed, field="discogs_rating", value=value, rating=int(value or 0))


def _write(changed: Changed, name: str, value: Value, slots: Slots) -> Doing | Refused:
    slot = {"media_condition": slots.media, "sleeve_condition": slots.sleeve, "discogs_notes": slots.notes}[name]
    if slot is None:
        return Refused(changed, name, f"The collection on Discogs has no field for the {_called(name)}.")
    text = "" if value is None else str(value)
    if name != "discogs_notes" and text:
        text = SLEEVE.get(text, text)
        if text not in slot.options:
            return Refused(changed, name, f"{value!r} is no {_called(name)} on Discogs: {_choices(slot)}.")
    return _doing(Act.WRITE, changed, field=name, value=value, field_id=slot.field_id, text=text)


def _write_own(changed: Changed, name: str, own: Mapping[int, Field]) -> Doing | Refused:
    number = own_number(name) or 0
    field, text = own.get(number), str(changed.ours[name] or "")
    if field is None:
        said = (
            f"The collection on Discogs has no field number {number} any more; import again to see those that it has."
        )
        return Refused(changed, name, said)
    if field.type == "dropdown" and text and text not in field.options:
        said = f"{text!r} is no choice of {field.name} on Discogs: {_choices(field)}; import again if it is new there."
        return Refused(changed, name, said)
    return _doing(Act.WRITE, changed, field=name, value=changed.ours[name], field_id=number, text=text)


def _doing(
    act: Act,
    changed: Changed,
    *,
    field: str | None = None,
    value: Value = None,
    field_id: int | None = None,
    text: str = "",
    rating: int | None = None,
) -> Doing:
    return Doing(
        act=act,
        release_id=changed.release_id,
        folder_id=changed.at_folder,
        instance_id=changed.instance_id,
        album_id=changed.album_id,
        field=field,
        value=value,
        field_id=field_id,
        text=text,
        rating=rating,
    )


def shown_after(changed: Changed, doing: Doing) -> dict[str, object]:
    """Say what the copy shows when this was done: the columns of ``rekkrd.instances`` that a change can touch."""
    shown: dict[str, object] = {
        "media_condition": changed.theirs["media_condition"],
        "sleeve_condition": changed.theirs["sleeve_condition"],
        "notes": changed.theirs["discogs_notes"],
        "folder_id": changed.at_folder,
        "rating": changed.rating if doing.rating is None else doing.rating,
        "fields": changed.remote_fields,
    }
    column = {"discogs_notes": "notes", "discogs_folder_id": "folder_id"}.get(doing.field or "", doing.field)
    if column is not None and doing.act is not Act.RATE and own_number(column) is None:
        shown[column] = doing.value
    if doing.field_id is not None:
        shown["fields"] = _with_field(changed.remote_fields, doing.field_id, doing.text)
    return shown


def _with_field(fields: object, field_id: int, text: str) -> list[dict[str, object]]:
    """Put a value among a copy's fields, which stand by number; an empty one takes it away, as on Discogs."""
    listed = [dict(entry) for entry in fields] if isinstance(fields, list) else []
    if any(entry.get("field_id") == field_id for entry in listed):
        placed = [{**entry, "value": text} if entry.get("field_id") == field_id else entry for entry in listed]
    else:
        placed = [*listed, {"field_id": field_id, "value": text}]
    left = [entry for entry in placed if entry.get("value") != "" or entry.get("field_id") != field_id]
    return sorted(left, key=lambda entry: int(str(entry.get("field_id"))))


def _is_same(one: Value, other: Value) -> bool:
    return one == other or (one in (None, "") and other in (None, ""))


def _called(name: str) -> str:
    return {"media_condition": "media condition", "sleeve_condition": "sleeve condition", "discogs_notes": "notes"}[
        name
    ]


def _choices(slot: Field) -> str:
    shown: Sequence[str] = slot.options[:12]
    return "choose one of " + ", ".join(shown)
