"""The last sync of a collector, line by line, and how far it was taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from db import Connection
from db.albums import Value, columns_of
from db.queries import load

LAST = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))

_sql = load("undos")


@dataclass(frozen=True, slots=True)
class Sync:
    """Jobs that ran together, or one soon after the other, as one: from when to when, and of which kinds."""

    synced_from: datetime
    synced_until: datetime
    kinds: Sequence[str]
    is_live: bool


@dataclass(frozen=True, slots=True)
class Undo:
    """A sync that was taken back; in part only while ``ended_at`` is None, up to the line that was ``reached``."""

    synced_from: datetime
    synced_until: datetime
    job_id: UUID
    began_at: datetime
    ended_at: datetime | None
    reached_at: datetime | None
    reached_id: UUID | None
    undone: int
    kept: int

    @property
    def reached(self) -> tuple[datetime, UUID]:
        """Where it goes on: below this line."""
        if self.reached_at is None or self.reached_id is None:
            return LAST
        return self.reached_at, self.reached_id


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """What the sync did to one record, as its line in the log says."""

    id: UUID
    created_at: datetime
    action: str
    release_id: int | None
    album_id: UUID | None
    details: Mapping[str, Any]
    artist: str | None
    title: str | None


def last_sync(conn: Connection, user_id: UUID, kinds: Sequence[str], *, apart: timedelta) -> Sync | None:
    """Return the last sync that touched a record, None when none did. Jobs less than ``apart`` are one."""
    row = _sql.find_sync(conn, user_id=user_id, kinds=list(kinds), apart=apart)
    return None if row is None else Sync(**row)


def lines(
    conn: Connection,
    user_id: UUID,
    synced_from: datetime,
    synced_until: datetime,
    *,
    below: tuple[datetime, UUID] = LAST,
    room: int,
) -> list[LoggedChange]:
    """Return what a sync did, the last first, from below a line."""
    rows = _sql.list_lines(
        conn,
        user_id=user_id,
        synced_from=synced_from,
        synced_until=synced_until,
        before_at=below[0],
        before_id=below[1],
        room=room,
    )
    return [LoggedChange(**row) for row in rows]


def find(conn: Connection, user_id: UUID, synced_until: datetime) -> Undo | None:
    """Return how a sync was taken back, None when it was not."""
    row = _sql.find(conn, user_id=user_id, synced_until=synced_until)
    return None if row is None else Undo(**row)


def find_within(conn: Connection, user_id: UUID, sync: Sync) -> Undo | None:
    """Return how a sync was taken back, also while it was shorter: what follows soon belongs to it."""
    row = _sql.find_within(conn, user_id=user_id, synced_from=sync.synced_from, synced_until=sync.synced_until)
    return None if row is None else Undo(**row)


def unended(conn: Connection, user_id: UUID) -> Undo | None:
    """Return the sync that was taken back in part only, None when there is none."""
    row = _sql.find_unended(conn, user_id=user_id)
    return None if row is None else Undo(**row)


def start(conn: Connection, user_id: UUID, sync: Sync, job_id: UUID) -> None:
    """Note that a sync is being taken back."""
    _sql.start(conn, user_id=user_id, synced_from=sync.synced_from, synced_until=sync.synced_until, job_id=job_id)


def reach(
    conn: Connection, user_id: UUID, synced_until: datetime, line: LoggedChange, *, undone: int, kept: int
) -> None:
    """Note how far it came."""
    _sql.reach(
        conn,
        user_id=user_id,
        synced_until=synced_until,
        reached_at=line.created_at,
        reached_id=line.id,
        undone=undone,
        kept=kept,
    )


def finish(conn: Connection, user_id: UUID, synced_until: datetime) -> None:
    """Note that all of it was looked at."""
    _sql.finish(conn, user_id=user_id, synced_until=synced_until)


def waiting_jobs(conn: Connection, user_id: UUID, kinds: Sequence[str]) -> list[UUID]:
    """Return live jobs of these kinds that have not begun: nothing of them was sent."""
    return [row["id"] for row in _sql.list_waiting_jobs(conn, user_id=user_id, kinds=list(kinds))]


def drop_album(conn: Connection, user_id: UUID, album_id: UUID) -> None:
    """Delete an album; the caller drops its base too, or a push would remove the copy on Discogs."""
    _sql.drop_album(conn, user_id=user_id, album_id=album_id)


def make_album(conn: Connection, user_id: UUID, columns: Mapping[str, Value]) -> UUID:
    """Make an album of a copy that is on Discogs no more; its release says what the columns do not."""
    album_id: UUID = _sql.make_album(conn, user_id=user_id, columns=Jsonb(dict(columns_of(columns))))
    return album_id
