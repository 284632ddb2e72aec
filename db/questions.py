"""What only the collector can decide: which album a copy is, whether many records went, whether a want may go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from db import Connection
from db.queries import load
from db.storable import Json, as_rows

Kind = Literal["duplicate", "vanished", "owned_want", "removed_want"]

Position = tuple[datetime, UUID]

FIRST: Position = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
_sql = load("questions")


@dataclass(frozen=True, slots=True)
class Question:
    """One question; ``subject`` is a copy's number, a list that lost records, or a release. Open without ``answer``."""

    id: UUID
    kind: Kind
    subject: str
    details: Mapping[str, Json]
    asked_at: datetime
    answered_at: datetime | None = None
    answer: Mapping[str, Json] | None = None


def ask(conn: Connection, user_id: UUID, kind: Kind, asked: Mapping[str, Mapping[str, Json]]) -> None:
    """Ask about these subjects, or bring the open question up to date."""
    if not asked:
        return
    rows: list[Mapping[str, Json]] = [{"subject": subject, "details": details} for subject, details in asked.items()]
    _sql.ask(conn, user_id=user_id, kind=kind, rows=as_rows(rows))


def close(conn: Connection, user_id: UUID, kind: Kind, subjects: Sequence[str], explanation: str) -> int:
    """Close questions whose ground went away, and say why; return how many were open."""
    closed: int = _sql.close(conn, user_id=user_id, kind=kind, subjects=list(subjects), answer=_closed(explanation))
    return closed


def close_settled(conn: Connection, user_id: UUID, explanation: str) -> int:
    """Close questions about copies that found their album otherwise, or are gone; return how many were open."""
    closed: int = _sql.close_settled(conn, user_id=user_id, answer=_closed(explanation))
    return closed


def count_open(conn: Connection, user_id: UUID, kind: Kind) -> int:
    """How many questions of this kind wait for the collector."""
    count: int = _sql.count_open(conn, user_id=user_id, kind=kind)
    return count


def open_of(conn: Connection, user_id: UUID) -> list[Question]:
    """Return the questions that wait for the collector, oldest first."""
    return [Question(**row) for row in _sql.open_of(conn, user_id=user_id)]


def page(
    conn: Connection, user_id: UUID, *, kind: Kind | None = None, after: Position = FIRST, room: int = 50
) -> list[Question]:
    """Return at most ``room`` questions that wait for the collector, oldest first, from after a time and id."""
    rows = _sql.page(conn, user_id=user_id, kind=kind, after_at=after[0], after_id=after[1], room=room)
    return [Question(**row) for row in rows]


def find(conn: Connection, user_id: UUID, question_id: UUID) -> Question | None:
    """Return one question of this collector, and hold it to the end of the transaction."""
    row = _sql.find(conn, user_id=user_id, id=question_id)
    return None if row is None else Question(**row)


def answer(conn: Connection, question_id: UUID, said: Mapping[str, Json]) -> None:
    """Keep an answer; the first one stays."""
    _sql.answer(conn, id=question_id, answer=Jsonb(said))


def _closed(explanation: str) -> Jsonb:
    return Jsonb({"closed_by": "import", "explanation": explanation})
