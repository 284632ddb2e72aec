"""What of a release goes out next: by what differs now, after what this push tried already."""

from uuid import UUID

from actors.checkpoints import Act, Doing, PushCheckpoint, PushStage
from actors.comparing.grading import find_slots
from actors.pushing.outgoing import Refused, add, doings
from actors.pushing.recording import PushStep, note_refused
from db import Connection, fields, folders, outgoing


def find_todo(conn: Connection, user_id: UUID, release_id: int) -> list[Doing | Refused]:
    """Everything that can go out of one release, and what cannot."""
    known, there = fields.of_user(conn, user_id), folders.of_user(conn, user_id)
    slots, own = find_slots(known), {field.field_id: field for field in known}
    names = {folder.folder_id: folder.name for folder in there}
    todo: list[Doing | Refused] = []
    for changed in outgoing.changes(conn, user_id, release_id=release_id):
        todo += doings(changed, slots, own, names)
    todo += [add(unsent, names) for unsent in outgoing.adds(conn, user_id, release_id=release_id)]
    return todo


def choose(conn: Connection, step: PushStep, was: PushCheckpoint) -> PushCheckpoint:
    """Choose the release's next change by what differs now; back to PLAN when nothing of it is left."""
    checkpoint = was
    for one in find_todo(conn, step.user_id, was.release):
        if isinstance(one, Refused):
            key = f"{one.changed.instance_id}:{one.field}"
            if key not in checkpoint.passed:
                note_refused(conn, step, one)
                update = {"passed": (*checkpoint.passed, key), "refused": checkpoint.refused + 1}
                checkpoint = checkpoint.model_copy(update=update)
            continue
        if one.key in checkpoint.passed:
            rated = one.rated_alone()
            if rated is None or rated.key in checkpoint.passed:
                continue
            return _prepared(conn, step, checkpoint, rated)
        return _prepared(conn, step, checkpoint, one)
    return checkpoint.model_copy(update={"stage": PushStage.PLAN, "doing": None})


def _prepared(conn: Connection, step: PushStep, checkpoint: PushCheckpoint, doing: Doing) -> PushCheckpoint:
    """Store the intent of an add, and look before it is sent.

    It may be there already: added by its owner on Discogs too, or by a push whose end nobody knows, as after a restore.
    """
    stage = PushStage.SEND
    if doing.act is Act.ADD and doing.album_id is not None:
        intent_id = outgoing.intend(conn, step.user_id, album_id=doing.album_id, release_id=doing.release_id)
        doing = doing.model_copy(update={"intent_id": intent_id})
        stage = PushStage.CHECK
    return checkpoint.model_copy(update={"stage": stage, "doing": doing})
