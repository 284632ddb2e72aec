"""A collector's custom fields on Discogs: what their numbers mean."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from db import Connection
from db.queries import load
from db.storable import as_rows

_sql = load("fields")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: a ``dropdown`` with options, or a ``textarea`` of so many lines."""

    field_id: int
    name: str
    type: str
    options: tuple[str, ...]
    position: int
    lines: int | None
    is_public: bool


def replace(conn: Connection, user_id: UUID, fields: Sequence[Field]) -> None:
    """Store the fields that Discogs lists, and forget the others."""
    _sql.upsert(conn, user_id=user_id, rows=as_rows([asdict(field) for field in fields]))
    _sql.delete_others(conn, user_id=user_id, field_ids=[field.field_id for field in fields])


def of_user(conn: Connection, user_id: UUID) -> list[Field]:
    """Return the fields in the order that the collector chose."""
    return [Field(**{**row, "options": tuple(row["options"])}) for row in _sql.of_user(conn, user_id=user_id)]
