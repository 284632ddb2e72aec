"""One change on Discogs, sent once, and how it ended: done, refused for good, or nobody knows."""

from dataclasses import dataclass
from typing import TypeAlias

from actors.outgoing import Act, Doing
from discogs.client import Discogs
from discogs.errors import Gone, Invalid, Unavailable
from discogs.ids import FieldId, FolderId, InstanceId, ReleaseId


@dataclass(frozen=True, slots=True)
class Sent:
    """Discogs did it; an add has its copy's number."""

    instance_id: int | None = None


@dataclass(frozen=True, slots=True)
class NotDone:
    """Discogs refused it, and always will."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """It may have happened: only a look can tell."""

    sentence: str


End: TypeAlias = Sent | NotDone | Unclear


def carry_out(discogs: Discogs, username: str, doing: Doing, *, is_repeated: bool) -> End:
    """Send one change. ``is_repeated`` when it may have been sent before: an add is then not sent, but looked for.

    Everything but an add may be sent twice. Raises what may be retried: Throttled, Blocked, and of those Unavailable.
    """
    try:
        if doing.act is Act.ADD:
            return _add(discogs, username, doing, is_repeated=is_repeated)
        _change(discogs, username, doing)
    except Gone as error:
        return Sent() if doing.act is Act.REMOVE else NotDone(str(error))
    except Invalid as error:
        return NotDone(str(error))
    return Sent()


def _add(discogs: Discogs, username: str, doing: Doing, *, is_repeated: bool) -> End:
    if is_repeated:
        return Unclear("This step began before, and nobody knows how far it came.")
    try:
        made = discogs.add_to_collection(username, FolderId(doing.folder_id), ReleaseId(doing.release_id))
    except Unavailable as error:
        return Unclear(str(error))
    return Sent(made.instance_id)


def _change(discogs: Discogs, username: str, doing: Doing) -> None:
    folder, release, instance = (
        FolderId(doing.folder_id),
        ReleaseId(doing.release_id),
        InstanceId(doing.instance_id or 0),
    )
    if doing.act is Act.MOVE:
        discogs.change_instance(username, folder, release, instance, to_folder=FolderId(int(str(doing.value))))
    elif doing.act is Act.REMOVE:
        discogs.remove_instance(username, folder, release, instance)
    else:
        field_id = FieldId(doing.field_id or 0)
        discogs.set_field(username, folder, release, instance, field_id=field_id, value=doing.text)
