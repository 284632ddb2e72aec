"""What changed here goes out to Discogs: a look at a release, then its changes one by one, then the next release.

A change is a difference from what both sides agreed on, whoever wrote it. An add is stored before it is sent; after an
uncertain end nobody sends it again without a look.
"""

from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

from actors.catalog import PUSH_COLLECTION, PushArguments
from actors.checkpoints import Act, Doing, PushCheckpoint, PushStage
from actors.comparing.grading import find_slots
from actors.importing import listing
from actors.importing.copies import store_copies
from actors.pushing.choosing import choose, find_todo
from actors.pushing.guarding import MOST_LOOKS, STUCK, account_of, held_back, said_of, too_many
from actors.pushing.recording import PushStep, bind, note_gone, note_not_done, number_of, settle
from actors.pushing.sending import End, NotDone, NotThere, Sent, Unclear, is_done, send_change
from db import Connection, fields, outgoing, usage
from db.outgoing import Changed
from discogs.errors import Unavailable
from discogs.ids import ReleaseId
from discogs.records.collection import CollectionPage
from workers.errors import JobFailed
from workers.kinds import Continue, Done, Job, Outcome, Progress

SETTLING = timedelta(minutes=2)  # after an uncertain add: until then Discogs may still be doing it
RELEASES_A_LOOK = 50  # found at once: a look compares the whole collection, some 3 ms for each 1,000 copies
RELEASES_A_STEP = 200  # looked through in one transaction when nothing of them can go out

ANONYMOUS = "Discogs shows this collection as to a stranger, although it says who we are. Nothing was changed."


Fetched: TypeAlias = CollectionPage | End | None

SEVERAL = "Discogs has several new copies of this release, and nobody can tell which of them is this one."
UNREADABLE = "Discogs shows a copy of this release that cannot be read. It may be this one, so none was added."


def fetch(step: PushStep) -> Fetched:
    """Look at a release, or send one change."""
    match step.checkpoint.stage:
        case PushStage.PLAN:
            return None
        case PushStage.LOOK | PushStage.CHECK:
            return _copies(step)
        case PushStage.SEND:
            doing = _doing_of(step)
            if step.is_repeated and doing.act is not Act.ADD:
                return _look_again(step, doing)
            return send_change(step.discogs, account_of(step).username, doing, is_repeated=step.is_repeated)


def store(conn: Connection, step: PushStep, fetched: Fetched) -> Outcome:
    """Store what came, and say what follows."""
    match step.checkpoint.stage:
        case PushStage.PLAN:
            return _begin(conn, step)
        case PushStage.LOOK:
            return _looked(conn, step, _page_of(fetched))
        case PushStage.CHECK:
            return _checked(conn, step, _page_of(fetched))
        case PushStage.SEND:
            return _sent(conn, step, _doing_of(step), fetched)


def _look_again(step: PushStep, doing: Doing) -> CollectionPage:
    """Look before a change is sent again: it may be done, and edited on Discogs since. Raises JobFailed in the end.

    Each look that succeeds begins the engine's count of attempts anew, so the looks are counted here.
    """
    if step.checkpoint.doubted.count(doing.key) >= MOST_LOOKS:
        raise JobFailed("Unavailable", STUCK)
    return _copies(step)


def _copies(step: PushStep) -> CollectionPage:
    page = step.discogs.copies_of(account_of(step).username, ReleaseId(step.checkpoint.release))
    if any(item.folder_id is None for item in page.items):
        raise Unavailable(ANONYMOUS)
    return page


def _begin(conn: Connection, step: PushStep) -> Outcome:
    """Ask for the first yes and before many removals; then find the first release of which anything can go out."""
    if step.checkpoint.release == 0:
        held = held_back(
            conn,
            step,
            lost=outgoing.removals(conn, step.user_id),
            waiting=lambda: len(outgoing.changes(conn, step.user_id)) + len(outgoing.adds(conn, step.user_id)),
            noun="record",
        )
        if held is not None:
            return held
    return _next_release(conn, step, step.checkpoint)


