"""The end of a collector's Discogs data, in pieces: which albums may go, and every table that says something of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from db import Connection
from db.queries import load

START = UUID(int=0)

Forget: TypeAlias = Callable[[Connection, UUID, int], int]

_sql = load("forgetting")

# In their order: what tells about albums goes after them, and what names the account last.
_FORGET: Mapping[str, Forget] = {
    "agreed": lambda conn, user, room: _sql.forget_agreed(conn, user_id=user, room=room),
    "conflicts": lambda conn, user, room: _sql.forget_conflicts(conn, user_id=user, room=room),
    "questions": lambda conn, user, room: _sql.forget_questions(conn, user_id=user, room=room),
    "intents": lambda conn, user, room: _sql.forget_intents(conn, user_id=user, room=room),
    "instances": lambda conn, user, room: _sql.forget_instances(conn, user_id=user, room=room),
    "discogs_wantlist": lambda conn, user, room: _sql.forget_wantlist(conn, user_id=user, room=room),
    "wants": lambda conn, user, room: _sql.forget_wants(conn, user_id=user, room=room),
    "undone_records": lambda conn, user, room: _sql.forget_undone_records(conn, user_id=user, room=room),
    "undos": lambda conn, user, room: _sql.forget_undos(conn, user_id=user, room=room),
    "preview_items": lambda conn, user, room: _sql.forget_preview_items(conn, user_id=user, room=room),
    "preview_pages": lambda conn, user, room: _sql.forget_preview_pages(conn, user_id=user, room=room),
    "previews": lambda conn, user, room: _sql.forget_previews(conn, user_id=user, room=room),
    "folders": lambda conn, user, room: _sql.forget_folders(conn, user_id=user, room=room),
    "fields": lambda conn, user, room: _sql.forget_fields(conn, user_id=user, room=room),
    "discogs_value_history": lambda conn, user, room: _sql.forget_discogs_value_history(conn, user_id=user, room=room),
    "value_days": lambda conn, user, room: _sql.forget_value_days(conn, user_id=user, room=room),
    "value_copies": lambda conn, user, room: _sql.forget_value_copies(conn, user_id=user, room=room),
    "firings": lambda conn, user, room: _sql.forget_firings(conn, user_id=user, room=room),
    "mails": lambda conn, user, room: _sql.forget_mails(conn, user_id=user, room=room),
    "discogs_values": lambda conn, user, room: _sql.forget_discogs_values(conn, user_id=user, room=room),
    "discogs_price_alerts": lambda conn, user, room: _sql.forget_discogs_price_alerts(conn, user_id=user, room=room),
    "discogs_sync_log": lambda conn, user, room: _sql.forget_discogs_sync_log(conn, user_id=user, room=room),
    "sweeps": lambda conn, user, room: _sql.forget_sweeps(conn, user_id=user, room=room),
    "discogs_import_jobs": lambda conn, user, room: _sql.forget_discogs_import_jobs(conn, user_id=user, room=room),
    "jobs": lambda conn, user, room: _sql.forget_jobs(conn, user_id=user, room=room),
    "watched_sellers": lambda conn, user, room: _sql.forget_watched_sellers(conn, user_id=user, room=room),
    "rules": lambda conn, user, room: _sql.forget_rules(conn, user_id=user, room=room),
    "sync_settings": lambda conn, user, room: _sql.forget_sync_settings(conn, user_id=user, room=room),
    "nights": lambda conn, user, room: _sql.forget_nights(conn, user_id=user, room=room),
    "handshakes": lambda conn, user, room: _sql.forget_handshakes(conn, user_id=user, room=room),
}
TABLES = tuple(_FORGET)


@dataclass(frozen=True, slots=True)
class Judged:
    """An album. ``is_tied`` to the account in any way; ``is_removable`` if nothing of it is anybody's own."""

    id: UUID
    is_tied: bool
    is_removable: bool


def judge_albums(conn: Connection, user_id: UUID, *, after: UUID, room: int, will_go: bool = False) -> list[Judged]:
    """Say of the next albums whether they may go; held until the transaction ends if they will."""
    ids = [row["id"] for row in _sql.next_albums(conn, user_id=user_id, after=after, room=room)]
    return _judged(conn, user_id, ids, will_go=will_go)


def removable(conn: Connection, user_id: UUID, album_ids: Sequence[UUID], *, will_go: bool) -> set[UUID]:
    """Return which of these an import made and nobody touched or used since; all are held until the transaction ends
    if they will go."""
    return {one.id for one in _judged(conn, user_id, album_ids, will_go=will_go) if one.is_removable}


def _judged(conn: Connection, user_id: UUID, album_ids: Sequence[UUID], *, will_go: bool) -> list[Judged]:
    if not album_ids:
        return []
    if will_go:
        _sql.hold_albums(conn, user_id=user_id, album_ids=list(album_ids))
    return [Judged(**row) for row in _sql.judge_albums(conn, user_id=user_id, album_ids=list(album_ids))]


def forget_albums(conn: Connection, user_id: UUID, album_ids: Sequence[UUID]) -> None:
    """Delete these albums, with what was agreed on them."""
    _sql.forget_agreements_on(conn, user_id=user_id, album_ids=list(album_ids))
    _sql.forget_albums(conn, user_id=user_id, album_ids=list(album_ids))


def unlink_albums(conn: Connection, user_id: UUID, album_ids: Sequence[UUID]) -> None:
    """Keep these albums, without what ties them to the account."""
    _sql.unlink_albums(conn, user_id=user_id, album_ids=list(album_ids))
    _sql.forget_agreements_on(conn, user_id=user_id, album_ids=list(album_ids))


def forget(conn: Connection, table: str, user_id: UUID, *, room: int) -> int:
    """Delete at most ``room`` of a collector's rows of one of ``TABLES``; return how many went."""
    return _FORGET[table](conn, user_id, room)


def unbind(conn: Connection, user_id: UUID) -> None:
    """Forget which account it was, its tokens, and the link to it."""
    _sql.unbind(conn, user_id=user_id)


def is_under_way(conn: Connection, user_id: UUID, kind: str) -> bool:
    """Whether a removal of this collector's data is not at its end yet."""
    return bool(_sql.is_under_way(conn, user_id=user_id, kind=kind))


def count(conn: Connection, user_id: UUID) -> dict[str, int]:
    """Return how many rows of each of ``TABLES`` there are."""
    return {row["name"]: row["rows"] for row in _sql.count(conn, user_id=user_id)}
