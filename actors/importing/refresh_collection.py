"""What is new in a collection comes over: from the newest copy back to where everything is known already."""

from typing import TypeAlias

from actors.catalog import IMPORT_COLLECTION, REFRESH_COLLECTION
from actors.checkpoints import ImportCheckpoint, Stage
from actors.comparing import wanting
from actors.importing import import_collection
from actors.importing.identifying import ImportStep, account_of, store_identity
from actors.importing.import_collection import ANONYMOUS, NOT_THERE, Fields, is_doubtful, lacks_fields, store_fields
from actors.importing.linking import link_batch
from actors.importing.paging import Missed, begun_sweep, begun_sweep_of, doubt
from actors.importing.walking import newest_of
from actors.wording import count
from db import Connection, agreed, instances, links, sweeps, usage
from db.sweeps import Outcome as Worth
from discogs.records.collection import CollectionPage
from discogs.records.people import Identity
from workers.enqueue import NewJob, Origin, enqueue_many
from workers.kinds import Continue, Done, Job, NoArguments, Outcome, Progress

Fetched: TypeAlias = Identity | import_collection.Folders | Fields | CollectionPage | Missed | None

WHOLE_FIRST = "Not all of the collection is known here yet: an import of all of it was begun instead."
UNDER_WAY = "An import of the whole collection is under way, and brings what is new."
WHOLE_NEXT = "An import of all of it was begun, to see what else changed."


def fetch(step: ImportStep) -> Fetched:
    """Ask Discogs for what the next step stores; nothing where only a whole import can tell what is new."""
    account = account_of(step)
    is_whole = account.collection_complete_at is not None and not account.is_partial
    if not is_whole or newest_of(account.tier) is not None:
        return None
    return import_collection.fetch(step)


def store(conn: Connection, step: ImportStep, fetched: Fetched) -> Outcome:
    """Store what came, and say what follows."""
    if isinstance(fetched, Identity):
        return store_identity(conn, step, fetched, Stage.PAGES)
    if isinstance(fetched, Fields):
        return store_fields(conn, step, fetched)
    if isinstance(fetched, CollectionPage):
        return _store_page(conn, step, fetched)
    if isinstance(fetched, Missed):
        return doubt(step, NOT_THERE) if fetched is Missed.NOT_THERE else _end_behind(conn, step)
    if step.checkpoint.stage is Stage.PAGES:
        enqueue_many(conn, [NewJob(IMPORT_COLLECTION.name, step.user_id)], origin=Origin.AUTOMATIC)
        return Done(WHOLE_FIRST, step.progress)
    return link_batch(conn, step) or _done(conn, step, Continue(step.checkpoint, step.progress))


def _store_page(conn: Connection, step: ImportStep, page: CollectionPage) -> Outcome:
    if is_doubtful(conn, step, page):
        return doubt(step, ANONYMOUS)
    if lacks_fields(conn, step, page):
        again = step.checkpoint.model_copy(update={"stage": Stage.FIELDS, "are_fields_doubted": True})
        return Continue(again, step.progress)
    if _is_anothers(conn, step):
        return Done(UNDER_WAY, step.progress)
    return _take_page(conn, step, page)


def _take_page(conn: Connection, step: ImportStep, page: CollectionPage) -> Outcome:
    if page.unreadable:
        return _end_behind(conn, step, said=f"{count(len(page.unreadable), 'record')} could not be read.")
    before = instances.count_present(conn, step.user_id)
    sweep_id = begun_sweep(conn, step, "collection")
    seen = import_collection.store_listed(conn, step, sweep_id, page)
    new = step.progress.processed + instances.count_present(conn, step.user_id) - before
    asked_for = step.checkpoint.current_page + 1
    sweep = sweeps.count_page(conn, sweep_id, items=page.total_items, newly_seen=seen, is_whole=page.page == asked_for)
    checkpoint = step.checkpoint.model_copy(
        update={
            "account_id": account_of(step).discogs_user_id,
            "sweep": sweep_id,
            "current_page": asked_for,
            "is_doubted": False,
        }
    )
    stand = Continue(checkpoint, Progress(new, step.progress.skipped))
    if not sweep.is_whole:
        return _end_behind(conn, step, stand)
    is_last = asked_for >= page.pages or not page.items
    if not is_last and not _reaches_known(conn, step, page):
        return stand
    return _end(conn, step, stand, items=page.total_items)


def _is_anothers(conn: Connection, step: ImportStep) -> bool:
    """Whether a whole walk goes on: two at a time would each take what the other saw for gone."""
    sweep_id = step.checkpoint.sweep
    if sweep_id is None:
        return sweeps.is_walked(conn, step.user_id, "collection")
    return sweeps.find(conn, sweep_id).outcome is not None


def _reaches_known(conn: Connection, step: ImportStep, page: CollectionPage) -> bool:
    """Whether the page ends among copies that were added before the time up to which all is known.

    Not "holds a known copy": a walk that stopped half-way made some of the newest known, and left a gap behind them.
    """
    known_to = links.collection_known_to(conn, step.user_id)
    oldest = page.items[-1].date_added
    return known_to is not None and oldest is not None and oldest < known_to


def _end(conn: Connection, step: ImportStep, stand: Continue[ImportCheckpoint], *, items: int) -> Outcome:
    """End a walk without a gap: what is newer than before is known now; the count tells whether that is all."""
    links.set_collection_known_to(conn, step.user_id, begun_sweep_of(stand.checkpoint))
    present = instances.count_present(conn, step.user_id)
    if present != items:
        said = f"Discogs counts {count(items, 'record')}, {present:,} are known here."
        return _end_behind(conn, step, stand, said)
    _finish(conn, stand, "caught_up")
    if agreed.has_unlinked(conn, step.user_id):
        checkpoint = stand.checkpoint.model_copy(update={"stage": Stage.LINKING_BY_RELEASE})
        return Continue(checkpoint, stand.progress, takes_token=False)
    return _done(conn, step, stand)


def _end_behind(
    conn: Connection,
    step: ImportStep,
    stand: Continue[ImportCheckpoint] | None = None,
    said: str = "The collection changed meanwhile.",
) -> Done:
    """End a walk that cannot tell what else changed, and have the whole collection looked at."""
    stand = stand or Continue(step.checkpoint, step.progress)
    if stand.checkpoint.sweep is not None:
        _finish(conn, stand, "changed")
    enqueue_many(conn, [NewJob(IMPORT_COLLECTION.name, step.user_id)], origin=Origin.AUTOMATIC)
    usage.add_sync(conn, step.user_id)
    return Done(f"{_new(stand.progress.processed)} {said} {WHOLE_NEXT}", stand.progress, stand.checkpoint)


def _finish(conn: Connection, stand: Continue[ImportCheckpoint], worth: Worth) -> None:
    sweeps.finish(conn, begun_sweep_of(stand.checkpoint), worth)


def _done(conn: Connection, step: ImportStep, stand: Continue[ImportCheckpoint]) -> Done:
    wanting.update_review_items(conn, step.user_id)
    usage.add_sync(conn, step.user_id)
    new, present = stand.progress.processed, instances.count_present(conn, step.user_id)
    progress = Progress(new, step.progress.skipped, new)
    return Done(f"{_new(new)} {count(present, 'record')}.", progress, stand.checkpoint)


def _new(new: int) -> str:
    return f"{count(new, 'new record')}." if new else "Nothing new."


JOB: Job[NoArguments, ImportCheckpoint, Fetched] = Job(REFRESH_COLLECTION, fetch, store)
