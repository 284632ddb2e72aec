"""A page imported as a dry run: done, noted for the preview, and rolled back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from actors.comparing import wanting
from actors.comparing.conflicting import note_vanished
from actors.comparing.grading import Slots
from actors.importing import listing
from actors.importing.copies import store_copies
from actors.importing.listing import ListedCopy, ListedWant
from actors.importing.wishes import store_wants
from actors.syncing.telling import ALBUMS
from db import Connection, conflicts, previews, releases, sync_log
from db.albums import OWN, OWN_BEGIN
from db.conflicts import RECORD, WANT_RECORD, Clash
from db.dry_run import dry_run
from db.previews import Item
from db.storable import Json
from db.sync_log import Line
from discogs.records.collection import CollectionPage
from discogs.records.wants import WantPage

CHANGES = {"created": "new", "reappeared": "back", "updated": "changed"}


def dry_import_copies(
    conn: Connection, user_id: UUID, page: CollectionPage, slots: Slots, held: int | None
) -> list[int]:
    """Keep what a page of a collection would bring; return its copies."""
    listed = {one.copy.instance_id: one for one in (listing.copy_of(item, slots) for item in page.items[:held])}
    numbers = list(listed)
    with dry_run(conn):
        store_copies(conn, user_id, None, list(listed.values()))
        lines = sync_log.written_now(conn, user_id)
        clashes = conflicts.open_of_copies(conn, user_id, numbers)
        facts = releases.find(conn, [one.copy.release_id for one in listed.values()])
    listed = {number: replace(one, release=facts[one.copy.release_id]) for number, one in listed.items()}
    items = [item for line in lines for item in _of_copy(line, listed)]
    items += [_clash(clash, listed[number]) for (number, _), clash in clashes.items()]
    previews.add(conn, user_id, items)
    return numbers


def dry_import_wants(conn: Connection, user_id: UUID, page: WantPage, held: int | None) -> list[int]:
    """Keep what a page of a wantlist would bring; return its releases."""
    listed = {one.want.release_id: one for one in (listing.want_of(item) for item in page.items[:held])}
    numbers = list(listed)
    with dry_run(conn):
        store_wants(conn, user_id, None, list(listed.values()))
        lines = sync_log.written_now(conn, user_id)
        clashes = conflicts.open_of_wants(conn, user_id, numbers)
        facts = releases.find(conn, numbers)
    listed = {number: replace(one, release=facts[number]) for number, one in listed.items()}
    clashing = {(number, clash.field) for (number, _), clash in clashes.items()}
    items = [item for line in lines for item in _of_want(line, listed) if (item.release_id, item.field) not in clashing]
    items += [_clash(clash, listed[number]) for (number, _), clash in clashes.items()]
    previews.add(conn, user_id, items)
    return numbers


def dry_import_end(conn: Connection, user_id: UUID, *, is_want: bool) -> int:
    """Keep what would vanish, now that all of a list was seen; return how many. What was edited here is a conflict."""
    vanished = previews.add_vanished(conn, user_id, is_want=is_want)
    if not vanished:
        return 0
    with dry_run(conn):
        previews.mark_vanished(conn, user_id, is_want=is_want)
        (wanting.note_vanished if is_want else note_vanished)(conn, user_id)
        lines = sync_log.written_now(conn, user_id)
    edited = [line for line in lines if line.status == "conflict"]
    numbers = [line.release_id if is_want else line.details["instance_id"] for line in edited]
    previews.turn_into_conflicts(conn, user_id, [int(str(number)) for number in numbers], is_want=is_want)
    return vanished


def _of_copy(line: Line, listed: Mapping[int, ListedCopy]) -> list[Item]:
    """Say what a line of the log means for who sees it before; nothing where it is a conflict's."""
    said: Mapping[str, Any] = line.details
    change = CHANGES.get(str(said.get("change")))
    if change is None:
        return []
    if change == "changed" and said.get("made_album"):
        change = "new"  # known, but without an album and a base, as after an undo
    entry = listed[said["instance_id"]]
    if change == "new":
        waits = line.album_id is None and not said.get("made_album")
        after = {name: value for name, value in listing.fields_of(entry.copy, entry.release).items() if value}
        return [_copy(line, entry, "waits for the end" if waits else change, after=after)]
    items = [_copy(line, entry, "back")] if change == "back" else []
    return items + [
        _copy(line, entry, "changed", field=name, before=before, after=after)
        for name, (before, after) in _sides(said).items()
    ]


