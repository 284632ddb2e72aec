"""What is on a collector's shelf, for people to look at: how much, the newest copies, folders and grades."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from db import Connection
from db.queries import load

_sql = load("shelf")


@dataclass(frozen=True, slots=True)
class Size:
    """How many copies and wants a collector holds; what is missing on Discogs does not count."""

    copies: int
    wants: int


@dataclass(frozen=True, slots=True)
class Shelved:
    """One copy by name. Grades are those of the plan (M … P), None when ungraded."""

    artist: str
    title: str
    year: int | None
    media_condition: str | None
    sleeve_condition: str | None
    folder: str


def sizes(conn: Connection, user_ids: Sequence[UUID]) -> dict[UUID, Size]:
    """Count what each of these users holds."""
    rows = _sql.sizes(conn, user_ids=list(user_ids))
    return {row["user_id"]: Size(row["copies"], row["wants"]) for row in rows}


def newest(conn: Connection, user_id: UUID, *, room: int) -> list[Shelved]:
    """Return the copies added last, the newest first."""
    return [Shelved(**row) for row in _sql.newest(conn, user_id=user_id, room=room)]


def by_folder(conn: Connection, user_id: UUID) -> dict[str, int]:
    """Count copies by folder, the fullest first; two folders of one name count together."""
    counts: dict[str, int] = {}
    for row in _sql.by_folder(conn, user_id=user_id):
        counts[row["name"]] = counts.get(row["name"], 0) + row["copies"]
    return counts


def by_grade(conn: Connection, user_id: UUID) -> dict[str | None, int]:
    """Count copies by grade of the medium, in no order; None stands for ungraded ones."""
    return {row["grade"]: row["copies"] for row in _sql.by_grade(conn, user_id=user_id)}
