"""A collector's folders on Discogs, as they were listed last."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from db import Connection
from db.queries import load
from db.storable import as_rows

_sql = load("folders")


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder; ``record_count`` is Discogs' own count."""

    folder_id: int
    name: str
    record_count: int


def replace(conn: Connection, user_id: UUID, folders: Sequence[Folder]) -> None:
    """Store the folders that Discogs lists, and forget the others."""
    _sql.upsert(conn, user_id=user_id, rows=as_rows([asdict(folder) for folder in folders]))
    _sql.delete_others(conn, user_id=user_id, folder_ids=[folder.folder_id for folder in folders])


def of_user(conn: Connection, user_id: UUID) -> list[Folder]:
    """Return the folders by number: 0 is all records, 1 is Uncategorized."""
    return [Folder(**row) for row in _sql.of_user(conn, user_id=user_id)]
