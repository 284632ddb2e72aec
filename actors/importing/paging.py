"""What an import does around its pages, whichever list it is: sweeps, doubts, tries, and the end of a walk."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import Protocol, TypeVar
from uuid import UUID

from actors.checkpoints import ImportCheckpoint, Stage
from actors.comparing import wanting
from actors.comparing.conflicting import note_vanished
from actors.importing.identifying import ImportStep, account_of
from actors.importing.walking import PER_PAGE, TRIES, Move, Place, after_last, after_page, may_go, newest_of
from db import Connection, links, questions, sweeps, sync_log
from db.instances import Sample, Unseen
from db.links import List
from db.storable import Json, storable
from db.sweeps import Sweep
from db.sync_log import Line
from discogs.errors import Gone, PastEnd, Unavailable
from discogs.records.reading import UnreadableItem
from workers.kinds import Continue, Progress

SAMPLE = 20  # records that a question shows by name

P = TypeVar("P")


class Missed(Enum):
    """What came instead of a page."""

    PAST_END = auto()
    NOT_THERE = auto()


class Table(Protocol):
    """A list as we store it: ``db.instances`` or ``db.wants``."""

    def count_unseen(self, conn: Connection, user_id: UUID, sweep_id: UUID) -> Unseen:
        """How much of what was known a sweep did not see."""

    def unseen(self, conn: Connection, user_id: UUID, sweep_id: UUID, room: int) -> Sequence[Sample]:
        """Some of it, by name."""

    def mark_missing(self, conn: Connection, user_id: UUID, sweep_id: UUID) -> int:
        """Mark all of it, and return how many."""


def newest(step: ImportStep) -> int | None:
    """How many records this walk holds, None for all; settled with its first page."""
    return newest_of(account_of(step).tier) if step.checkpoint.sweep is None else step.checkpoint.newest


def ask_page(step: ImportStep, swept: List, verb: Callable[..., P]) -> P | Missed:
    """Ask for the next page of a list by the client's verb for it."""
    sort, sort_order = TRIES[swept][step.checkpoint.nth_try - 1]
    try:
        return verb(
            account_of(step).username,
            page=step.checkpoint.current_page + 1,
            per_page=newest(step) or PER_PAGE,
            sort=sort,
            sort_order=sort_order,
        )
    except PastEnd:
        return Missed.PAST_END
    except Gone:
        return Missed.NOT_THERE


def doubt(step: ImportStep, sentence: str) -> Continue[ImportCheckpoint]:
    """Store nothing and ask who we are before this page is asked for again.

    Raises Unavailable with this sentence when that was done already: we are who we should be, the page is no better.
    """
    if step.checkpoint.is_doubted:
        raise Unavailable(sentence)
    checkpoint = step.checkpoint.model_copy(update={"stage": Stage.IDENTITY, "is_doubted": True})
    return Continue(checkpoint, step.progress)


def begun_sweep(conn: Connection, step: ImportStep, swept: List) -> UUID:
    """Return the walk under way; the first page of a try begins one."""
    if step.checkpoint.sweep is not None:
        return step.checkpoint.sweep
    sort, sort_order = TRIES[swept][step.checkpoint.nth_try - 1]
    return sweeps.start(
        conn,
        job_id=step.job_id,
        user_id=step.user_id,
        swept=swept,
        nth_try=step.checkpoint.nth_try,
        sort=sort,
        sort_order=sort_order,
    )


def set_aside(
    conn: Connection, step: ImportStep, sweep_id: UUID, swept: List, unreadable: Sequence[UnreadableItem]
) -> None:
    """Note entries of this page that could not be read, in the walk and with a line each in the sync log."""
    described = [f"page {step.checkpoint.current_page + 1}, {entry}" for entry in unreadable]
    sweeps.set_aside(conn, sweep_id, described)
    of_list: dict[str, Json] = {"list": "wantlist"} if swept == "wantlist" else {}
    lines = [
        Line(
            "import",
            entry.release_id,
            None,
            "failed",
            {"change": "unreadable", **of_list, "error": storable(text), "sweep": str(sweep_id)},
        )
        for entry, text in zip(unreadable, described, strict=True)
    ]
    sync_log.add(conn, step.user_id, lines)


