"""Everything of a collector's Discogs data as lines of JSON, a page at a time, as PostgreSQL itself writes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

from db import Connection, Row
from db.queries import load

_sql = load("export")

FIRST_NUMBER = -(2**63)
FIRST_ID = UUID(int=0)  # no row's: ids are random
LAST_ID = UUID(int=2**128 - 1)

Place: TypeAlias = "int | UUID | tuple[datetime, UUID] | None"
Few: TypeAlias = Callable[[Connection, UUID], list[Row]]
Many: TypeAlias = Callable[[Connection, UUID, "int | UUID", int], list[Row]]

_FEW: Mapping[str, Few] = {
    "account": lambda conn, user: _sql.find_account(conn, user_id=user),
    "folders": lambda conn, user: _sql.list_folders(conn, user_id=user),
    "fields": lambda conn, user: _sql.list_fields(conn, user_id=user),
    "settings": lambda conn, user: _sql.list_settings(conn, user_id=user),
    "rules": lambda conn, user: _sql.list_rules(conn, user_id=user),
    "nights": lambda conn, user: _sql.list_nights(conn, user_id=user),
    "undone_records": lambda conn, user: _sql.list_undone_records(conn, user_id=user),
    "undos": lambda conn, user: _sql.list_undos(conn, user_id=user),
    "usage": lambda conn, user: _sql.list_usage(conn, user_id=user),
    "alerts": lambda conn, user: _sql.list_alerts(conn, user_id=user),
    "mails": lambda conn, user: _sql.list_mails(conn, user_id=user),
    "firings": lambda conn, user: _sql.list_firings(conn, user_id=user),
    "sellers": lambda conn, user: _sql.list_sellers(conn, user_id=user),
    "values": lambda conn, user: _sql.list_values(conn, user_id=user),
    "value_days": lambda conn, user: _sql.list_value_days(conn, user_id=user),
    "discogs_value": lambda conn, user: _sql.list_discogs_value(conn, user_id=user),
}
_BY_NUMBER: Mapping[str, Many] = {
    "copies": lambda conn, user, after, room: _sql.list_copies(conn, user_id=user, after=after, room=room),
    "wants": lambda conn, user, after, room: _sql.list_wants(conn, user_id=user, after=after, room=room),
    "wantlist": lambda conn, user, after, room: _sql.list_wantlist(conn, user_id=user, after=after, room=room),
    "agreed": lambda conn, user, after, room: _sql.list_agreed(conn, user_id=user, after=after, room=room),
}
_BY_ID: Mapping[str, Many] = {
    "albums": lambda conn, user, after, room: _sql.list_albums(conn, user_id=user, after=after, room=room),
    "questions": lambda conn, user, after, room: _sql.list_questions(conn, user_id=user, after=after, room=room),
    "conflicts": lambda conn, user, after, room: _sql.list_conflicts(conn, user_id=user, after=after, room=room),
    "intents": lambda conn, user, after, room: _sql.list_intents(conn, user_id=user, after=after, room=room),
    "sweeps": lambda conn, user, after, room: _sql.list_sweeps(conn, user_id=user, after=after, room=room),
    "value_copies": lambda conn, user, after, room: _sql.list_value_copies(conn, user_id=user, after=after, room=room),
    "imports": lambda conn, user, after, room: _sql.list_imports(conn, user_id=user, after=after, room=room),
}
HISTORY = "history"
PARTS = (*_FEW, *_BY_NUMBER, *_BY_ID, HISTORY)


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, each one JSON object without its line end; ``after`` is where the next page begins, None on the last."""

    lines: Sequence[str]
    after: Place


def page(conn: Connection, user_id: UUID, part: str, *, after: Place = None, room: int) -> Page:
    """Return a page of one of ``PARTS``, from after a place of the page before."""
    if part in _FEW:
        return Page([row["line"] for row in _FEW[part](conn, user_id)], None)
    if part == HISTORY:
        at, below = after if isinstance(after, tuple) else (datetime.max.replace(tzinfo=UTC), LAST_ID)
        rows = _sql.list_log(conn, user_id=user_id, before_at=at, before_id=below, room=room)
        return Page([row["line"] for row in rows], (rows[-1]["key_at"], rows[-1]["key"]) if len(rows) == room else None)
    is_by_number = part in _BY_NUMBER
    rows = (_BY_NUMBER if is_by_number else _BY_ID)[part](
        conn, user_id, after if isinstance(after, int | UUID) else FIRST_NUMBER if is_by_number else FIRST_ID, room
    )
    return Page([row["line"] for row in rows], rows[-1]["key"] if len(rows) == room else None)
