"""What only the collector can decide: which album a copy is, whether so many records really went away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from db import Connection
from db.queries import load
from db.storable import Json, as_rows

Kind = Literal["duplicate", "vanished"]

_sql = load("questions")


@dataclass(frozen=True, slots=True)
class Question:
    """One open question; ``subject`` is a copy's number, or the list that lost records."""

    id: UUID
    kind: Kind
    subject: str
    details: Mapping[str, Json]
    asked_at: datetime


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


def _closed(explanation: str) -> Jsonb:
    return Jsonb({"closed_by": "import", "explanation": explanation})
