"""Questions over HTTP: what only the collector can decide, their answers, and a missing record restored."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from actors.syncing.answering import answer_duplicate, answer_owned, answer_removed, answer_vanished, restore_want
from actors.syncing.answering import restore as restore_copy
from api.access import Speaker
from api.answers import ResourcesNow, errors
from api.errors import ApiError, Code
from api.models import Whole
from api.models.questions import AnswerBody, QuestionOut, QuestionPage, RestoredOut, RestoredWantOut
from db import Connection, instances, questions, wants
from db.questions import Kind, Question

MOST_ON_A_PAGE = 200
MOST = 2**62

router = APIRouter(prefix="/api/discogs", tags=["sync"])


@router.get(
    "/questions",
    summary="See what only the collector can decide",
    response_description="A page of open questions, the oldest first.",
    responses=errors(Code.NOT_FOUND),
)
def show(
    *,
    user_id: Speaker,
    resources: ResourcesNow,
    kind: Annotated[Kind | None, Query(description="Only questions of this kind.")] = None,
    limit: Annotated[Whole, Query(ge=1, le=MOST_ON_A_PAGE)] = 50,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before.")] = None,
) -> QuestionPage:
    """Which album a copy is, whether so many records really went away on Discogs, whether an owned want may go."""
    with resources.pool.transaction() as conn:
        after = questions.FIRST
        if cursor is not None:
            last = _find(conn, user_id, cursor)
            after = (last.asked_at, last.id)
        found = questions.page(conn, user_id, kind=kind, after=after, room=limit + 1)
    return QuestionPage(
        questions=[QuestionOut.of(one) for one in found[:limit]],
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )


@router.post(
    "/questions/{question_id}/answer",
    summary="Answer a question",
    response_description="The question, answered.",
    responses=errors(Code.NOT_FOUND, Code.CONFLICT),
)
def answer(
    user_id: Speaker,
    resources: ResourcesNow,
    question_id: Annotated[UUID, Path(description="The question's id.")],
    body: AnswerBody,
) -> QuestionOut:
    """Do what the answer says, at once: link or make an album, mark what is gone, drop a want. Again is as once."""
    with resources.pool.transaction() as conn:
        question = _find(conn, user_id, question_id)
        if not body.answers(question.kind):
            raise ApiError(
                Code.INVALID,
                f"That is no answer to this question: it asks about {_ABOUT[question.kind]}.",
                _ANSWERS[question.kind],
            )
        if question.answer is None:
            if question.kind == "duplicate":
                answer_duplicate(conn, user_id, question, body.album)
            elif question.kind == "owned_want":
                answer_owned(conn, user_id, question, is_dropped=bool(body.drop))
            elif question.kind == "removed_want":
                answer_removed(conn, user_id, question, is_dropped=bool(body.drop))
            else:
                answer_vanished(conn, user_id, question, are_gone=bool(body.gone))
            question = _find(conn, user_id, question_id)
        elif not _is_same(question, body):
            raise ApiError(
                Code.CONFLICT,
                str((question.answer or {}).get("explanation") or "This question is answered already, and otherwise."),
                "Nothing needs to be done; a missing record is restored with POST /api/discogs/records/…/restore.",
                reason="question_answered",
            )
    return QuestionOut.of(question)


@router.post(
    "/records/{instance_id}/restore",
    summary="Restore a record here",
    response_description="The record is there again.",
    responses=errors(Code.NOT_FOUND, Code.CONFLICT),
)
def restore(
    user_id: Speaker,
    resources: ResourcesNow,
    instance_id: Annotated[int, Path(ge=1, le=MOST, description="The copy's number on Discogs.")],
) -> RestoredOut:
    """Bring a copy back here: one that is marked as missing, that an undo removed, or that is kept local only.

    Nothing changes on Discogs. 409 if there is nothing to restore.
    """
    with resources.pool.transaction() as conn:
        if instance_id not in instances.known(conn, user_id, [instance_id]):
            raise ApiError(Code.NOT_FOUND, "No such copy is known here.", "Import the collection, then look again.")
        restored = restore_copy(conn, user_id, instance_id)
        return RestoredOut(instance_id=instance_id, was_missing=restored.was_missing, album_id=restored.album_id)


@router.post(
    "/wants/{release_id}/restore",
    summary="Restore a want here",
    response_description="The want is there again.",
    responses=errors(Code.NOT_FOUND, Code.CONFLICT),
)
def restore_one_want(
    user_id: Speaker,
    resources: ResourcesNow,
    release_id: Annotated[int, Path(ge=1, le=MOST, description="The release on Discogs.")],
) -> RestoredWantOut:
    """Put a want on the list again. One that is missing on Discogs is added there by the next push.

    409 if it is on the list already.
    """
    with resources.pool.transaction() as conn:
        if release_id not in wants.known(conn, user_id, [release_id]):
            raise ApiError(Code.NOT_FOUND, "No such want is known here.", "Import the wantlist, then look again.")
        return RestoredWantOut(release_id=release_id, was_missing=restore_want(conn, user_id, release_id).was_missing)


_ABOUT = {
    "duplicate": "an album",
    "vanished": "records that are gone",
    "owned_want": "a want that is owned",
    "removed_want": "an alert whose want is gone",
}
_ANSWERS = {
    "duplicate": 'Send {"album": id} for the album that the copy is, or {"album": null} for a new one.',
    "vanished": 'Send {"gone": true} to mark them missing, or {"gone": false} to keep them.',
    "owned_want": 'Send {"drop": true} to want it no more, or {"drop": false} to keep it.',
    "removed_want": 'Send {"drop": true} to turn the alert off, or {"drop": false} to keep it.',
}


def _is_same(question: Question, body: AnswerBody) -> bool:
    said = question.answer or {}
    if body.gone is not None:
        return said.get("gone") == body.gone
    if body.drop is not None:
        return said.get("drop") == body.drop
    if body.album is None:
        return said.get("is_new") is True
    return said.get("is_new") is False and said.get("album") == str(body.album)


def _find(conn: Connection, user_id: UUID, question_id: UUID) -> Question:
    """Return a question of this user. Whether another's exists is nobody's business: it is not found."""
    found = questions.find(conn, user_id, question_id)
    if found is None:
        raise ApiError(
            Code.NOT_FOUND, "There is no such question.", "GET /api/discogs/questions lists those that there are."
        )
    return found
