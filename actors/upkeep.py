"""Upkeep: the ledger stays small without anybody looking."""

from datetime import timedelta
from functools import partial
from typing import Any

from actors.catalog import UPKEEP
from db import Connection, idempotency, line, ticks, usage
from workers.kinds import Done, Job, NoArguments, Progress, Step

TICKS_KEPT = timedelta(days=30)
FLUSHES_KEPT = timedelta(days=1)
MONTHS_KEPT = timedelta(days=2 * 366 + 31)  # so that every month has stood beside the same one of the year before


def fetch(step: Step[NoArguments, NoArguments]) -> None:
    """Nothing is asked of Discogs."""


def job(*, usage_kept: timedelta) -> Job[Any, Any, Any]:
    """Make the job, with what the settings say of how long the usage of single minutes is kept."""
    return Job(UPKEEP, fetch, partial(store, usage_kept=usage_kept))


def store(
    conn: Connection,
    step: Step[NoArguments, NoArguments],  # noqa: ARG001  as its siblings
    _: None,
    *,
    usage_kept: timedelta,
) -> Done:
    """Clear what nobody will ask for again."""
    turns = line.forget_idle_turns(conn)
    old_ticks = ticks.forget_old(conn, TICKS_KEPT)
    minutes = usage.forget_minutes(conn, usage_kept)
    usage.forget_months(conn, MONTHS_KEPT)
    usage.forget_flushes(conn, FLUSHES_KEPT)
    idempotency.forget_old(conn)
    cleared = f"{turns} idle turns, {old_ticks} old ticks and {minutes} minutes of usage cleared."
    return Done(cleared, Progress(processed=0))
