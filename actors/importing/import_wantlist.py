"""The wantlist comes over from Discogs, page by page, and nothing is lost."""

from typing import TypeAlias

from actors.catalog import IMPORT_WANTLIST
from actors.checkpoints import ImportCheckpoint, Stage
from actors.importing import listing
from actors.importing.identifying import ImportStep, ask_identity, store_identity
from actors.importing.outcomes import sentence
from actors.importing.paging import (
    Missed,
    ask_page,
    begun_sweep,
    begun_sweep_of,
    count_page,
    count_past_end,
    doubt,
    end_walk,
    newest,
    set_aside,
)
from actors.importing.walking import Move, Place
from actors.importing.wishes import shows_less, store_wants
from db import Connection, sweeps, wants
from discogs.records.people import Identity
from discogs.records.wants import WantPage
from workers.kinds import Continue, Done, Job, NoArguments, Outcome

Fetched: TypeAlias = Identity | WantPage | Missed

ANONYMOUS = (
    "Discogs shows this wantlist as to a stranger, although it says who we are. Nothing was changed: "
    "try again later, or connect the account again."
)
NOT_THERE = "Discogs knows no wantlist of this account. Nothing was changed: look whether the account still exists."


def fetch(step: ImportStep) -> Fetched:
    """Ask Discogs for what the next step stores: one request."""
    if step.checkpoint.stage is Stage.IDENTITY:
        return ask_identity(step)
    return ask_page(step, "wantlist", step.discogs.wants_page)


def store(conn: Connection, step: ImportStep, fetched: Fetched) -> Outcome:
    """Store what came, and say what follows."""
    if isinstance(fetched, Identity):
        return store_identity(conn, step, fetched, Stage.PAGES)
    if isinstance(fetched, Missed):
        return _store_missed(conn, step, fetched)
    return _store_page(conn, step, fetched)


def _store_page(conn: Connection, step: ImportStep, page: WantPage) -> Outcome:
    listed = [listing.want_of(item) for item in page.items[: newest(step)]]
    if not step.checkpoint.is_doubted:
        is_suddenly_empty = page.total_items == 0 and wants.count_present(conn, step.user_id) > 0
        if is_suddenly_empty or shows_less(conn, step.user_id, listed):
            return doubt(step, ANONYMOUS)
    sweep_id = begun_sweep(conn, step, "wantlist")
    newly_seen = store_wants(conn, step.user_id, sweep_id, listed)
    set_aside(conn, step, sweep_id, "wantlist", page.unreadable)
    place = Place(page.page, page.pages, page.per_page, page.total_items, len(page.items) + len(page.unreadable))
    return _go_on(conn, step, *count_page(conn, step, sweep_id, place, newly_seen))


def _store_missed(conn: Connection, step: ImportStep, missed: Missed) -> Outcome:
    if missed is Missed.NOT_THERE:
        return doubt(step, NOT_THERE)
    return _go_on(conn, step, *count_past_end(conn, step, begun_sweep(conn, step, "wantlist")))


def _go_on(conn: Connection, step: ImportStep, move: Move, stand: Continue[ImportCheckpoint]) -> Outcome:
    if move is Move.NEXT_PAGE:
        return stand
    stand = end_walk(conn, step, "wantlist", wants, move=move, stand=stand)
    return stand if move is Move.TRY_AGAIN else _done(conn, stand)


def _done(conn: Connection, stand: Continue[ImportCheckpoint]) -> Done:
    said = sentence(
        sweeps.find(conn, begun_sweep_of(stand.checkpoint)),
        noun="want",
        items=stand.progress.total or 0,
        missing=stand.checkpoint.missing,
        vanished=stand.checkpoint.vanished,
        asked=0,
    )
    return Done(said, stand.progress, stand.checkpoint)


JOB: Job[NoArguments, ImportCheckpoint, Fetched] = Job(IMPORT_WANTLIST, fetch, store)
