"""Removal: everything that is known of a collector from Discogs goes, a piece a step.

Albums that an import made and nobody touched since go too. The others are the collector's own: they stay, without what
ties them to the account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from actors.catalog import FORGET_COLLECTION
from actors.checkpoints import ForgetCheckpoint
from actors.wording import count
from db import Connection, forgetting, links
from db.forgetting import TABLES, Judged
from workers.kinds import Continue, Done, Job, NoArguments, Outcome, Progress, Step

PIECE = 1000  # rows a transaction
JUDGED = 2000  # albums a look, when they are only counted

AGAIN = "An account was connected again meanwhile, so nothing more was removed."


@dataclass(frozen=True, slots=True)
class Removal:
    """What a removal would do: albums that go and that stay, and the rows of each table that go."""

    albums_removed: int
    albums_kept: int
    rows: Mapping[str, int]

    @property
    def sentence(self) -> str:
        """Say it to the collector."""
        return (
            f"{count(self.rows['instances'], 'record')} and {count(self.rows['wants'], 'want')} from Discogs "
            f"would be removed, with their history. {_albums(self.albums_removed, self.albums_kept, 'would be')}"
        )


def look(conn: Connection, user_id: UUID) -> Removal:
    """Count what a removal would do. Nothing changes."""
    removed = kept = 0
    after = forgetting.START
    while judged := forgetting.judge_albums(conn, user_id, after=after, room=JUDGED):
        removed += sum(one.is_removable for one in judged)
        kept += sum(_stays(one) for one in judged)
        after = judged[-1].id
    return Removal(removed, kept, forgetting.count(conn, user_id))


def fetch(step: Step[NoArguments, ForgetCheckpoint]) -> None:
    """Nothing is asked of Discogs."""


def store(conn: Connection, step: Step[NoArguments, ForgetCheckpoint], _: None) -> Outcome:
    """Remove the next piece: albums first, then table by table."""
    was = step.checkpoint
    if links.link(conn, step.user_id) is not None:
        return Done(AGAIN, step.progress)
    checkpoint = _albums_piece(conn, step.user_id, was) if was.table is None else _rows_piece(conn, step.user_id, was)
    total = step.progress.total
    if total is None:
        total = was.removed + sum(forgetting.count(conn, step.user_id).values()) + checkpoint.removed
    progress = Progress(processed=checkpoint.removed, total=max(total, checkpoint.removed))
    if checkpoint.table == len(TABLES):
        gone = count(checkpoint.removed - checkpoint.albums, "row")
        said = f"Everything from Discogs was removed: {gone}. {_albums(checkpoint.albums, checkpoint.kept, 'were')}"
        return Done(said, progress)
    return Continue(checkpoint, progress, takes_token=False)


JOB = Job(FORGET_COLLECTION, fetch, store)


def _albums_piece(conn: Connection, user_id: UUID, was: ForgetCheckpoint) -> ForgetCheckpoint:
    judged = forgetting.judge_albums(conn, user_id, after=was.after, room=PIECE, will_go=True)
    going = [one.id for one in judged if one.is_removable]
    staying = [one.id for one in judged if _stays(one)]
    forgetting.forget_albums(conn, user_id, going)
    forgetting.unlink_albums(conn, user_id, staying)
    return ForgetCheckpoint(
        table=None if len(judged) == PIECE else 0,
        after=judged[-1].id if judged else was.after,
        removed=was.removed + len(going),
        albums=was.albums + len(going),
        kept=was.kept + len(staying),
    )


def _rows_piece(conn: Connection, user_id: UUID, was: ForgetCheckpoint) -> ForgetCheckpoint:
    """Remove a piece, of as many tables as it reaches over."""
    table, room = was.table or 0, PIECE
    while room and table < len(TABLES):
        gone = forgetting.forget(conn, TABLES[table], user_id, room=room)
        table += gone < room
        room -= gone
    return was.model_copy(update={"table": table, "removed": was.removed + PIECE - room})


def _stays(one: Judged) -> bool:
    return one.is_tied and not one.is_removable


def _albums(removed: int, kept: int, did: str) -> str:
    return (
        f"{count(removed, 'album')} that an import made and nobody touched {did} removed; "
        f"{kept:,} that somebody edited, or that {'was' if kept == 1 else 'were'} here before, stay without their "
        "numbers there."
    )
