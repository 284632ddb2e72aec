"""Undo of the last sync: local effects only, line by line, where nothing changed since; each sync once.

It restores the album or want and the base together. So an undo leaves no difference that a push could send: nothing is
deleted or overwritten on Discogs. The connection is paused until the user chooses how the sync goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

from actors.catalog import (
    IMPORT_COLLECTION,
    IMPORT_WANTLIST,
    PUSH_COLLECTION,
    PUSH_WANTLIST,
    REFRESH_COLLECTION,
    UNDO_SYNC,
    UndoArguments,
)
from actors.checkpoints import UndoCheckpoint
from actors.syncing.reversals import Reversal, UndoAct, decide, look
from actors.syncing.reversing import carry_out
from actors.wording import count, utc
from db import Connection, operations, undone_records, undos
from db.agreed import Agreement
from db.undos import LAST, Sync, Undo
from workers.enqueue import Enqueued, enqueue
from workers.kinds import Continue, Done, Job, Outcome, Progress, Step

State: TypeAlias = Literal["nothing", "under_way", "undoable", "begun", "undone"]
UndoStep: TypeAlias = Step[UndoArguments, UndoCheckpoint]

KINDS = tuple(
    kind.name for kind in (IMPORT_COLLECTION, IMPORT_WANTLIST, REFRESH_COLLECTION, PUSH_COLLECTION, PUSH_WANTLIST)
)
APART = timedelta(minutes=5)  # jobs of a night follow each other: what begins so soon belongs to the same sync
PIECE = 200  # lines a transaction
MOST = 5000  # lines that are looked at before anything is done

NOTHING = "No sync changed a record that could be undone."
UNDER_WAY = "A sync is running. Undo it when it has ended, or cancel its jobs first. Nothing was changed."
ANOTHER = "Another sync ran since the preview. Look at the preview again. Nothing was changed."
ALREADY = "That sync is undone already. Nothing was changed."
OPEN: tuple[State, ...] = ("undoable", "begun")
LOCAL = "Nothing changes on Discogs."
PAUSED = "Imports and pushes are paused until you choose how to go on: `rekkrd sync resume`."
WOULD_PAUSE = "Imports and pushes are then paused until you choose how to go on."


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """Effects of an undo of the last sync. Nothing was changed; ``undone`` is how it was undone before."""

    state: State
    sync: Sync | None
    undone: Undo | None
    reversals: Sequence[Reversal]
    is_whole: bool
    sentence: str

    def below(self, place: tuple[datetime, UUID] | None) -> Sequence[Reversal]:
        """Return the reversals after a line, which itself may have left the list meanwhile."""
        return [one for one in self.reversals if place is None or (one.line.created_at, one.line.id) < place]


def preview_undo(conn: Connection, user_id: UUID) -> UndoPreview:
    """Say what would be undone, and what would not, with the reason."""
    sync, before = _sync_of(conn, user_id)
    state = _state(sync, before)
    if sync is None or state not in OPEN:
        return UndoPreview(state, sync, before, (), True, _said_of(state, before))
    found: list[Reversal] = []
    below, seen = LAST if before is None else before.reached, 0
    decided: dict[int, Agreement] = {}
    while seen < MOST:
        lines = undos.lines(conn, user_id, sync.synced_from, sync.synced_until, below=below, room=PIECE)
        standing = look(conn, user_id, lines, will_go=False)
        standing.pacts.update({number: pact for number, pact in decided.items() if number in standing.pacts})
        found += decide(lines, standing)
        decided |= standing.pacts
        seen += len(lines)
        if len(lines) < PIECE:
            break
        below = (lines[-1].created_at, lines[-1].id)
    return UndoPreview(state, sync, before, found, seen < MOST, _foretold(sync, found))


def begin(conn: Connection, user_id: UUID, *, by: str) -> tuple[UndoPreview, Enqueued | None]:
    """Enqueue the undo of the last sync, with an audit row; without a job if there is nothing to undo.

    A second call returns the job of the first.
    """
    found = preview_undo(conn, user_id)
    if found.sync is None or found.state not in OPEN:
        return found, None
    started = enqueue(conn, UNDO_SYNC.name, user_id, UndoArguments(synced_until=found.sync.synced_until))
    if started.is_new:
        target = {"user": str(user_id), "sync": found.sync.synced_until.isoformat(timespec="seconds")}
        operations.audit(conn, by=by, action="undone", target=target, jobs=1)
    return found, started


def fetch(step: UndoStep) -> None:
    """Nothing is asked of Discogs."""


def store(conn: Connection, step: UndoStep, _: None) -> Outcome:
    """Choose the sync and pause the connection, then undo it piece by piece."""
    chosen = step.checkpoint.synced_until
    return _start(conn, step) if chosen is None else _piece(conn, step, chosen)


def _start(conn: Connection, step: UndoStep) -> Outcome:
    user_id = step.user_id
    sync, before = _sync_of(conn, user_id)
    state = _state(sync, before)
    if sync is None or state not in OPEN:
        return Done(_said_of(state, before), step.progress)
    if step.arguments.synced_until not in (None, sync.synced_until):
        return Done(ANOTHER, step.progress)
    undos.start(conn, user_id, sync, step.job_id)
    operations.cancel(conn, undos.waiting_jobs(conn, user_id, KINDS))
    undone_records.pause(conn, user_id)
    return Continue(UndoCheckpoint(synced_until=sync.synced_until), step.progress, takes_token=False)


def _piece(conn: Connection, step: UndoStep, chosen: datetime) -> Outcome:
    user_id = step.user_id
    undo = undos.find(conn, user_id, chosen)
    if undo is None:
        return Done(NOTHING, step.progress)  # the user's data was deleted meanwhile
    lines = undos.lines(conn, user_id, undo.synced_from, chosen, below=undo.reached, room=PIECE)
    standing = look(conn, user_id, lines, will_go=True)
    done = carry_out(conn, user_id, decide(lines, standing), step.job_id)
    undone = sum(one.is_done for one in done)
    if lines:
        undos.reach(conn, user_id, chosen, lines[-1], undone=undone, kept=len(done) - undone)
    progress = Progress(undo.undone + undone, undo.kept + len(done) - undone)
    if len(lines) == PIECE:
        return Continue(step.checkpoint, progress, takes_token=False)
    undos.finish(conn, user_id, chosen)
    if not progress.processed:
        undone_records.resume(conn, user_id)
        return Done(_told(progress), progress)
    undone_records.needs_full_sync(conn, user_id)
    return Done(f"{_told(progress)} {PAUSED}", progress)


def _sync_of(conn: Connection, user_id: UUID) -> tuple[Sync | None, Undo | None]:
    """Return the last sync and how it was taken back; one that was taken back in part only comes first."""
    begun = undos.unended(conn, user_id)
    if begun is not None:
        return Sync(begun.synced_from, begun.synced_until, (), False), begun
    sync = undos.last_sync(conn, user_id, KINDS, apart=APART)
    return sync, None if sync is None else undos.find_within(conn, user_id, sync)


def _state(sync: Sync | None, undo: Undo | None) -> State:
    if sync is None:
        return "nothing"
    if sync.is_live:
        return "under_way"
    if undo is None:
        return "undoable"
    return "begun" if undo.ended_at is None else "undone"


def _said_of(state: State, undo: Undo | None) -> str:
    if state == "undone" and undo is not None:
        return f"{ALREADY} {_told(Progress(undo.undone, undo.kept))}"
    return UNDER_WAY if state == "under_way" else NOTHING


def _told(progress: Progress) -> str:
    kept = f" {count(progress.skipped, 'change')} left alone: the history says why." if progress.skipped else ""
    if not progress.processed:
        return f"Nothing was undone.{kept}"
    return f"{count(progress.processed, 'change')} undone.{kept} {LOCAL}"


def _foretold(sync: Sync, found: Sequence[Reversal]) -> str:
    """Say what would happen, and what would not."""
    parts = []
    for act, is_want, noun, words in (
        (UndoAct.PUT_BACK, False, "album", "restored"),
        (UndoAct.DROP, False, "album", "removed here"),
        (UndoAct.UNMARK, False, "record", "no longer marked as missing"),
        (UndoAct.PUT_BACK, True, "want", "restored"),
        (UndoAct.DROP, True, "want", "removed here"),
        (UndoAct.UNMARK, True, "want", "on the list again"),
    ):
        number = sum(one.act is act and one.is_want is is_want for one in found)
        if number:
            parts.append(f"{count(number, noun)} {words}")
    said = f"The sync that ended on {utc(sync.synced_until)}: "
    said += f"{', '.join(parts)}." if parts else "nothing of it can be undone."
    kept = sum(not one.is_done or bool(one.kept) for one in found)
    if kept:
        said += f" {count(kept, 'change')} would be left alone."
    return f"{said} {LOCAL} {WOULD_PAUSE}" if parts else said


JOB: Job[UndoArguments, UndoCheckpoint, None] = Job(UNDO_SYNC, fetch, store)
