"""One change on Discogs, sent once, and how it ended: done, refused for good, or nobody knows."""

from dataclasses import dataclass
from typing import TypeAlias

from actors.checkpoints import Act, Doing
from discogs.client import Discogs
from discogs.errors import Gone, Invalid, Unavailable
from discogs.ids import FieldId, FolderId, InstanceId, ReleaseId
from discogs.records.collection import CollectionPage


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


@dataclass(frozen=True, slots=True)
class NotThere:
    """The copy is not where it was seen last: gone, or in another folder."""

    sentence: str


End: TypeAlias = Sent | NotDone | Unclear | NotThere


def send_change(discogs: Discogs, username: str, doing: Doing, *, is_repeated: bool) -> End:
    """Send one change. ``is_repeated`` when it may have been sent before: an add is then not sent, but looked for.

    Of anything else ``is_done`` tells by a look. Raises what may be retried: Throttled, Blocked, Unavailable.
    """
    try:
        if doing.act is Act.ADD:
            return _add(discogs, username, doing, is_repeated=is_repeated)
        _change(discogs, username, doing)
    except Gone as error:
        return NotDone(str(error)) if doing.act is Act.ADD else NotThere(str(error))
    except Invalid as error:
        return NotDone(str(error))
    return Sent()


def is_done(page: CollectionPage, doing: Doing) -> bool:
    """Whether a release's copies show that this change was made: it was sent, and nobody knows how that ended."""
    copy = next((item for item in page.items if item.instance_id == doing.instance_id), None)
    match doing.act:
        case Act.REMOVE:
            return copy is None and page.pages <= 1
        case Act.MOVE:
            is_rated = copy is not None and doing.rating in (None, copy.rating)
            return copy is not None and copy.folder_id == doing.value and is_rated
        case Act.RATE:
            return copy is not None and copy.rating == doing.rating
        case Act.WRITE:
            said = {} if copy is None else {note.field_id: note.value for note in copy.notes}
            return copy is not None and said.get(FieldId(doing.field_id or 0), "") == doing.text
        case _:
            return False


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
        to_folder = FolderId(int(str(doing.value)))
        discogs.change_instance(username, folder, release, instance, to_folder=to_folder, rating=doing.rating)
    elif doing.act is Act.RATE:
        discogs.change_instance(username, folder, release, instance, rating=doing.rating)
    elif doing.act is Act.REMOVE:
        discogs.remove_instance(username, folder, release, instance)
    else:
        field_id = FieldId(doing.field_id or 0)
        discogs.set_field(username, folder, release, instance, field_id=field_id, value=doing.text)
