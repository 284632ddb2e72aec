"""A page of a collection becomes copies, albums, agreements and lines in the log, in the page's own transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from actors.comparing.conflicting import Look
from actors.importing.lines import changed_fields, said_of_album, said_of_record, said_of_sweep
from actors.importing.listing import ListedCopy, completed_copy, fields_of
from actors.importing.shelving import Shelved, shelve
from db import Connection, instances, releases, sync_log
from db.albums import Fields, own_fields
from db.instances import KnownCopy
from db.storable import Json
from db.sync_log import Line
from services.market.price_requests import plan_releases


def store_copies(conn: Connection, user_id: UUID, sweep_id: UUID | None, listed: Sequence[ListedCopy]) -> int:
    """Store everything that a page says; return how many of its copies this sweep had not seen before."""
    entries = {entry.copy.instance_id: entry for entry in listed}
    if not entries:
        return 0
    releases.upsert(conn, [entry.release for entry in entries.values()])
    plan_releases(conn, [entry.release.release_id for entry in entries.values()])
    facts = releases.find(conn, [entry.copy.release_id for entry in entries.values()])
    known = instances.known(conn, user_id, list(entries))
    entries = {
        number: replace(entry, copy=completed_copy(entry, known[number].copy if number in known else None))
        for number, entry in entries.items()
    }
    instances.upsert(conn, user_id, sweep_id, [entry.copy for entry in entries.values()])
    fields = {number: fields_of(entry.copy, facts[entry.copy.release_id]) for number, entry in entries.items()}
    shelved = shelve(conn, user_id, fields, looks_of(known))
    lines = [
        line_of(entry, known.get(number), shelved.get(number), fields[number], sweep_id)
        for number, entry in entries.items()
    ]
    sync_log.add(conn, user_id, [line for line in lines if line is not None])
    return sum(1 for number in entries if number not in known or known[number].seen_in != sweep_id)


def line_of(
    entry: ListedCopy, before: KnownCopy | None, shelved: Shelved | None, theirs: Fields, sweep_id: UUID | None
) -> Line | None:
    """Say what a page did to one record; None when nothing changed."""
    changed = [] if before is None else changed_fields(before.copy, entry.copy)
    is_news = before is None or before.is_missing or bool(changed)
    if not is_news and (shelved is None or not (shelved.is_new or shelved.taken)):
        return None
    details: dict[str, Json] = {"instance_id": entry.copy.instance_id}
    if before is None:
        details["change"] = "created"
    else:
        details["change"] = "reappeared" if before.is_missing else "updated"
        details |= said_of_record(before.copy, entry.copy, changed)
    if entry.was_replaced:
        details["replaced"] = True
    details |= said_of_album(shelved, theirs) | said_of_sweep(sweep_id)
    return Line(
        action="import" if before is None else "update",
        release_id=entry.copy.release_id,
        album_id=None if shelved is None else shelved.album_id,
        status="conflict" if "clashing" in details else "success",
        details=details,
    )


def looks_of(known: Mapping[int, KnownCopy]) -> dict[int, Look]:
    """Return what these copies said when they were looked at last, as far as it is the collector's own."""
    return {
        number: Look(
            before.looked_at,
            {
                "media_condition": before.copy.media_condition,
                "sleeve_condition": before.copy.sleeve_condition,
                "discogs_folder_id": before.copy.folder_id,
                "discogs_notes": before.copy.notes,
                "discogs_rating": before.copy.rating or None,
                **own_fields(before.copy.fields),
            },
        )
        for number, before in known.items()
        if before.looked_at is not None
    }
