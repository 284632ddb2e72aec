"""Upkeep: the ledger stays small without anybody looking."""

from datetime import timedelta

from actors.catalog import UPKEEP
from db import Connection, line, ticks
from workers.kinds import Done, Job, NoArguments, Progress, Step

TICKS_KEPT = timedelta(days=30)


def fetch(step: Step[NoArguments, NoArguments]) -> None:
    """Nothing is asked of Discogs."""


def store(conn: Connection, step: Step[NoArguments, NoArguments], _: None) -> Done:  # noqa: ARG001  as its siblings
    """Clear what nobody will ask for again."""
    turns = line.forget_idle_turns(conn)
    old_ticks = ticks.forget_old(conn, TICKS_KEPT)
    return Done(f"{turns} idle turns and {old_ticks} old ticks cleared.", Progress(processed=0))


JOB = Job(UPKEEP, fetch, store)
