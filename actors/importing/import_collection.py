"""The collection comes over from Discogs, page by page, and nothing is lost."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from actors.catalog import IMPORT_COLLECTION
from actors.checkpoints import ImportCheckpoint, Stage
from actors.comparing.grading import find_slots
from actors.importing import listing
from actors.importing.copies import store_copies
from actors.importing.identifying import ImportStep, account_of, ask_identity, store_identity
from actors.importing.linking import SETTLED, link_batch
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
from db import Connection, agreed, fields, folders, instances, links, questions, sweeps
from discogs.ids import ALL_FOLDERS
from discogs.records.collection import CollectionPage, Field, Folder
from discogs.records.people import Identity
from discogs.records.reading import Rows
from services.collection.facts import read_fields, read_folders
from workers.kinds import Continue, Done, Job, NoArguments, Outcome, Progress


@dataclass(frozen=True, slots=True)
class Folders:
    """The answer about folders."""

    listed: Rows[Folder]


@dataclass(frozen=True, slots=True)
class Fields:
    """The answer about custom fields."""

    listed: Rows[Field]


Fetched: TypeAlias = Identity | Folders | Fields | CollectionPage | Missed | None

ANONYMOUS = (
    "Discogs shows this collection as to a stranger, although it says who we are. Nothing was changed: "
    "try again later, or connect the account again."
)
NOT_THERE = "Discogs knows no collection of this account. Nothing was changed: look whether the account still exists."


def fetch(step: ImportStep) -> Fetched:
    """Ask Discogs for what the next step stores: one request at most."""
    match step.checkpoint.stage:
        case Stage.IDENTITY:
            return ask_identity(step)
        case Stage.FOLDERS:
            return Folders(step.discogs.folders(account_of(step).username))
        case Stage.FIELDS:
            return Fields(step.discogs.fields(account_of(step).username))
        case Stage.PAGES:
            return ask_page(step, "collection", step.discogs.collection_page)
        case Stage.LINKING_BY_RELEASE | Stage.LINKING_BY_NAME:
            return None


def store(conn: Connection, step: ImportStep, fetched: Fetched) -> Outcome:
    """Store what came, and say what follows."""
    if isinstance(fetched, Identity):
        return store_identity(conn, step, fetched, Stage.PAGES if step.checkpoint.is_doubted else Stage.FOLDERS)
    if isinstance(fetched, Folders):
        return _store_folders(conn, step, fetched)
    if isinstance(fetched, Fields):
        return store_fields(conn, step, fetched)
    if isinstance(fetched, CollectionPage):
        return _store_page(conn, step, fetched)
    if isinstance(fetched, Missed):
        return _store_missed(conn, step, fetched)
    return link_batch(conn, step) or _done(conn, step, Continue(step.checkpoint, step.progress))


def _store_folders(conn: Connection, step: ImportStep, answer: Folders) -> Outcome:
    ours = read_folders(answer.listed, folders.of_user(conn, step.user_id))
    if any(folder.folder_id != ALL_FOLDERS for folder in ours):  # a stranger sees that one only
        folders.replace(conn, step.user_id, ours)
    return Continue(step.checkpoint.model_copy(update={"stage": Stage.FIELDS}), step.progress)


def store_fields(conn: Connection, step: ImportStep, answer: Fields) -> Outcome:
    """Store what custom fields there are; the pages follow."""
    fields.replace(conn, step.user_id, read_fields(answer.listed, fields.of_user(conn, step.user_id)))
    return Continue(step.checkpoint.model_copy(update={"stage": Stage.PAGES}), step.progress)


def _store_page(conn: Connection, step: ImportStep, page: CollectionPage) -> Outcome:
    if is_doubtful(conn, step, page):
        return doubt(step, ANONYMOUS)
    if lacks_fields(conn, step, page):
        again = step.checkpoint.model_copy(update={"stage": Stage.FIELDS, "are_fields_doubted": True})
        return Continue(again, step.progress)
    sweep_id = begun_sweep(conn, step, "collection")
    newly_seen = store_listed(conn, step, sweep_id, page)
    set_aside(conn, step, sweep_id, "collection", page.unreadable)
    place = Place(page.page, page.pages, page.per_page, page.total_items, len(page.items) + len(page.unreadable))
    return _go_on(conn, step, *count_page(conn, step, sweep_id, place, newly_seen))


def is_doubtful(conn: Connection, step: ImportStep, page: CollectionPage) -> bool:
    """Whether the page looks as a stranger would see it: without folders, or suddenly empty."""
    if any(item.folder_id is None for item in page.items):
        return True
    return page.total_items == 0 and not step.checkpoint.is_doubted and instances.count_present(conn, step.user_id) > 0


def lacks_fields(conn: Connection, step: ImportStep, page: CollectionPage) -> bool:
    """Whether a copy has a value in a custom field that was not listed; that is believed once.

    A stranger is told of public fields only, with 200. Without the others, grades would pass for cleared.
    """
    if step.checkpoint.are_fields_doubted:
        return False
    listed = {field.field_id for field in fields.of_user(conn, step.user_id)}
    return any(note.field_id not in listed for item in page.items for note in item.notes)


def store_listed(conn: Connection, step: ImportStep, sweep_id: UUID, page: CollectionPage) -> int:
    """Store the page's copies; return how many of them this sweep had not seen before."""
    slots = find_slots(fields.of_user(conn, step.user_id))
    listed = [listing.copy_of(item, slots) for item in page.items[: newest(step)]]
    return store_copies(conn, step.user_id, sweep_id, listed)


def _store_missed(conn: Connection, step: ImportStep, missed: Missed) -> Outcome:
    if missed is Missed.NOT_THERE:
        return doubt(step, NOT_THERE)
    return _go_on(conn, step, *count_past_end(conn, step, begun_sweep(conn, step, "collection")))


def _go_on(conn: Connection, step: ImportStep, move: Move, stand: Continue[ImportCheckpoint]) -> Outcome:
    if move is Move.NEXT_PAGE:
        return stand
    stand = end_walk(conn, step, "collection", instances, move=move, stand=stand)
    if move is Move.TRY_AGAIN:
        return stand
    if move not in (Move.GIVE_UP, Move.UNREADABLE):
        links.set_partial(conn, step.user_id, is_partial=move is Move.PARTIAL)
    if agreed.has_unlinked(conn, step.user_id):
        checkpoint = stand.checkpoint.model_copy(update={"stage": Stage.LINKING_BY_RELEASE})
        return Continue(checkpoint, stand.progress, takes_token=False)
    questions.close_settled(conn, step.user_id, SETTLED)
    return _done(conn, step, stand)


def _done(conn: Connection, step: ImportStep, stand: Continue[ImportCheckpoint]) -> Done:
    checkpoint = stand.checkpoint
    asked = questions.count_open(conn, step.user_id, "duplicate")
    said = sentence(
        sweeps.find(conn, begun_sweep_of(checkpoint)),
        noun="record",
        items=stand.progress.total or 0,
        missing=checkpoint.missing,
        vanished=checkpoint.vanished,
        asked=asked,
    )
    return Done(said, Progress(stand.progress.processed, asked, stand.progress.total), checkpoint)


JOB: Job[NoArguments, ImportCheckpoint, Fetched] = Job(IMPORT_COLLECTION, fetch, store)
