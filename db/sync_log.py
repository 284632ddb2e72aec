"""The story of every record: one line whenever something touched it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
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


def of_user(conn: Connection, user_id: UUID, room: int = 50) -> list[Line]:
    """Return the newest lines of a collector."""
    return [Line(**row) for row in _sql.of_user(conn, user_id=user_id, room=room)]
