"""What changed in a wantlist here goes out to Discogs: a look at the wants that shall change, then one by one.

Wanting a release twice is the same as once, so no change of a want needs to be intended first: after an uncertain end
it is sent again, an edit or a removal after another look. A new want is sent without notes and rating, for it may be
there with others: the answer shows them.
"""

from typing import TypeAlias

from actors.catalog import PUSH_WANTLIST, PushArguments
from actors.checkpoints import Act, PushWantsCheckpoint, WantDoing, WantsStage
from actors.comparing.merging import is_same
from actors.comparing.wanting import fields_of
from actors.importing import listing
from actors.importing.wishes import shows_less, store_wants
from actors.pushing.guarding import MOST_LOOKS, STUCK, account_of, held_back, said_of, said_of_leave, too_many
from actors.pushing.sending import NotDone, Sent
from db import Connection, sync_log, usage, wantlist, wants
from db.albums import Fields
from db.storable import Json
from db.sync_log import Action, Line, Status
from db.wantlist import Waiting
from db.wants import Want as ShownWant
from discogs.client import Discogs
from discogs.errors import Gone, Invalid, PastEnd
from discogs.ids import ReleaseId
from discogs.records.people import Identity
from discogs.records.wants import Want, WantPage
from workers.errors import JobFailed
from workers.kinds import Continue, Done, Job, Outcome, Progress, Step

PushStep = Step[PushArguments, PushWantsCheckpoint]
Fetched: TypeAlias = WantPage | Identity | Want | Sent | NotDone | None

PIECE = 200  # wants that are looked through at a time

ANOTHER = "Discogs says that we speak for another account. Nothing was changed: connect the right one, then push again."
NOT_SHOWN = "Discogs did not show this want at the last look: the next import says what became of it."


def fetch(step: PushStep) -> Fetched:
    """Look at a page of the wantlist, newest first, or send one change."""
    match step.checkpoint.stage:
        case WantsStage.PLAN:
            return None
        case WantsStage.IDENTITY:
            return step.discogs.identity()
        case WantsStage.LOOK:
            try:
                return step.discogs.wants_page(account_of(step).username, page=step.checkpoint.current_page + 1)
            except PastEnd:
                return None
        case WantsStage.SEND:
            doing = _doing_of(step)
            if step.is_repeated and doing.act is not Act.ADD:
                if step.checkpoint.looks >= MOST_LOOKS:
                    raise JobFailed("Unavailable", STUCK)
                return None  # it may be done, and edited on Discogs since: look anew
            return _send(step.discogs, account_of(step).username, doing)


def _send(discogs: Discogs, username: str, doing: WantDoing) -> Want | Sent | NotDone:
    """Send one change, which may have been sent before. Raises what may be retried."""
    release = ReleaseId(doing.release_id)
    try:
        if doing.act is Act.REMOVE:
            discogs.remove_want(username, release)
            return Sent()
        if doing.act is Act.ADD:
            return discogs.put_want(username, release)
        return discogs.edit_want(username, release, notes=doing.notes, rating=doing.rating)
    except Gone as error:
        return Sent() if doing.act is Act.REMOVE else NotDone(str(error))
    except Invalid as error:
        return NotDone(str(error))


def store(conn: Connection, step: PushStep, fetched: Fetched) -> Outcome:
    """Store what came, and say what follows."""
    match step.checkpoint.stage:
        case WantsStage.PLAN:
            return _begin(conn, step)
        case WantsStage.IDENTITY:
            return _known_again(step, fetched)
        case WantsStage.LOOK:
            return _looked(conn, step, fetched if isinstance(fetched, WantPage) else None)
        case WantsStage.SEND:
            return _sent(conn, step, _doing_of(step), fetched)


def _begin(conn: Connection, step: PushStep) -> Outcome:
    held = held_back(
        conn,
        step,
        lost=wantlist.removals(conn, step.user_id),
        waiting=lambda: len(wantlist.waiting(conn, step.user_id)),
        noun="want",
    )
    if held is not None:
        return held
    checkpoint = step.checkpoint.model_copy(update={"began_at": wantlist.now(conn)})
    return _look_or_send(conn, step, checkpoint, has_more=True)


