"""A look at both lists before a sync: every page is asked for and compared, and nothing changes on either side."""

from typing import TypeAlias

from actors.catalog import PREVIEW_SYNC
from actors.checkpoints import LookCheckpoint, LookStage
from actors.comparing.grading import find_slots
from actors.importing.import_collection import Fields
from actors.importing.paging import Missed
from actors.importing.walking import MOST_TRIES, PER_PAGE, TRIES, may_go, newest_of
from actors.syncing.dry_import import dry_import_copies, dry_import_end, dry_import_wants
from actors.wording import count
from db import Connection, fields, instances, previews, wants
from db.instances import Unseen
from db.links import Account, List
from discogs.errors import Gone, PastEnd, Unavailable
from discogs.records.collection import CollectionPage
from discogs.records.wants import WantPage
from services.collection.facts import read_fields
from workers.errors import JobFailed
from workers.kinds import Continue, Done, Job, NoArguments, Outcome, Progress, Step

LookStep: TypeAlias = Step[NoArguments, LookCheckpoint]
Fetched: TypeAlias = CollectionPage | WantPage | Fields | Missed

LISTS: dict[LookStage, List] = {LookStage.COLLECTION: "collection", LookStage.WANTLIST: "wantlist"}

ANONYMOUS = "Discogs shows this collection as to a stranger, although it says who we are. Look again later."
NOT_THERE = "Discogs knows no such list of this account. Look whether the account still exists."
ANOTHER = "The account was connected anew meanwhile, as another one: look again."


def fetch(step: LookStep) -> Fetched:
    """Ask Discogs for the next page: one request."""
    username, stage = _account_of(step).username, step.checkpoint.stage
    if stage is LookStage.FIELDS:
        return Fields(step.discogs.fields(username))
    verb = step.discogs.collection_page if stage is LookStage.COLLECTION else step.discogs.wants_page
    sort, sort_order = TRIES[LISTS[stage]][step.checkpoint.nth_try - 1]
    try:
        page = verb(
            username,
            page=step.checkpoint.current_page + 1,
            per_page=_held(step) or PER_PAGE,
            sort=sort,
            sort_order=sort_order,
        )
    except PastEnd:
        return Missed.PAST_END
    except Gone:
        raise JobFailed("Gone", NOT_THERE) from None
    if isinstance(page, CollectionPage) and any(item.folder_id is None for item in page.items):
        raise Unavailable(ANONYMOUS)
    return page


def store(conn: Connection, step: LookStep, fetched: Fetched) -> Outcome:
    """Keep what the page would bring, and say what follows."""
    was = step.checkpoint
    if was.account_id is None:
        previews.start(conn, step.user_id, step.job_id)
    previews.count_request(conn, step.user_id)
    was = was.model_copy(update={"account_id": _account_of(step).discogs_user_id})
    if isinstance(fetched, Fields):
        custom = read_fields(fetched.listed, fields.of_user(conn, step.user_id))
        known = was.model_copy(update={"fields": custom, "stage": LookStage.COLLECTION})
        return Continue(known, step.progress)
    if isinstance(fetched, Missed):
        return _end_list(conn, step, was.model_copy(update={"is_steady": False}), step.progress)
    if isinstance(fetched, CollectionPage):
        listed = fields.of_user(conn, step.user_id) if was.fields is None else was.fields
        known_numbers = {field.field_id for field in listed}
        if was.fields is None and any(
            note.field_id not in known_numbers for one in fetched.items for note in one.notes
        ):
            return Continue(was.model_copy(update={"stage": LookStage.FIELDS}), step.progress)
        numbers = dry_import_copies(conn, step.user_id, fetched, find_slots(listed), _held(step))
    else:
        numbers = dry_import_wants(conn, step.user_id, fetched, _held(step))
    return _count(conn, step, was, fetched, numbers)


def _count(
    conn: Connection, step: LookStep, was: LookCheckpoint, page: CollectionPage | WantPage, numbers: list[int]
) -> Outcome:
    number = was.current_page + 1
    previews.see(conn, step.user_id, number, numbers, is_want=was.stage is LookStage.WANTLIST)
    stands = was.model_copy(
        update={
            "current_page": number,
            "listed": page.total_items,
            "unreadable": was.unreadable + len(page.unreadable),
            "is_steady": was.is_steady and page.page == number and was.listed in (None, page.total_items),
        }
    )
    progress = Progress(step.progress.processed + len(numbers))
    is_last = number >= page.pages or not (page.items or page.unreadable) or _held(step) is not None
    return _end_list(conn, step, stands, progress) if is_last else Continue(stands, progress)


def _end_list(conn: Connection, step: LookStep, was: LookCheckpoint, progress: Progress) -> Outcome:
    """End a list: all of it was seen, or it is looked at anew, three times at most; then the next one."""
    is_want, held, listed = was.stage is LookStage.WANTLIST, _held(step), was.listed or 0
    is_partial = held is not None and listed > held
    is_whole = (
        was.is_steady and not was.unreadable and previews.count_seen(conn, step.user_id, is_want=is_want) == listed
    )
    if not is_whole and not is_partial and not was.unreadable and was.nth_try < MOST_TRIES:
        previews.forget_list(conn, step.user_id, is_want=is_want)
        again = {"nth_try": was.nth_try + 1, "current_page": 0, "listed": None, "is_steady": True}
        return Continue(was.model_copy(update=again), progress)
    asks = False
    if is_whole:
        known = (wants if is_want else instances).count_present(conn, step.user_id)
        asks = not may_go(Unseen(known, dry_import_end(conn, step.user_id, is_want=is_want)))
    following = LookCheckpoint(
        stage=LookStage.WANTLIST,
        account_id=was.account_id,
        is_whole=was.is_whole and is_whole,
        unreadable=was.unreadable,
        asks_about_vanished=was.asks_about_vanished or asks,
    )
    if not is_want:
        return Continue(following, progress)
    asks_at_all = following.asks_about_vanished
    previews.finish(conn, step.user_id, is_whole=following.is_whole, asks_about_vanished=asks_at_all)
    return Done(_said(conn, step, was.unreadable), progress)


def _said(conn: Connection, step: LookStep, unreadable: int) -> str:
    found = dict.fromkeys(("comes_in", "conflicts", "vanishes"), 0)
    for one in previews.tally(conn, step.user_id):
        found[one.way] += one.items
    parts = [
        f"{found['comes_in']:,} would come in",
        f"{count(found['conflicts'], 'conflict')}",
        f"{found['vanishes']:,} would vanish",
    ]
    aside = f" {unreadable:,} could not be read." if unreadable else ""
    return f"Nothing was changed. {', '.join(parts)}.{aside}"


def _account_of(step: LookStep) -> Account:
    if step.account is None:
        raise JobFailed("NotConnected", "This account is not connected to Discogs: connect it, then look again.")
    if step.checkpoint.account_id not in (None, step.account.discogs_user_id):
        raise JobFailed("AnotherAccount", ANOTHER)
    return step.account


def _held(step: LookStep) -> int | None:
    return newest_of(_account_of(step).tier)


JOB: Job[NoArguments, LookCheckpoint, Fetched] = Job(PREVIEW_SYNC, fetch, store)
