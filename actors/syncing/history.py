"""What became of a collector's records, line by line, for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from actors.syncing.telling import Names, sentence
from db import Connection, fields, folders, sync_log
from db.sync_log import Logged, Wanted


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the log, and what it says in words."""

    line: Logged
    sentence: str


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, newest first; ``next_cursor`` is the last one's id while more follow."""

    lines: Sequence[Told]
    next_cursor: UUID | None


def page(conn: Connection, user_id: UUID, wanted: Wanted, *, cursor: UUID | None = None, room: int = 50) -> Page | None:
    """Return a page of a collector's history; None when the cursor is no line of theirs."""
    below = None if cursor is None else sync_log.place_of(conn, user_id, cursor)
    if cursor is not None and below is None:
        return None
    found = sync_log.page(conn, user_id, wanted, below=below, room=room + 1)
    names = names_of(conn, user_id) if found else Names()
    told = [Told(line, sentence(line, names)) for line in found[:room]]
    return Page(told, told[-1].line.id if len(found) > room else None)


def names_of(conn: Connection, user_id: UUID) -> Names:
    """Return what a collector's folders and custom fields are called."""
    return Names(
        {folder.folder_id: folder.name for folder in folders.of_user(conn, user_id)},
        {one.field_id: one.name for one in fields.of_user(conn, user_id)},
    )