def _look_anew(conn: Connection, step: PushStep) -> Outcome:
    was = step.checkpoint
    update = {"began_at": wantlist.now(conn), "current_page": 0, "looks": was.looks + 1}
    return _look_or_send(conn, step, was.model_copy(update=update), has_more=True)


def _looked(conn: Connection, step: PushStep, page: WantPage | None) -> Outcome:
    """Take over what changed there first, so that nothing of it is overwritten."""
    if page is None:
        return _look_or_send(conn, step, step.checkpoint, has_more=False)
    listed = [listing.want_of(item) for item in page.items]
    if not step.checkpoint.is_doubted and shows_less(conn, step.user_id, listed):
        return _go(step.checkpoint.model_copy(update={"stage": WantsStage.IDENTITY, "is_doubted": True}))
    doing = step.checkpoint.doing  # None unless this is another look, at what may have been sent
    if doing is not None and any(_shows(one.want, doing) for one in listed):
        wantlist.agree(conn, step.user_id, {doing.release_id: doing.agrees})  # it was: our own echo is no news
    store_wants(conn, step.user_id, None, listed)
    asked_for = step.checkpoint.current_page + 1
    checkpoint = step.checkpoint.model_copy(update={"current_page": asked_for, "is_doubted": False})
    return _look_or_send(
        conn, step, checkpoint, has_more=bool(page.items or page.unreadable) and asked_for < page.pages
    )


def _known_again(step: PushStep, fetched: Fetched) -> Outcome:
    """Look again at a page that lost all its notes: if we are who we should be, their owner took them away."""
    if not isinstance(fetched, Identity) or fetched.id != account_of(step).discogs_user_id:
        raise JobFailed("AnotherAccount", ANOTHER)
    return _go(step.checkpoint.model_copy(update={"stage": WantsStage.LOOK}))


def _shows(want: ShownWant, doing: WantDoing) -> bool:
    said = fields_of(want)
    is_it = want.release_id == doing.release_id
    return is_it and all(is_same(said[name], value) for name, value in doing.agrees.items())


def _look_or_send(conn: Connection, step: PushStep, was: PushWantsCheckpoint, *, has_more: bool) -> Outcome:
    if has_more and was.began_at is not None and wantlist.count_unlooked(conn, step.user_id, was.began_at):
        return _go(was.model_copy(update={"stage": WantsStage.LOOK}))
    return _next(conn, step, was)


def _sent(conn: Connection, step: PushStep, doing: WantDoing, fetched: Fetched) -> Outcome:
    if fetched is None:
        return _look_anew(conn, step)
    was = step.checkpoint.model_copy(update={"looks": 0})
    if isinstance(fetched, NotDone):
        _log(conn, step, doing, "failed", error=fetched.sentence)
        return _next(conn, step, was.model_copy(update={"after": doing.release_id, "refused": was.refused + 1}))
    more: dict[str, Json] = {}
    if isinstance(fetched, Want):
        wantlist.agree(conn, step.user_id, {doing.release_id: doing.agrees})  # first: what comes back is our own
        shown = listing.want_of(fetched)
        was_removed = doing.release_id not in wantlist.of_releases(conn, step.user_id, [doing.release_id])
        store_wants(conn, step.user_id, None, [shown], is_echo=_is_echo(conn, step, shown.want, fields_of(shown.want)))
        if doing.act is Act.ADD and was_removed:  # while it was sent: not wanted again here, but to be removed there
            wantlist.remove(conn, step.user_id, {doing.release_id: fields_of(shown.want)})
    elif isinstance(fetched, Sent):
        more |= {"removed": _was(conn, step, doing.release_id), **said_of_leave(step)}
        wantlist.removed(conn, step.user_id, doing.release_id)
    else:
        raise TypeError(f"not the end of sending a change: {fetched!r}")
    _log(conn, step, doing, "success", **more)
    name = {Act.ADD: "added", Act.REMOVE: "removed"}.get(doing.act, "edited")
    return _next(conn, step, was.model_copy(update={name: getattr(was, name) + 1}))


