"""Upkeep: the ledger stays small without anybody looking."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from actors.catalog import UPKEEP, UpkeepCheckpoint
from actors.wording import count
from db import Connection, fleet, idempotency, line, retention, ticks, usage
from workers.kinds import Continue, Done, Job, NoArguments, Outcome, Progress, Step

TICKS_KEPT = timedelta(days=30)
FLUSHES_KEPT = timedelta(days=1)
MONTHS_KEPT = timedelta(days=2 * 366 + 31)  # so that every month has stood beside the same one of the year before
PIECE = 500  # jobs a transaction: with stories of full length a second, as a rule a tenth of that


@dataclass(frozen=True, slots=True)
class Kept:
    """How long the settings want things kept."""

    usage: timedelta
    jobs: timedelta
    failed: timedelta


def fetch(step: Step[NoArguments, UpkeepCheckpoint]) -> None:
    """Nothing is asked of Discogs."""


def job(kept: Kept) -> Job[Any, Any, Any]:
    """Make the job, with what the settings say of how long things are kept."""
    return Job(UPKEEP, fetch, partial(store, kept=kept))


def store(conn: Connection, step: Step[NoArguments, UpkeepCheckpoint], _: None, *, kept: Kept) -> Outcome:
    """Clear what nobody will ask for again: jobs piece by piece, then the rest in one step."""
    was = step.checkpoint
    after = retention.START
    if was.after_at is not None and was.after_id is not None:
        after = retention.Place(was.after_at, was.after_id)
    piece = retention.clear_ended(conn, kept=kept.jobs, failed_kept=kept.failed, after=after, room=PIECE)
    cleared = was.cleared + piece.cleared
    if piece.last is not None:
        checkpoint = UpkeepCheckpoint(cleared=cleared, after_at=piece.last.at, after_id=piece.last.job_id)
        return Continue(checkpoint, Progress(processed=cleared), takes_token=False)
    return Done(_clear_the_rest(conn, cleared, kept), Progress(processed=cleared))


def _clear_the_rest(conn: Connection, jobs: int, kept: Kept) -> str:
    turns = line.forget_idle_turns(conn)
    old_ticks = ticks.forget_old(conn, TICKS_KEPT)
    minutes = usage.forget_minutes(conn, kept.usage)
    usage.forget_months(conn, MONTHS_KEPT)
    usage.forget_flushes(conn, FLUSHES_KEPT)
    idempotency.forget_old(conn)
    fleet.forget_gone(conn)
    return (
        f"{count(jobs, 'old job')}, {count(turns, 'idle turn')}, {count(old_ticks, 'old tick')} "
        f"and {minutes:,} minutes of usage cleared."
    )
