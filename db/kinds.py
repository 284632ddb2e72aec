"""The catalogue of jobs in the database: what its own door knows about each kind."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from psycopg.types.json import Jsonb

from db import Connection
from db.queries import load

_sql = load("kinds")


@dataclass(frozen=True, slots=True)
class KindRow:
    """One row of ``rekkrd.kinds``; ``arguments`` is a JSON Schema."""

    kind: str
    sentence: str
    lane: str
    unique_key: str | None
    takes_token: bool
    speaks_for_user: bool
    has_import_row: bool
    arguments: dict[str, Any]


def keep(conn: Connection, kinds: Sequence[KindRow]) -> None:
    """Say what kinds of jobs there are; those of another release stay."""
    _sql.keep(conn, kinds=Jsonb([asdict(kind) for kind in kinds]))


def differ(conn: Connection, kinds: Sequence[KindRow]) -> bool:
    """Whether the database has to be told: it knows one of these otherwise, or not at all."""
    known = {row.kind: row for row in find_all(conn)}
    return any(known.get(kind.kind) != kind for kind in kinds)


def find_all(conn: Connection) -> list[KindRow]:
    """Return the kinds that the door in the database knows, by name."""
    return [KindRow(**row) for row in _sql.find_all(conn)]
