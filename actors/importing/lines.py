"""What a line of the log says of both sides: each field that changed, as it was before and as it is after."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from actors.importing.shelving import Shelved
from db.albums import Fields
from db.storable import Json, Slotted


def changed_fields(before: Slotted, after: Slotted) -> list[str]:
    """Name what Discogs says otherwise now, of two records of one kind."""
    return [name for name in type(before).__slots__ if getattr(before, name) != getattr(after, name)]


def said_of_record(before: Slotted, after: Slotted, changed: Sequence[str]) -> dict[str, Json]:
    """Return what Discogs said before and says now, of the fields that changed."""
    return {
        "changed": list(changed),
        "before": {name: _plain(getattr(before, name)) for name in changed},
        "after": {name: _plain(getattr(after, name)) for name in changed},
    }


def said_of_album(shelved: Shelved | None, theirs: Fields) -> dict[str, Json]:
    """Return what became of the album: made, what it took over, and what stands against what."""
    if shelved is None:
        return {}
    said: dict[str, Json] = {"made_album": True} if shelved.is_new else {}
    if shelved.taken:
        said["taken"] = shelved.taken
        said["album"] = {"before": _only(shelved.was, shelved.taken), "after": _only(theirs, shelved.taken)}
    if shelved.clashing:
        said["clashing"] = shelved.clashing
        said["sides"] = {"ours": _only(shelved.was, shelved.clashing), "theirs": _only(theirs, shelved.clashing)}
    return said


def said_of_sweep(sweep_id: UUID | None) -> dict[str, Json]:
    """Return which walk saw it, where one did: it leads to the job."""
    return {} if sweep_id is None else {"sweep": str(sweep_id)}


def _only(fields: Fields, names: Sequence[str]) -> Mapping[str, Json]:
    return {name: fields.get(name) for name in names}


def _plain(value: Any) -> Json:
    plain: Json = value.isoformat() if isinstance(value, datetime) else value
    return plain
