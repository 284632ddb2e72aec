"""Custom fields of copies that are added again, until Discogs has them: albums have no columns for these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from db import Connection
from db.queries import load
from db.storable import Json, as_rows

_sql = load("lost_fields")


@dataclass(frozen=True, slots=True)
class Lost:
    """One field that waits to be written; ``instance_id`` and ``folder_id`` are None until the copy is there."""

    album_id: UUID
    field_id: int
    text: str
    release_id: int
    instance_id: int | None
    folder_id: int | None
    artist: str | None
    title: str | None


def keep(conn: Connection, user_id: UUID, album_id: UUID, fields: Sequence[Mapping[str, Json]]) -> None:
    """Keep what a copy said, as Discogs lists it: ``field_id`` and ``value``."""
    if fields:
        _sql.keep(conn, user_id=user_id, album_id=album_id, fields=as_rows(fields))


def waiting(conn: Connection, user_id: UUID, *, release_id: int | None = None, room: int = 1000) -> list[Lost]:
    """Return what waits to be written, of one release or of all."""
    return [Lost(**row) for row in _sql.waiting(conn, user_id=user_id, release_id=release_id, room=room)]


def let_go(conn: Connection, album_id: UUID, field_id: int) -> None:
    """Forget one: Discogs has it, or refuses it."""
    _sql.let_go(conn, album_id=album_id, field_id=field_id)