def _was(conn: Connection, step: PushStep, release_id: int) -> Json:
    """Return what a removed want was, so that it can be made again."""
    known = wants.known(conn, step.user_id, [release_id]).get(release_id)
    return None if known is None else {"notes": known.want.notes, "rating": known.want.rating}


def _next(conn: Connection, step: PushStep, was: PushWantsCheckpoint) -> Outcome:
    """Choose the next change by what differs now."""
    checkpoint = was
    while following := wantlist.waiting(conn, step.user_id, after=checkpoint.after, room=PIECE):
        for one in following:
            doing = doing_of(one)
            if _is_seen(one, checkpoint):
                held = _asked(conn, step, doing)
                return held or _go(checkpoint.model_copy(update={"stage": WantsStage.SEND, "doing": doing}))
            _log(conn, step, doing, "skipped", error=NOT_SHOWN)
            checkpoint = checkpoint.model_copy(update={"after": one.release_id, "refused": checkpoint.refused + 1})
    if _progress(checkpoint).processed:
        usage.add_sync(conn, step.user_id)  # an empty push, as the clock begins some, is no use of anything
    return Done(said_of(checkpoint), _progress(checkpoint))


def _is_echo(conn: Connection, step: PushStep, shown: ShownWant, says: Fields) -> bool:
    """Whether an answer shows nothing but what we sent: a new want is sent empty."""
    ours = wantlist.of_releases(conn, step.user_id, [shown.release_id]).get(shown.release_id, says)
    return all(value in (None, "") or is_same(value, ours[name]) for name, value in says.items())


def _is_seen(waiting: Waiting, at: PushWantsCheckpoint) -> bool:
    """Whether this push looked at the want, so that nothing of it is overwritten; a new one needs no look."""
    if waiting.theirs is None:
        return True
    return at.began_at is not None and waiting.looked_at is not None and waiting.looked_at >= at.began_at


def _asked(conn: Connection, step: PushStep, doing: WantDoing) -> Done | None:
    if doing.act is not Act.REMOVE:
        return None
    return too_many(step, wantlist.removals(conn, step.user_id), noun="want")


def doing_of(waiting: Waiting) -> WantDoing:
    """Say which request brings a want on Discogs to what the app says: of fields only those that changed here alone."""
    if waiting.ours is None:
        return WantDoing(act=Act.REMOVE, release_id=waiting.release_id)
    if waiting.theirs is None:
        return WantDoing(act=Act.ADD, release_id=waiting.release_id)
    agrees = {
        name: ours
        for name, ours in waiting.ours.items()
        if name in waiting.agreed
        and is_same(waiting.theirs[name], waiting.agreed[name])
        and not is_same(ours, waiting.agreed[name])
    }
    return WantDoing(
        act=Act.WRITE,
        release_id=waiting.release_id,
        notes=str(agrees["want_notes"]) if "want_notes" in agrees else None,
        rating=int(agrees["want_rating"] or 0) if "want_rating" in agrees else None,
        agrees=agrees,
    )


def _go(checkpoint: PushWantsCheckpoint) -> Continue[PushWantsCheckpoint]:
    return Continue(checkpoint, _progress(checkpoint))


def _progress(checkpoint: PushWantsCheckpoint) -> Progress:
    return Progress(checkpoint.added + checkpoint.edited + checkpoint.removed, checkpoint.refused)


def _doing_of(step: PushStep) -> WantDoing:
    if step.checkpoint.doing is None:
        raise LookupError("nothing was chosen to be sent")
    return step.checkpoint.doing


def _log(conn: Connection, step: PushStep, doing: WantDoing, status: Status, **more: Json) -> None:
    details: dict[str, Json] = {"list": "wantlist", "change": doing.act.value, "job": str(step.job_id), **more}
    of_fields: list[dict[str, Json]] = [{"field": name, "after": value} for name, value in doing.agrees.items()]
    action: Action = "delete" if doing.act is Act.REMOVE else "export"
    lines = [Line(action, doing.release_id, None, status, details | of_field) for of_field in of_fields or [{}]]
    sync_log.add(conn, step.user_id, lines)


JOB: Job[PushArguments, PushWantsCheckpoint, Fetched] = Job(PUSH_WANTLIST, fetch, store)