def _sides(said: Mapping[str, Any]) -> dict[str, tuple[Json, Json]]:
    """Return each field that would come in with what it is here and there; of what is in no album, both of Discogs."""
    before, after = said.get("before", {}), said.get("after", {})
    album = said.get("album", {})
    clashing = said.get("clashing", ())
    sides: dict[str, tuple[Json, Json]] = {}
    for name in said.get("changed", ()):
        own = ALBUMS.get(name, name)
        if name == "fields":
            custom = _custom(before.get(name) or (), after.get(name) or ())
            sides |= {field: each for field, each in custom.items() if field not in clashing}
        elif own not in clashing:
            sides[own] = (before.get(name), after.get(name))
    for own in said.get("taken", ()):
        sides[own] = (album["before"].get(own), album["after"].get(own))
    return sides


def _custom(before: Sequence[Any], after: Sequence[Any]) -> dict[str, tuple[Json, Json]]:
    was, now = ({int(one["field_id"]): one["value"] for one in each} for each in (before, after))
    return {
        f"{OWN}{number}": (was.get(number), now.get(number))
        for number in sorted(was.keys() | now.keys())
        if number >= OWN_BEGIN and was.get(number) != now.get(number)
    }


def _of_want(line: Line, listed: Mapping[int, ListedWant]) -> list[Item]:
    said: Mapping[str, Any] = line.details
    change = CHANGES.get(str(said.get("change")))
    entry = listed.get(line.release_id or 0)
    if change is None or entry is None:
        return []
    if change == "new":
        after = {name: value for name, value in wanting.fields_of(entry.want).items() if value}
        return [_want(entry, change, after=after)]
    before, after = said.get("before", {}), said.get("after", {})
    items = [_want(entry, "back")] if change == "back" else []
    return items + [
        _want(entry, "changed", field=f"want_{name}", before=before.get(name), after=after.get(name))
        for name in said.get("changed", ())
        if name in ("notes", "rating")
    ]


def _clash(clash: Clash, entry: ListedCopy | ListedWant) -> Item:
    is_want = isinstance(entry, ListedWant)
    is_record = clash.field in (RECORD, WANT_RECORD)
    return Item(
        "conflicts",
        "edited there, deleted here" if is_record else "changed on both sides",
        is_want,
        clash.release_id,
        None if is_want else clash.instance_id,
        clash.album_id,
        entry.release.artist or "",
        entry.release.title or "",
        None if is_record else clash.field,
        clash.base,
        clash.ours,
        clash.theirs,
    )


def _copy(
    line: Line, entry: ListedCopy, change: str, *, field: str | None = None, before: Json = None, after: Json = None
) -> Item:
    copy, release = entry.copy, entry.release
    return Item(
        "comes_in",
        change,
        False,
        copy.release_id,
        copy.instance_id,
        None if line.details.get("made_album") else line.album_id,
        release.artist or "",
        release.title or "",
        field,
        None,
        before,
        after,
    )


def _want(entry: ListedWant, change: str, *, field: str | None = None, before: Json = None, after: Json = None) -> Item:
    release = entry.release
    return Item(
        "comes_in",
        change,
        True,
        entry.want.release_id,
        None,
        None,
        release.artist or "",
        release.title or "",
        field,
        None,
        before,
        after,
    )