def _next_release(conn: Connection, step: PushStep, was: PushCheckpoint) -> Outcome:
    checkpoint = was
    for _ in range(RELEASES_A_STEP):
        ahead = checkpoint.ahead or tuple(
            outgoing.next_releases(conn, step.user_id, after=checkpoint.release, room=RELEASES_A_LOOK)
        )
        if not ahead:
            return _done(conn, step, checkpoint)
        release_id, *others = ahead
        fresh = {"passed": (), "doubted": (), "doing": None, "stage": PushStage.PLAN}
        checkpoint = checkpoint.model_copy(update={"release": release_id, "ahead": tuple(others), **fresh})
        todo = find_todo(conn, step.user_id, release_id)
        if any(isinstance(one, Doing) and one.act is Act.REMOVE for one in todo) and not step.arguments.allows_removals:
            held = too_many(step, outgoing.removals(conn, step.user_id), noun="record")
            if held is not None:
                return held
        if any(isinstance(one, Doing) and one.act is not Act.ADD for one in todo):
            return _go(checkpoint.model_copy(update={"stage": PushStage.LOOK}))
        if todo:
            following = choose(conn, step, checkpoint)
            if following.stage is not PushStage.PLAN:
                return _go(following)
            checkpoint = following
    return _go(checkpoint)


def _looked(conn: Connection, step: PushStep, page: CollectionPage) -> Outcome:
    """Take over what changed there first, so that nothing of it is overwritten; then begin with the first change."""
    _take_over(conn, step.user_id, page)
    for gone in _gone(conn, step, page):
        note_gone(conn, step, gone)
    return _go_on(conn, step, step.checkpoint)


def _gone(conn: Connection, step: PushStep, page: CollectionPage) -> list[Changed]:
    """Copies that were deleted here and are not there any more either."""
    there = {item.instance_id for item in page.items}
    if page.pages > 1 or page.unreadable:
        return []
    changes = outgoing.changes(conn, step.user_id, release_id=step.checkpoint.release)
    return [one for one in changes if one.album_id is None and one.instance_id not in there]


def _take_over(conn: Connection, user_id: UUID, page: CollectionPage) -> None:
    slots = find_slots(fields.of_user(conn, user_id))
    store_copies(conn, user_id, None, [listing.copy_of(item, slots) for item in page.items])


def _sent(conn: Connection, step: PushStep, doing: Doing, fetched: Fetched) -> Outcome:
    was = step.checkpoint
    if isinstance(fetched, CollectionPage):
        return _seen_again(conn, step, doing, fetched)
    if isinstance(fetched, NotThere) and doing.key not in was.doubted:
        return _go(_doubted(was, doing).model_copy(update={"stage": PushStage.LOOK}))
    if isinstance(fetched, Unclear):
        waiting = _doubted(was, doing).model_copy(update={"stage": PushStage.CHECK})
        return Continue(waiting, step.progress, after=SETTLING)
    if isinstance(fetched, NotDone | NotThere):
        if doing.intent_id is not None:
            outgoing.end_intent(conn, doing.intent_id, "refused", error=fetched.sentence)
        note_not_done(conn, step, doing, "failed", fetched.sentence)
        return _go_on(conn, step, _counted(was, doing, refused=True))
    if not isinstance(fetched, Sent):
        raise TypeError(f"not the end of sending a change: {fetched!r}")
    if doing.act is Act.ADD:
        bind(conn, step, doing, number_of(fetched.instance_id), asked_folder=doing.folder_id)
    else:
        settle(conn, step, doing)
    return _go_on(conn, step, _counted(was, doing))


def _seen_again(conn: Connection, step: PushStep, doing: Doing, page: CollectionPage) -> Outcome:
    """Agree on a change that was made after all; else see what the copy says by now, and decide anew."""
    was = _doubted(step.checkpoint, doing)
    if not is_done(page, doing):
        return _looked(conn, replace(step, checkpoint=was), page)
    settle(conn, step, doing)
    _take_over(conn, step.user_id, page)
    return _go_on(conn, step, _counted(was, doing))