def count_page(
    conn: Connection, step: ImportStep, sweep_id: UUID, place: Place, newly_seen: int
) -> tuple[Move, Continue[ImportCheckpoint]]:
    """Add a stored page to its sweep; say what follows, and where the job stands.

    The walk counts for itself: a server that answers with another page than asked for would lead it round in circles.
    """
    asked_for = step.checkpoint.current_page + 1
    sweep = sweeps.count_page(
        conn, sweep_id, items=place.items, newly_seen=newly_seen, is_whole=place.page == asked_for
    )
    move = after_page(sweep, replace(place, page=asked_for), newest(step))
    return move, _stand(step, sweep, asked_for, place.items)


def count_past_end(conn: Connection, step: ImportStep, sweep_id: UUID) -> tuple[Move, Continue[ImportCheckpoint]]:
    """Note that the list grew shorter than it was: the walk ends here and is not whole."""
    sweep = sweeps.spoil(conn, sweep_id)
    return after_last(sweep), _stand(step, sweep, step.checkpoint.current_page, step.progress.total)


def end_walk(
    conn: Connection, step: ImportStep, swept: List, table: Table, *, move: Move, stand: Continue[ImportCheckpoint]
) -> Continue[ImportCheckpoint]:
    """Close the sweep with what it was worth. Only a complete one says that anything is missing."""
    sweep_id = begun_sweep_of(stand.checkpoint)
    if move is Move.TRY_AGAIN:
        sweeps.finish(conn, sweep_id, "changed")
        nth_try = stand.checkpoint.nth_try + 1
        return _moved(stand, sweep=None, newest=None, current_page=0, nth_try=nth_try)
    if move is Move.GIVE_UP:
        sweeps.finish(conn, sweep_id, "changed")
        return stand
    if move is Move.UNREADABLE:
        sweeps.finish(conn, sweep_id, "unreadable")
        return stand
    if move is Move.PARTIAL:
        sweeps.finish(conn, sweep_id, "partial")
        return stand
    sweeps.finish(conn, sweep_id, "complete")
    links.set_complete(conn, step.user_id, swept)
    if swept == "collection":
        links.set_collection_known_to(conn, step.user_id, sweep_id)
    missing, vanished = _settle_missing(conn, step.user_id, swept, table, sweep_id)
    (note_vanished if swept == "collection" else wanting.note_vanished)(conn, step.user_id)
    wanting.update_review_items(conn, step.user_id)
    return _moved(stand, missing=missing, vanished=vanished)


def begun_sweep_of(checkpoint: ImportCheckpoint) -> UUID:
    """Return the walk of a checkpoint past its first page."""
    if checkpoint.sweep is None:
        raise LookupError("no page was stored yet, so no walk has begun")
    return checkpoint.sweep


def _settle_missing(conn: Connection, user_id: UUID, swept: List, table: Table, sweep_id: UUID) -> tuple[int, int]:
    """Mark what a complete sweep did not see, or ask if that is too much; return how many were marked, and asked."""
    lost = table.count_unseen(conn, user_id, sweep_id)
    if may_go(lost):
        questions.close(conn, user_id, "vanished", [swept], "A later complete sweep settled it.")
        return table.mark_missing(conn, user_id, sweep_id), 0
    sample = table.unseen(conn, user_id, sweep_id, SAMPLE)
    details: dict[str, Json] = {
        "count": lost.unseen,
        "known": lost.known,
        "sweep": str(sweep_id),
        "sample": [
            {"subject": one.subject, "release_id": one.release_id, "artist": one.artist, "title": one.title}
            for one in sample
        ],
    }
    questions.ask(conn, user_id, "vanished", {swept: details})
    return 0, lost.unseen


def _stand(step: ImportStep, sweep: Sweep, current_page: int, items: int | None) -> Continue[ImportCheckpoint]:
    checkpoint = step.checkpoint.model_copy(
        update={
            "account_id": account_of(step).discogs_user_id,
            "sweep": sweep.id,
            "newest": newest(step),
            "current_page": current_page,
            "is_doubted": False,
        }
    )
    return Continue(checkpoint, Progress(sweep.seen, step.progress.skipped, items))


def _moved(stand: Continue[ImportCheckpoint], **changes: object) -> Continue[ImportCheckpoint]:
    return Continue(stand.checkpoint.model_copy(update=changes), stand.progress)
