"""What a collector wants done where a field changed on both sides, so that nobody needs to ask."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from db import Connection
from db.queries import load

Rule = Literal["ours", "theirs", "newest", "ask"]

_sql = load("rules")


def of_user(conn: Connection, user_id: UUID) -> dict[str, Rule]:
    """Return the rules by field; a field that is absent is asked about."""
    return {row["field"]: row["rule"] for row in _sql.of_user(conn, user_id=user_id)}


def replace(conn: Connection, user_id: UUID, rules: Mapping[str, Rule]) -> None:
    """Keep these rules, and no others."""
    _sql.delete_others(conn, user_id=user_id, fields=list(rules))
    _sql.upsert(conn, user_id=user_id, fields=list(rules), rules=list(rules.values()))
