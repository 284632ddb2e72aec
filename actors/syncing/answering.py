"""What the collector answers to our questions is done at once: which album a copy is, whether records really went."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from actors.comparing import wanting
from actors.comparing.conflicting import note_vanished
from actors.errors import AnswerRefused, RestoreRefused
from actors.importing.shelving import Shelved, create, link
from actors.wording import count
from db import (
    Connection,
    agreed,
    albums,
    alerts,
    conflicts,
    instances,
    questions,
    sweeps,
    sync_log,
    undone_records,
    wantlist,
    wants,
)
from db.agreed import Agreement, Pact, Unlinked
from db.albums import SHARED, Fields, own_names
from db.conflicts import RECORD, Ending
from db.questions import Question
from db.storable import Json
from db.sync_log import Line

BY = "collector"

SETTLED = "This copy has its album by now, or is no longer on Discogs."
NOTHING_TO_DO = "Nothing needs to be done: the next import closes the question."
LOOK_AGAIN = "Look at the open questions as they stand now, then answer again."


def sentence(question: Question) -> str:
    """Ask the question in words."""
    details = cast("Mapping[str, Any]", question.details)
    if question.kind == "vanished":
        nouns = {"collection": "record", "wantlist": "want"}
        there = count(details.get("known", 0), nouns.get(question.subject, "record"))
        return f"{details.get('count', 0):,} of {there} were not on Discogs at the last look. Are they gone?"
    if question.kind == "owned_want":
        name = f"{details.get('title')} by {details.get('artist')}"
        return f"{name} is in the collection now. Is it still wanted? Its price alert waits for the answer."
    if question.kind == "removed_want":
        name = f"{details.get('title')} by {details.get('artist')}"
        return f"{name} was removed from the wantlist. Keep its price alert? It waits for the answer."
    copy, candidates = details.get("copy", {}), details.get("count", 0)
    which = "the album" if candidates == 1 else f"one of {candidates} albums"
    return f"{copy.get('title')} by {copy.get('artist')}: is this copy {which} that stood here before?"


def answer_duplicate(conn: Connection, user_id: UUID, question: Question, album_id: UUID | None) -> UUID:
    """Link a copy to the album that it is, or make it a new one; return the album.

    Raises AnswerRefused when the copy is settled, or the album cannot be it.
    """
    number = int(question.subject)
    found = agreed.unlinked(conn, user_id, after=number - 1, room=1)
    if not found or found[0].instance_id != number:
        raise AnswerRefused(SETTLED, NOTHING_TO_DO)
    copy = found[0]
    shelved = _make(conn, user_id, copy) if album_id is None else _link(conn, user_id, copy, album_id)
    questions.answer(conn, question.id, {"album": str(shelved.album_id), "is_new": shelved.is_new, "answered_by": BY})
    details: dict[str, Json] = {
        "instance_id": number,
        "change": "shelved" if shelved.is_new else "linked",
        "evidence": "the collector's answer",
        "taken": shelved.taken,
        "clashing": shelved.clashing,
    }
    line = Line("import", copy.release_id, shelved.album_id, "conflict" if shelved.clashing else "success", details)
    sync_log.add(conn, user_id, [line])
    return shelved.album_id


def answer_vanished(conn: Connection, user_id: UUID, question: Question, *, are_gone: bool) -> int:
    """Mark records missing as their sweep would have, or keep them; return how many were marked.

    What was seen since is not marked, whatever the answer. Raises AnswerRefused when the sweep is no longer known.
    """
    marked = 0
    if are_gone:
        sweep_id = UUID(str(question.details["sweep"]))
        if not sweeps.is_known(conn, sweep_id):
            raise AnswerRefused(
                "The look at Discogs that found them missing is no longer kept.",
                "Import again: it asks anew if they are.",
            )
        if question.subject == "collection":
            marked = instances.mark_gone(conn, user_id, sweep_id)
            note_vanished(conn, user_id)
        else:
            marked = wants.mark_gone(conn, user_id, sweep_id)
            wanting.note_vanished(conn, user_id)
            wanting.update_review_items(conn, user_id)
    questions.answer(conn, question.id, {"gone": are_gone, "marked": marked, "answered_by": BY})
    return marked


def answer_owned(conn: Connection, user_id: UUID, question: Question, *, is_dropped: bool) -> None:
    """Take a want that is owned by now off the list, with its alerts; or keep it, and never ask again."""
    release_id = int(question.subject)
    if is_dropped:
        wantlist.drop(conn, user_id, release_id)
        alerts.turn_off(conn, user_id, release_id)
        details: dict[str, Json] = {"list": "wantlist", "change": "owned by now", "by": BY}
        sync_log.add(conn, user_id, [Line("delete", release_id, None, "success", details)])
    questions.answer(conn, question.id, {"drop": is_dropped, "answered_by": BY})


def answer_removed(conn: Connection, user_id: UUID, question: Question, *, is_dropped: bool) -> None:
    """Turn the alerts of a release off whose want is gone, or keep them."""
    if is_dropped:
        alerts.turn_off(conn, user_id, int(question.subject))
    questions.answer(conn, question.id, {"drop": is_dropped, "answered_by": BY})


@dataclass(frozen=True, slots=True)
class Restored:
    """A record that is here again. ``was_missing`` if Discogs did not list it at the last import."""

    was_missing: bool
    album_id: UUID | None = None


def restore_want(conn: Connection, user_id: UUID, release_id: int) -> Restored:
    """Put a want on the list again, as it was last on Discogs. Raises RestoreRefused if it is on the list already.

    One that is missing on Discogs is added there by the next push.
    """
    known = wants.known(conn, user_id, [release_id])[release_id]
    if known.is_local_only:
        wants.sync_again(conn, user_id, release_id)
    if known.is_missing:
        was_added = wantlist.restore(conn, user_id, release_id)
    else:
        was_added = bool(wantlist.add(conn, user_id, {release_id: wanting.fields_of(known.want)}))
        wantlist.agree(conn, user_id, {release_id: wanting.fields_of(known.want)} if was_added else {})
    if not was_added and not known.is_local_only:
        raise RestoreRefused("This want is on the list already.", "Nothing needs to be done.")
    undone_records.settle(conn, user_id, release_id, is_want=True)
    details: dict[str, Json] = {"list": "wantlist", "change": "restored", "by": BY}
    sync_log.add(conn, user_id, [Line("update", release_id, None, "success", details)])
    return Restored(known.is_missing)


def restore(conn: Connection, user_id: UUID, instance_id: int) -> Restored:
    """Bring a copy back here: un-mark one that is missing, make the album of one that has none, and sync it again.

    Raises RestoreRefused if nothing can be restored, with what to do instead.
    """
    release_id = instances.restore(conn, user_id, instance_id)
    was_missing = release_id is not None
    pact = agreed.of_copies(conn, user_id, [instance_id]).get(instance_id)
    if was_missing and pact is None:
        raise RestoreRefused(
            "This copy was removed on Discogs, or never had an album here.",
            "Add the record again; its history line has its data.",
        )
    if pact is not None and pact.album is not None and not was_missing and not pact.is_local_only:
        raise RestoreRefused("This copy is here already, and not missing.", "Nothing needs to be done.")
    album_id = _album_again(conn, user_id, instance_id, pact)
    agreed.sync_again(conn, user_id, instance_id)
    undone_records.settle(conn, user_id, instance_id, is_want=False)
    conflicts.close(conn, user_id, [Ending(instance_id, RECORD, "superseded", BY)])
    details: dict[str, Json] = {"change": "restored", "instance_id": instance_id, "by": BY}
    if release_id is None:
        release_id = instances.known(conn, user_id, [instance_id])[instance_id].copy.release_id
    sync_log.add(conn, user_id, [Line("update", release_id, album_id, "success", details)])
    return Restored(was_missing, album_id)


def _album_again(conn: Connection, user_id: UUID, instance_id: int, pact: Agreement | None) -> UUID:
    """Return the album of a copy, made again where there is none.

    A base without its album is a deletion to push: an album is made with it, never a mark removed alone.
    """
    if pact is not None and pact.album is not None:
        return pact.album.id
    fields: Fields = {}
    if pact is not None and not pact.is_local_only:
        fields = {name: pact.fields.get(name) for name in (*SHARED, *own_names(pact.fields))}
    else:
        agreed.forget(conn, user_id, [instance_id])
        copy = agreed.find_unlinked(conn, user_id, instance_id)
        asked = [
            one
            for one in questions.open_of(conn, user_id)
            if (one.kind, one.subject) == ("duplicate", str(instance_id))
        ]
        if copy is None or asked:
            raise RestoreRefused(
                "A review item asks which album this copy is." if asked else "This copy is missing on Discogs.",
                "Answer it: GET /api/discogs/questions." if asked else "Import again, then look at the record.",
            )
        fields = copy.fields
    album_id = albums.create(conn, user_id, {instance_id: fields}).get(instance_id)
    if album_id is None:
        raise RestoreRefused("An album of this copy was made just now.", "Import again: it joins both.")
    agreed.upsert(conn, user_id, [Pact(instance_id, album_id, fields)])
    return album_id


def _make(conn: Connection, user_id: UUID, copy: Unlinked) -> Shelved:
    made = create(conn, user_id, {copy.instance_id: copy.fields})
    if copy.instance_id not in made:
        raise AnswerRefused(SETTLED, NOTHING_TO_DO)
    return made[copy.instance_id]


def _link(conn: Connection, user_id: UUID, copy: Unlinked, album_id: UUID) -> Shelved:
    by_release = albums.free_of_releases(conn, user_id, [copy.release_id]).get(copy.release_id, [])
    by_name = albums.free_of_names(conn, user_id, [copy.name]).get(copy.name, [])
    album = next((one for one in [*by_release, *by_name] if one.id == album_id), None)
    if album is None:
        raise AnswerRefused(
            "This album cannot be that copy: it belongs to another one, names another release, or is gone.", LOOK_AGAIN
        )
    shelved = link(conn, user_id, {copy.instance_id: (album, copy.fields)})
    if copy.instance_id not in shelved:
        raise AnswerRefused("The album was edited in this moment.", LOOK_AGAIN)
    return shelved[copy.instance_id]
