"""Copies that a collector owns on Discogs: two of one release are two rows, a missing one is marked, not removed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from db import Connection, Row
from db.queries import load
from db.storable import Json, as_rows

_sql = load("instances")


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy as Discogs shows it. ``fields`` is all its custom fields verbatim, grades and notes stand apart too.

    ``rating`` is None where a page does not tell it; stored copies have one, 0 for none.
    """

    instance_id: int
    release_id: int
    folder_id: int
    rating: int | None
    date_added: datetime | None
    media_condition: str | None
    sleeve_condition: str | None
    notes: str | None
    fields: Json


@dataclass(frozen=True, slots=True)
class KnownCopy:
    """A copy that is stored already, the sweep that saw it last, and when it was looked at last."""

    copy: Copy
    seen_in: UUID | None
    is_missing: bool
    looked_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Unseen:
    """What a sweep did not see: of ``known`` records from before it, ``unseen`` are not there now."""

    known: int
    unseen: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One record by name, for a question to the collector."""

    subject: int
    release_id: int
    artist: str
    title: str


def known(conn: Connection, user_id: UUID, instance_ids: Sequence[int]) -> dict[int, KnownCopy]:
    """Return what is stored of these copies, by instance id."""
    rows = _sql.known(conn, user_id=user_id, instance_ids=list(instance_ids))
    return {row["instance_id"]: _known(row) for row in rows}


def upsert(conn: Connection, user_id: UUID, sweep_id: UUID | None, copies: Sequence[Copy]) -> None:
    """Store copies, each once, as this sweep saw them; their releases must be there. A missing one is back."""
    rows = {
        copy.instance_id: {
            **{name: getattr(copy, name) for name in Copy.__slots__},
            "date_added": None if copy.date_added is None else copy.date_added.isoformat(),
        }
        for copy in copies
    }
    _sql.upsert(conn, user_id=user_id, sweep_id=sweep_id, rows=as_rows(list(rows.values())))


def count_present(conn: Connection, user_id: UUID) -> int:
    """How many copies are held and not missing."""
    count: int = _sql.count_present(conn, user_id=user_id)
    return count


def count_unseen(conn: Connection, user_id: UUID, sweep_id: UUID) -> Unseen:
    """How many of the known copies this sweep did not see."""
    return Unseen(**_sql.count_unseen(conn, user_id=user_id, sweep_id=sweep_id))


def unseen(conn: Connection, user_id: UUID, sweep_id: UUID, room: int) -> list[Sample]:
    """Return at most ``room`` of the copies that this sweep did not see, newest first."""
    rows = _sql.unseen(conn, user_id=user_id, sweep_id=sweep_id, room=room)
    return [Sample(row["instance_id"], row["release_id"], row["artist"], row["title"]) for row in rows]


def mark_missing(conn: Connection, user_id: UUID, sweep_id: UUID) -> int:
    """Mark what a complete sweep did not see, a line in the sync log for each; return how many."""
    marked: int = _sql.mark_missing(conn, user_id=user_id, sweep_id=sweep_id)
    return marked


def mark_gone(conn: Connection, user_id: UUID, sweep_id: UUID) -> int:
    """Mark what a sweep did not see and nothing has shown since; return how many."""
    marked: int = _sql.mark_gone(conn, user_id=user_id, sweep_id=sweep_id)
    return marked


def restore(conn: Connection, user_id: UUID, instance_id: int) -> int | None:
    """Un-mark a missing copy, and return its release; None when it is not missing."""
    release_id: int | None = _sql.restore(conn, user_id=user_id, instance_id=instance_id)
    return release_id


def _known(row: Row) -> KnownCopy:
    date_added = row["date_added"]
    copy = {name: row[name] for name in Copy.__slots__}
    copy["date_added"] = None if date_added is None else date_added.astimezone(UTC)
    return KnownCopy(Copy(**copy), row["seen_in"], row["is_missing"], row["fetched_at"])
