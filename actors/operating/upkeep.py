"""Upkeep: the ledger stays small without anybody looking."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from actors.catalog import UPKEEP
from actors.checkpoints import UpkeepCheckpoint
from actors.wording import count
from db import Connection, fleet, floors, idempotency, line, mails, presence, retention, ticks, usage
from workers.kinds import Continue, Done, Job, NoArguments, Outcome, Progress, Step

TICKS_KEPT = timedelta(days=30)
FLUSHES_KEPT = timedelta(days=1)
MONTHS_KEPT = timedelta(days=2 * 366 + 31)  # so that every month has stood beside the same one of the year before
MAILS_KEPT = timedelta(days=90)  # so long somebody may ask why a mail came, or did not
PIECE = 500  # rows a transaction: of jobs with stories of full length a second, as a rule a tenth of that


@dataclass(frozen=True, slots=True)
class Kept:
    """How long the settings want things kept."""

    usage: timedelta
    jobs: timedelta
    failed: timedelta
    floors: timedelta


def fetch(step: Step[NoArguments, UpkeepCheckpoint]) -> None:
    """Nothing is asked of Discogs."""


def job(kept: Kept) -> Job[Any, Any, Any]:
    """Make the job, with what the settings say of how long things are kept."""
    return Job(UPKEEP, fetch, partial(store, kept=kept))


def store(conn: Connection, step: Step[NoArguments, UpkeepCheckpoint], _: None, *, kept: Kept) -> Outcome:
    """Clear a piece of what nobody will ask for again: jobs first, then table by table, each until nothing is left.

    A piece a transaction: what it deletes is locked until it ends, and turns are what the line moves on.
    """
    was = step.checkpoint
    checkpoint = _jobs_piece(conn, was, kept) if was.table is None else _rows_piece(conn, was, was.table, kept)
    progress = Progress(processed=checkpoint.cleared)
    if checkpoint.table == len(TABLES):
        return Done(_said(checkpoint), progress)
    return Continue(checkpoint, progress, takes_token=False)


# What is cleared after the jobs, by what one row of it is called.
TABLES: Mapping[str, Callable[[Connection, Kept], int]] = {
    "idle turn": lambda conn, _: line.forget_idle_turns(conn, room=PIECE),
    "old tick": lambda conn, _: ticks.forget_old(conn, TICKS_KEPT, room=PIECE),
    "minute of usage": lambda conn, kept: usage.forget_minutes(conn, kept.usage, room=PIECE),
    "month of usage": lambda conn, _: usage.forget_months(conn, MONTHS_KEPT, room=PIECE),
    "flush": lambda conn, _: usage.forget_flushes(conn, FLUSHES_KEPT, room=PIECE),
    "key": lambda conn, _: idempotency.forget_old(conn, room=PIECE),
    "floor of a day": lambda conn, kept: floors.forget_old(conn, kept.floors, room=PIECE),
    "mail": lambda conn, _: mails.forget_old(conn, MAILS_KEPT, room=PIECE),
    "worker": lambda conn, _: fleet.forget_gone(conn, room=PIECE),
    "lease extension": lambda conn, _: line.forget_extensions(conn, room=PIECE),
    "presence session": lambda conn, _: presence.forget_ended(conn, room=PIECE),
}


def _jobs_piece(conn: Connection, was: UpkeepCheckpoint, kept: Kept) -> UpkeepCheckpoint:
    after = retention.START
    if was.after_at is not None and was.after_id is not None:
        after = retention.Place(was.after_at, was.after_id)
    piece = retention.clear_ended(conn, kept=kept.jobs, failed_kept=kept.failed, after=after, room=PIECE)
    if piece.last is None:
        return was.model_copy(update={"table": 0})
    place = {"after_at": piece.last.at, "after_id": piece.last.job_id}
    return was.model_copy(update={"cleared": was.cleared + piece.cleared, **place})


def _rows_piece(conn: Connection, was: UpkeepCheckpoint, table: int, kept: Kept) -> UpkeepCheckpoint:
    row, forget = list(TABLES.items())[table]
    gone = forget(conn, kept)
    so_far = was.gone.get(row, 0) + gone
    return was.model_copy(update={"table": table + (gone < PIECE), "gone": {**was.gone, row: so_far}})


def _said(checkpoint: UpkeepCheckpoint) -> str:
    gone = checkpoint.gone
    minutes = gone["minute of usage"]
    return (
        f"{count(checkpoint.cleared, 'old job')}, {count(gone['idle turn'], 'idle turn')}, "
        f"{count(gone['old tick'], 'old tick')} and {minutes:,} minutes of usage cleared."
    )
