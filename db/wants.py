"""Releases that a collector wants on Discogs; a missing one is marked, not removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from db import Connection, Row
from db.albums import Fields
from db.instances import Sample, Unseen
from db.queries import load
from db.storable import as_rows

_sql = load("wants")


@dataclass(frozen=True, slots=True)
class Want:
    """One entry of a wantlist; ``notes`` is empty where there are none.

    ``rating`` is None where a page does not tell it; stored wants have one, 0 for none.
    """

    release_id: int
    rating: int | None
    notes: str
    date_added: datetime | None


@dataclass(frozen=True, slots=True)
class KnownWant:
    """A want that is stored already, the sweep that saw it last, when, and what was agreed on it, if anything."""

    want: Want
    seen_in: UUID | None
    is_missing: bool
    agreed: Fields | None
    looked_at: datetime
    is_local_only: bool = False


def known(conn: Connection, user_id: UUID, release_ids: Sequence[int]) -> dict[int, KnownWant]:
    """Return what is stored of these wants, by release."""
    rows = _sql.known(conn, user_id=user_id, release_ids=list(release_ids))
    return {row["release_id"]: _known(row) for row in rows}


def upsert(conn: Connection, user_id: UUID, sweep_id: UUID | None, wants: Sequence[Want]) -> None:
    """Store wants, each once, as this sweep saw them; their releases must be there. A missing one is back."""
    rows = {
        want.release_id: {
            **{name: getattr(want, name) for name in Want.__slots__},
            "date_added": None if want.date_added is None else want.date_added.isoformat(),
        }
        for want in wants
    }
    _sql.upsert(conn, user_id=user_id, sweep_id=sweep_id, rows=as_rows(list(rows.values())))


def count_present(conn: Connection, user_id: UUID) -> int:
    """How many wants are held and not missing."""
    count: int = _sql.count_present(conn, user_id=user_id)
    return count


def count_down_to(conn: Connection, user_id: UUID, release_ids: Sequence[int]) -> int:
    """How many wants Discogs lists, newest first, up to the last one of these."""
    count: int = _sql.count_down_to(conn, user_id=user_id, release_ids=list(release_ids))
    return count


def count_unseen(conn: Connection, user_id: UUID, sweep_id: UUID) -> Unseen:
    """How many of the known wants this sweep did not see."""
    return Unseen(**_sql.count_unseen(conn, user_id=user_id, sweep_id=sweep_id))


def unseen(conn: Connection, user_id: UUID, sweep_id: UUID, room: int) -> list[Sample]:
    """Return at most ``room`` of the wants that this sweep did not see, newest first."""
    rows = _sql.unseen(conn, user_id=user_id, sweep_id=sweep_id, room=room)
    return [Sample(row["release_id"], row["release_id"], row["artist"], row["title"]) for row in rows]


def mark_missing(conn: Connection, user_id: UUID, sweep_id: UUID) -> int:
    """Mark what a complete sweep did not see, a line in the sync log for each; return how many."""
    marked: int = _sql.mark_missing(conn, user_id=user_id, sweep_id=sweep_id)
    return marked


def mark_gone(conn: Connection, user_id: UUID, sweep_id: UUID) -> int:
    """Mark what a sweep did not see and nothing has shown since; return how many."""
    marked: int = _sql.mark_gone(conn, user_id=user_id, sweep_id=sweep_id)
    return marked


def unmark(conn: Connection, user_id: UUID, release_id: int) -> None:
    """Count a missing want as present on Discogs until the next import."""
    _sql.unmark(conn, user_id=user_id, release_id=release_id)


def sync_again(conn: Connection, user_id: UUID, release_id: int) -> None:
    """Let imports and pushes see a want again that was kept local only."""
    _sql.sync_again(conn, user_id=user_id, release_id=release_id)


def _known(row: Row) -> KnownWant:
    date_added = row["date_added"]
    want = {name: row[name] for name in Want.__slots__}
    want["date_added"] = None if date_added is None else date_added.astimezone(UTC)
    return KnownWant(
        Want(**want), row["seen_in"], row["is_missing"], row["agreed"], row["looked_at"], row["is_local_only"]
    )
