"""A page of a wantlist becomes wants and lines in the log, in the page's own transaction."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from actors.comparing.wanting import Taken, fields_of, reconcile
from actors.importing.lines import changed_fields, said_of_record, said_of_sweep
from actors.importing.listing import ListedWant, completed_want
from db import Connection, releases, sync_log, wants
from db.storable import Json
from db.sync_log import Line
from db.wants import KnownWant
from services.market.price_requests import plan_releases


def store_wants(
    conn: Connection, user_id: UUID, sweep_id: UUID | None, listed: Sequence[ListedWant], *, is_echo: bool = False
) -> int:
    """Store everything that a page says; return how many of its wants this sweep had not seen before.

    The echo of what we sent is no news, and leaves no line in the log: nothing came in that could be taken back.
    """
    entries = {entry.want.release_id: entry for entry in listed}
    if not entries:
        return 0
    releases.upsert(conn, [entry.release for entry in entries.values()])
    plan_releases(conn, list(entries))
    known = wants.known(conn, user_id, list(entries))
    entries = {
        number: replace(entry, want=completed_want(entry, known[number].want if number in known else None))
        for number, entry in entries.items()
    }
    wants.upsert(conn, user_id, sweep_id, [entry.want for entry in entries.values()])
    lines = [line_of(entry, known.get(number), sweep_id) for number, entry in entries.items()]
    if not is_echo:
        sync_log.add(conn, user_id, [line for line in lines if line is not None])
    taken = reconcile(conn, user_id, {number: fields_of(entry.want) for number, entry in entries.items()}, known)
    if not is_echo:
        told = {line.release_id for line in lines if line is not None}
        sync_log.add(conn, user_id, [line for line in _lines_of(taken, sweep_id) if line.release_id not in told])
    return sum(1 for number in entries if number not in known or known[number].seen_in != sweep_id)


def _lines_of(taken: Taken, sweep_id: UUID | None) -> list[Line]:
    """Return history lines of what came over though Discogs shows nothing new, as after an undo."""
    lines = [
        Line("import", number, None, "success", {"list": "wantlist", "change": "created", **said_of_sweep(sweep_id)})
        for number in sorted(taken.added)
    ]
    for number, (before, after) in taken.edited.items():
        names = [name for name in after if before[name] != after[name]]
        details: dict[str, Json] = {
            "list": "wantlist",
            "change": "updated",
            "changed": [name.removeprefix("want_") for name in names],
            "before": {name.removeprefix("want_"): before[name] for name in names},
            "after": {name.removeprefix("want_"): after[name] for name in names},
            **said_of_sweep(sweep_id),
        }
        lines.append(Line("update", number, None, "success", details))
    return lines


def shows_less(conn: Connection, user_id: UUID, listed: Sequence[ListedWant]) -> bool:
    """Whether every note that we know of these wants is gone: nothing else tells an anonymous view of a wantlist."""
    known = wants.known(conn, user_id, [entry.want.release_id for entry in listed])
    noted = [entry for entry in listed if (had := known.get(entry.want.release_id)) and had.want.notes]
    return any(entry.are_notes_told for entry in noted) and not any(entry.want.notes for entry in listed)


def line_of(entry: ListedWant, before: KnownWant | None, sweep_id: UUID | None) -> Line | None:
    """Say what a page did to one want; None when nothing changed."""
    changed = [] if before is None else changed_fields(before.want, entry.want)
    if before is not None and not (before.is_missing or changed):
        return None
    details: dict[str, Json] = {"list": "wantlist"}
    if before is None:
        details["change"] = "created"
    else:
        details["change"] = "reappeared" if before.is_missing else "updated"
        details |= said_of_record(before.want, entry.want, changed)
    if entry.was_replaced:
        details["replaced"] = True
    details |= said_of_sweep(sweep_id)
    return Line("import" if before is None else "update", entry.want.release_id, None, "success", details)
