"""Undo of the last sync."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from actors.syncing.reversals import Reversal, UndoAct
from actors.syncing.undo_sync import State, UndoPreview
from api.models import Model
from api.models.jobs import JobAnswer


class ReversalOut(Model):
    """One record, or one want."""

    act: UndoAct = Field(
        description="`put_back`: fields have their values from before the sync again; `drop`: a record that the sync "
        "brought is removed here; `unmark`: a record that the sync marked as missing is not marked any more, a want is "
        "on the list again; `nothing`: left alone, `problem` says why."
    )
    line_id: UUID = Field(description="The history line that is undone.")
    is_want: bool
    release_id: int | None
    instance_id: int | None
    album_id: UUID | None
    artist: str | None
    title: str | None
    before: dict[str, Any] = Field(description="Values now, of each field that is restored.")
    after: dict[str, Any] = Field(description="Values that come back.")
    kept: list[str] = Field(description="Fields that changed since; they are left alone.")
    problem: str | None = Field(description="Why something is left alone.")

    @classmethod
    def of(cls, one: Reversal) -> "ReversalOut":
        line = one.line
        return cls(
            act=one.act,
            line_id=line.id,
            is_want=one.is_want,
            release_id=line.release_id,
            instance_id=one.instance_id,
            album_id=one.album_id,
            artist=line.artist,
            title=line.title,
            before=dict(one.before),
            after=dict(one.after),
            kept=list(one.kept),
            problem=one.problem,
        )


class UndoOut(Model):
    """The last sync, and what an undo would do, or did."""

    state: State = Field(
        description="`undoable`; `begun`: undone in part, another call continues; `undone`: nothing is left to do; "
        "`under_way`: the sync is not over; `nothing`: no sync touched a record."
    )
    synced_from: datetime | None
    synced_until: datetime | None
    undone: int | None = Field(description="How many changes were undone; null before.")
    kept: int | None = Field(description="How many were left alone.")
    items: list[ReversalOut]
    next_cursor: UUID | None = Field(description="Send it as `cursor` for the next page; null on the last one.")
    is_whole: bool = Field(description="False when there is more: the last five thousand changes are looked at.")
    sentence: str

    @classmethod
    def of(cls, found: UndoPreview, *, below: tuple[datetime, UUID] | None, limit: int) -> "UndoOut":
        undone, left = found.undone, found.below(below)
        return cls(
            state=found.state,
            synced_from=None if found.sync is None else found.sync.synced_from,
            synced_until=None if found.sync is None else found.sync.synced_until,
            undone=None if undone is None else undone.undone,
            kept=None if undone is None else undone.kept,
            items=[ReversalOut.of(one) for one in left[:limit]],
            next_cursor=left[limit - 1].line.id if len(left) > limit else None,
            is_whole=found.is_whole,
            sentence=found.sentence,
        )


class UndoAnswer(Model):
    """The job that does it; null if nothing is to be done, and `state` and `sentence` say why."""

    job: JobAnswer | None
    state: State
    sentence: str
