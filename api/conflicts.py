"""Conflicts over HTTP: what changed here and on Discogs, and what the collector wants of it."""

import time
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from actors.comparing.merging import Side
from actors.comparing.resolving import resolve
from api.access import Speaker
from api.answers import ResourcesNow, errors
from api.errors import ApiError, Code
from api.models import Flag, Whole
from api.models.conflicts import ConflictOut, ConflictPage, FieldName, OwnField, Rules, TakeBody, TakeManyBody, TakenOut
from db import Connection, conflicts, operations, rules, users
from db.conflicts import Conflict

BY = "collector"
MOST_ON_A_PAGE = 200
PIECE = 500  # conflicts a transaction
SECONDS = 5.0  # after which a request begins no other piece
NOBODY = UUID(int=0)

router = APIRouter(prefix="/api/discogs", tags=["sync"])

ConflictId = Annotated[UUID, Path(description="The conflict's id.")]


@router.get(
    "/conflicts",
    summary="See what changed on both sides",
    response_description="A page of conflicts, the newest first.",
    responses=errors(Code.NOT_FOUND),
)
def show(
    *,
    user_id: Speaker,
    resources: ResourcesNow,
    field: Annotated[FieldName | OwnField | None, Query(description="Only conflicts about this field.")] = None,
    album: Annotated[UUID | None, Query(description="Only those of this album.")] = None,
    is_open: Annotated[
        Flag | None, Query(alias="open", description="True: those that wait. False: those that were ended.")
    ] = None,
    limit: Annotated[Whole, Query(ge=1, le=MOST_ON_A_PAGE)] = 50,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before.")] = None,
) -> ConflictPage:
    """Each with what was agreed on, what is here, what Discogs shows, and when; of notes also the words that differ."""
    with resources.pool.transaction() as conn:
        below = conflicts.LAST
        if cursor is not None:
            last = _find(conn, user_id, cursor)
            below = (last.found_at, last.id)
        found = conflicts.page(conn, user_id, field=field, album_id=album, is_open=is_open, below=below, room=limit + 1)
        waiting = 0 if is_open is False else conflicts.count_open(conn, user_id, field=field, album_id=album)
    return ConflictPage(
        conflicts=[ConflictOut.of(one) for one in found[:limit]],
        open=waiting,
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )


@router.post(
    "/conflicts/resolve",
    summary="Decide many conflicts",
    response_description="How many were decided.",
    responses=errors(),
)
def resolve_many(user_id: Speaker, resources: ResourcesNow, body: TakeManyBody) -> TakenOut:
    """Take one side in all open conflicts that have something in common; one request does a few seconds' worth."""
    if body.dry_run:
        with resources.pool.transaction() as conn:
            there = conflicts.count_open(conn, user_id, field=body.field, album_id=body.album)
        return TakenOut(matched=there, done=0, left_alone=0, more=False, cursor=None, dry_run=True)
    matched = done = 0
    after, has_more, ends = body.cursor or NOBODY, True, time.monotonic() + SECONDS
    while has_more:
        looked_at, changed = operations.in_piece(
            resources.pool, partial(_piece, user_id=user_id, body=body, after=after)
        )
        matched, done = matched + len(looked_at), done + changed
        has_more, after = len(looked_at) == PIECE, looked_at[-1] if looked_at else after
        if time.monotonic() > ends:
            break
    return TakenOut(
        matched=matched,
        done=done,
        left_alone=matched - done,
        more=has_more,
        cursor=after if has_more else None,
        dry_run=False,
    )


@router.post(
    "/conflicts/{conflict_id}/resolve",
    summary="Decide a conflict",
    response_description="The conflict, resolved.",
    responses=errors(Code.NOT_FOUND, Code.CONFLICT),
)
def resolve_one(user_id: Speaker, resources: ResourcesNow, conflict_id: ConflictId, body: TakeBody) -> ConflictOut:
    """Take one side: theirs is written to the album now, ours goes out with the next push. Again is as good as once."""
    # What the album says by now is stored although the answer is no, so the answer is given after the transaction.
    conflict = operations.in_piece(
        resources.pool, partial(_take, user_id=user_id, conflict_id=conflict_id, side=body.take)
    )
    if conflict.resolution is None:
        raise ApiError(
            Code.CONFLICT,
            "The album changed since this conflict was found.",
            "GET /api/discogs/conflicts shows what it says now: decide again.",
            reason="conflict_changed",
        )
    if conflict.resolution != body.take:
        raise ApiError(
            Code.CONFLICT,
            f"This conflict is over: it ended as {conflict.resolution}, by {conflict.resolved_by}.",
            "Nothing needs to be done; edit the album if it should say otherwise.",
            reason="conflict_over",
        )
    return ConflictOut.of(conflict)


@router.get(
    "/sync/rules",
    summary="See the standing rules",
    response_description="The rules, by field.",
    responses=errors(),
)
def show_rules(user_id: Speaker, resources: ResourcesNow) -> Rules:
    """What is done without asking where a field changed on both sides."""
    with resources.pool.transaction() as conn:
        return Rules.model_validate({"rules": rules.of_user(conn, user_id)})


@router.put(
    "/sync/rules",
    summary="Set the standing rules",
    response_description="The rules, by field.",
    responses=errors(Code.NOT_FOUND),
)
def set_rules(user_id: Speaker, resources: ResourcesNow, body: Rules) -> Rules:
    """Replace all rules. They hold from the next look at Discogs on, for conflicts that are open, too."""
    with resources.pool.transaction() as conn:
        users.find(conn, str(user_id))
        rules.replace(conn, user_id, {str(name): rule for name, rule in body.rules.items()})
    return body


def _take(conn: Connection, *, user_id: UUID, conflict_id: UUID, side: Side) -> Conflict:
    _find(conn, user_id, conflict_id)
    resolve(conn, user_id, [conflict_id], side, by=BY)
    return _find(conn, user_id, conflict_id)


def _piece(conn: Connection, *, user_id: UUID, body: TakeManyBody, after: UUID) -> tuple[list[UUID], int]:
    """Decide the next conflicts: which were looked at, and how many were decided."""
    ids = conflicts.open_ids(conn, user_id, field=body.field, album_id=body.album, after=after, room=PIECE)
    return ids, len(resolve(conn, user_id, ids, body.take, by=BY))


def _find(conn: Connection, user_id: UUID, conflict_id: UUID) -> Conflict:
    """Return a conflict of this user. Whether another's exists is nobody's business: it is not found."""
    found = conflicts.find(conn, user_id, conflict_id)
    if found is None:
        raise ApiError(
            Code.NOT_FOUND, "There is no such conflict.", "GET /api/discogs/conflicts lists those that there are."
        )
    return found
