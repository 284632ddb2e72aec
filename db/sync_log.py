"""The story of every record: one line whenever something touched it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from db import Connection
from db.queries import load
from db.storable import Json, as_rows

Action = Literal["import", "export", "update", "delete", "conflict"]
Status = Literal["success", "failed", "skipped", "conflict"]

_sql = load("sync_log")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened to one record."""

    action: Action
    release_id: int | None
    album_id: UUID | None
    status: Status
    details: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Logged(Line):
    """A line as it stands in the log."""

    id: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines are meant; None leaves a thing open. ``since`` is included, ``until`` is not."""

    release_id: int | None = None
    album_id: UUID | None = None
    action: Action | None = None
    status: Status | None = None
    job_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = Wanted()


def add(conn: Connection, user_id: UUID, lines: Sequence[Line]) -> None:
    """Keep these lines, in the caller's transaction: what is rolled back never happened."""
    if not lines:
        return
    rows = [
        {
            "action": line.action,
            "release_id": line.release_id,
            "album_id": None if line.album_id is None else str(line.album_id),
            "status": line.status,
            "details": line.details,
        }
        for line in lines
    ]
    _sql.add(conn, user_id=user_id, rows=as_rows(rows))


def last_problem(conn: Connection, user_id: UUID, *, release_id: int, instance_id: int, field: str) -> str | None:
    """Return why this field of a copy could not go out; None if it went, or never tried to."""
    said: str | None = _sql.last_problem(
        conn, user_id=user_id, release_id=release_id, instance_id=instance_id, field=field
    )
    return said


def removed_lately(conn: Connection, user_id: UUID, *, of_wants: bool = False) -> int:
    """How many copies, or wants, pushes removed on Discogs within a day, since the collector last allowed many."""
    count: int = _sql.removed_lately(conn, user_id=user_id, of_wants=of_wants)
    return count


def of_user(conn: Connection, user_id: UUID, room: int = 50) -> list[Line]:
    """Return the newest lines of a collector."""
    return [Line(**row) for row in _sql.of_user(conn, user_id=user_id, room=room)]


def written_now(conn: Connection, user_id: UUID) -> list[Line]:
    """Return the lines of a collector that this very transaction wrote, in no order."""
    return [Line(**row) for row in _sql.written_now(conn, user_id=user_id)]


def place_of(conn: Connection, user_id: UUID, line_id: UUID) -> tuple[datetime, UUID] | None:
    """Return where a collector's line stands, None when there is no such line."""
    row = _sql.find(conn, user_id=user_id, id=line_id)
    return None if row is None else (row["created_at"], row["id"])


def page(
    conn: Connection,
    user_id: UUID,
    wanted: Wanted = EVERYTHING,
    *,
    below: tuple[datetime, UUID] | None = None,
    room: int = 50,
) -> list[Logged]:
    """Return a collector's lines, newest first, at most ``room``, from below the last one of the page before."""
    before = below or (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
    if wanted.until is not None:
        before = min(before, (wanted.until, UUID(int=0)))
    where: dict[str, Any] = {
        "user_id": user_id,
        "action": wanted.action,
        "status": wanted.status,
        "job_id": wanted.job_id,
        "since": wanted.since or datetime.min.replace(tzinfo=UTC),
        "before_at": before[0],
        "before_id": before[1],
        "room": room,
    }
    if wanted.release_id is not None:
        found = _sql.page_of_release(conn, release_id=wanted.release_id, album_id=wanted.album_id, **where)
    elif wanted.album_id is not None:
        found = _sql.page_of_album(conn, album_id=wanted.album_id, **where)
    else:
        found = _sql.page(conn, **where)
    return [Logged(**row) for row in found]
