"""What a push writes down: a line in the history for each change, and what both sides agree on since."""

from dataclasses import replace

from actors.catalog import PushArguments
from actors.checkpoints import Act, Doing, PushCheckpoint
from actors.pushing.guarding import said_of_leave
from actors.pushing.outgoing import Refused, shown_after
from db import Connection, outgoing, sync_log
from db.outgoing import Changed
from db.storable import Json
from db.sync_log import Line, Status
from workers.kinds import Step

PushStep = Step[PushArguments, PushCheckpoint]


def settle(conn: Connection, step: PushStep, doing: Doing) -> None:
    """Agree on what Discogs has taken, and keep what a removed copy was."""
    instance_id = number_of(doing.instance_id)
    # Whatever the album says by now: it may have been edited back while this was on its way.
    copies = outgoing.changes(conn, step.user_id, release_id=doing.release_id, with_the_same=True)
    found = {one.instance_id: one for one in copies}
    changed = found.get(instance_id)
    if doing.act is Act.REMOVE:
        kept = {} if changed is None else _whole(changed)
        outgoing.removed(conn, step.user_id, instance_id)
        details = _details(doing, removed=kept, **said_of_leave(step))
        _log(conn, step, Line("delete", doing.release_id, None, "success", details))
        return
    if changed is not None:
        outgoing.show(conn, step.user_id, instance_id, shown_after(changed, doing))
    for name, value in doing.agrees.items():
        outgoing.agree(conn, step.user_id, instance_id, name, value)
        before = None if changed is None else changed.theirs.get(name)
        details = _details(doing, field=name, before=before, after=value)
        _log(conn, step, Line("export", doing.release_id, doing.album_id, "success", details))


def bind(conn: Connection, step: PushStep, doing: Doing, instance_id: int, *, asked_folder: int | None) -> None:
    """Give an album the copy that was added for it, or found; ``asked_folder`` is where we added it, if we did."""
    if doing.intent_id is not None:
        outgoing.end_intent(conn, doing.intent_id, "confirmed", instance_id=instance_id)
    outgoing.bind(
        conn,
        step.user_id,
        album_id=doing.album_id,
        instance_id=instance_id,
        release_id=doing.release_id,
        folder_id=doing.folder_id,
        asked_folder=asked_folder,
    )
    done = doing.model_copy(update={"instance_id": instance_id})
    _log(conn, step, Line("export", doing.release_id, doing.album_id, "success", _details(done)))


def note_gone(conn: Connection, step: PushStep, gone: Changed) -> None:
    """Agree on a copy that was deleted here, and is not on Discogs any more either."""
    outgoing.removed(conn, step.user_id, gone.instance_id)
    details: dict[str, Json] = {"instance_id": gone.instance_id, "was_gone": True}
    _log(conn, step, Line("delete", gone.release_id, None, "success", details))


def note_not_done(conn: Connection, step: PushStep, doing: Doing, status: Status, sentence: str) -> None:
    """Say why a change did not go out."""
    details = _details(doing, error=sentence)
    _log(conn, step, Line("export", doing.release_id, doing.album_id, status, details))


def note_refused(conn: Connection, step: PushStep, one: Refused) -> None:
    """Say why a field cannot go out, unless that is the last thing its history says: each push meets it again."""
    number, release_id = one.changed.instance_id, one.changed.release_id
    said = sync_log.last_problem(conn, step.user_id, release_id=release_id, instance_id=number, field=one.field)
    if said != one.sentence:
        details: dict[str, Json] = {"instance_id": number, "field": one.field, "error": one.sentence}
        _log(conn, step, Line("export", release_id, one.changed.album_id, "skipped", details))


def number_of(number: int | None) -> int:
    """Return a copy's number, where it must have one."""
    if number is None:
        raise LookupError("this copy has no number")
    return number


def _whole(changed: Changed) -> dict[str, Json]:
    """Everything that a removed copy was, so that it can be made again."""
    return {
        "instance_id": changed.instance_id,
        "release_id": changed.release_id,
        "folder_id": changed.at_folder,
        "rating": changed.rating,
        "date_added": None if changed.date_added is None else changed.date_added.isoformat(),
        "fields": changed.remote_fields,
        "artist": changed.artist,
        "title": changed.title,
    }


def _details(doing: Doing, **more: Json) -> dict[str, Json]:
    said: dict[str, Json] = {"change": doing.act.value}
    if doing.instance_id is not None:
        said["instance_id"] = doing.instance_id
    if doing.field is not None:
        said |= {"field": doing.field, "after": doing.value}
    return said | more


def _log(conn: Connection, step: PushStep, line: Line) -> None:
    details = {**line.details, "job": str(step.job_id)}
    sync_log.add(conn, step.user_id, [replace(line, details=details)])