def _checked(conn: Connection, step: PushStep, page: CollectionPage) -> Outcome:
    """Before an add and after an unclear one: one copy that nobody knew is it, none means send, more leaves it open."""
    doing = _doing_of(step)
    meant = None if doing.intent_id is None else outgoing.intent(conn, doing.intent_id)
    if meant is None or not meant.is_open:
        return _go_on(conn, step, step.checkpoint)
    was_sent = doing.key in step.checkpoint.doubted
    if meant.album_id is None and not was_sent:
        # Nothing was sent, and nobody wants it any more: a new copy there is its owner's.
        outgoing.end_intent(conn, meant.id, "refused", error="The album was deleted before its copy was added.")
        return _go_on(conn, step, step.checkpoint)
    held_already = outgoing.bound(conn, step.user_id, [item.instance_id for item in page.items])
    strangers = [item for item in page.items if item.instance_id not in meant.known | held_already]
    if page.pages > 1 or len(strangers) > 1 or page.unreadable:
        said = UNREADABLE if page.unreadable else SEVERAL
        outgoing.end_intent(conn, meant.id, "unclear", error=said)
        note_not_done(conn, step, doing, "skipped", said)
        return _go_on(conn, step, _counted(step.checkpoint, doing, refused=True))
    if not strangers:
        _take_over(conn, step.user_id, page)  # other changes of this release may follow, and nothing is overwritten
        again = step.checkpoint.model_copy(update={"stage": PushStage.SEND})
        return _go(again)
    found = doing.model_copy(update={"folder_id": strangers[0].folder_id or doing.folder_id})
    bind(conn, step, found, strangers[0].instance_id, asked_folder=doing.folder_id if was_sent else None)
    _take_over(conn, step.user_id, page)
    return _go_on(conn, step, _counted(step.checkpoint, doing))


def _go_on(conn: Connection, step: PushStep, checkpoint: PushCheckpoint) -> Outcome:
    """Go on with this release, or the next one."""
    following = choose(conn, step, checkpoint)
    return _next_release(conn, step, following) if following.stage is PushStage.PLAN else _go(following)


def _doubted(was: PushCheckpoint, doing: Doing) -> PushCheckpoint:
    return was.model_copy(update={"doubted": (*was.doubted, doing.key)})


def _counted(was: PushCheckpoint, doing: Doing, *, refused: bool = False) -> PushCheckpoint:
    passed = (*was.passed, doing.key)
    if refused:
        return was.model_copy(update={"passed": passed, "refused": was.refused + 1})
    name = {Act.ADD: "added", Act.REMOVE: "removed"}.get(doing.act, "edited")
    # What was taken is agreed on; the same difference again is another change, and goes out too.
    return was.model_copy(update={name: getattr(was, name) + 1})


def _go(checkpoint: PushCheckpoint) -> Continue[PushCheckpoint]:
    return Continue(checkpoint, _progress(checkpoint), takes_token=checkpoint.stage is not PushStage.PLAN)


def _progress(checkpoint: PushCheckpoint) -> Progress:
    return Progress(checkpoint.added + checkpoint.edited + checkpoint.removed, checkpoint.refused)


def _done(conn: Connection, step: PushStep, checkpoint: PushCheckpoint) -> Done:
    if _progress(checkpoint).processed:
        usage.add_sync(conn, step.user_id)  # an empty push, as the clock begins some, is no use of anything
    return Done(said_of(checkpoint), _progress(checkpoint))


def _doing_of(step: PushStep) -> Doing:
    if step.checkpoint.doing is None:
        raise LookupError("nothing was chosen to be sent")
    return step.checkpoint.doing


def _page_of(fetched: Fetched) -> CollectionPage:
    if not isinstance(fetched, CollectionPage):
        raise TypeError(f"no page came: {fetched!r}")
    return fetched


JOB: Job[PushArguments, PushCheckpoint, Fetched] = Job(PUSH_COLLECTION, fetch, store)
