"""The app's own wantlist: what it says, what was agreed on with Discogs, and what therefore waits to go out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from db import Connection, Row, sync_log
from db.albums import Fields
from db.outgoing import Removals
from db.queries import load
from db.storable import Json, as_rows

# What both sides say of a want. ``want_rating`` is None where there is none, ``want_notes`` is empty then.
SHARED = ("want_notes", "want_rating")

_sql = load("wantlist")


@dataclass(frozen=True, slots=True)
class Edit:
    """What shall be written to a want of the app, and as what it was read: it is written only if it still is that."""

    release_id: int
    was: Fields
    becomes: Fields


@dataclass(frozen=True, slots=True)
class Vanished:
    """A want that is missing on Discogs, what was agreed on it, and what the app says; None where it is gone there."""

    release_id: int
    agreed: Fields
    ours: Fields | None
    looked_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A want that differs here from what was agreed on: new without ``theirs``, removed without ``ours``."""

    release_id: int
    agreed: Fields
    ours: Fields | None
    theirs: Fields | None
    looked_at: datetime | None
    artist: str | None
    title: str | None


def of_releases(conn: Connection, user_id: UUID, release_ids: Sequence[int]) -> dict[int, Fields]:
    """Return what the app says of these wants, by release."""
    rows = _sql.of_releases(conn, user_id=user_id, release_ids=list(release_ids))
    return {row["release_id"]: _fields(row) for row in rows}


def add(conn: Connection, user_id: UUID, wanted: Mapping[int, Fields]) -> set[int]:
    """Put wants on the app's list; return which were not on it."""
    return _ids(_sql.add(conn, user_id=user_id, rows=_rows(wanted))) if wanted else set()


def change(conn: Connection, user_id: UUID, edits: Sequence[Edit]) -> set[int]:
    """Write what still is as it was read; return which."""
    if not edits:
        return set()
    rows: list[Mapping[str, Json]] = [
        {
            "release_id": edit.release_id,
            **edit.becomes,
            "was_notes": edit.was["want_notes"],
            "was_rating": edit.was["want_rating"],
        }
        for edit in edits
    ]
    return _ids(_sql.change(conn, user_id=user_id, rows=as_rows(rows)))


def remove(conn: Connection, user_id: UUID, was: Mapping[int, Fields]) -> set[int]:
    """Take wants off the app's list that still are as they were read; return which."""
    return _ids(_sql.remove(conn, user_id=user_id, rows=_rows(was))) if was else set()


def agree(conn: Connection, user_id: UUID, agreed: Mapping[int, Fields]) -> None:
    """Note what both sides agree on; what was agreed on fields that are not named stays."""
    if agreed:
        rows: list[Mapping[str, Json]] = [{"release_id": number, "fields": said} for number, said in agreed.items()]
        _sql.agree(conn, user_id=user_id, rows=as_rows(rows))


def let_go(conn: Connection, user_id: UUID, release_ids: Sequence[int]) -> None:
    """Agree on nothing any more: these are gone on both sides, or shall be added anew."""
    if release_ids:
        _sql.let_go(conn, user_id=user_id, release_ids=list(release_ids))


def vanished(conn: Connection, user_id: UUID) -> list[Vanished]:
    """Return the wants that are missing on Discogs and were agreed on."""
    return [
        Vanished(row["release_id"], row["agreed"], _fields(row) if row["is_here"] else None, row["looked_at"])
        for row in _sql.vanished(conn, user_id=user_id)
    ]


def removed(conn: Connection, user_id: UUID, release_id: int) -> None:
    """Note that a want is gone on Discogs, as its owner wanted."""
    _sql.removed(conn, user_id=user_id, release_id=release_id)


def waiting(conn: Connection, user_id: UUID, *, after: int = 0, room: int = 1000) -> list[Waiting]:
    """Return at most ``room`` wants that wait to go out, by release, from after this one on."""
    return [
        Waiting(
            row["release_id"],
            row["agreed"] or {},
            _fields(row) if row["is_here"] else None,
            {"want_notes": row["their_notes"], "want_rating": row["their_rating"]} if row["is_there"] else None,
            row["looked_at"],
            row["artist"],
            row["title"],
        )
        for row in _sql.waiting(conn, user_id=user_id, after=after, room=room)
    ]


def count_unlooked(conn: Connection, user_id: UUID, since: datetime) -> int:
    """How many edits and removals wait of wants at which nobody looked since then."""
    count: int = _sql.count_unlooked(conn, user_id=user_id, since=since)
    return count


def removals(conn: Connection, user_id: UUID) -> Removals:
    """Count what would be removed on Discogs, and what was lately."""
    lately = sync_log.removed_lately(conn, user_id, of_wants=True)
    return Removals(**_sql.count_removals(conn, user_id=user_id), lately=lately)


def now(conn: Connection) -> datetime:
    """Return the database's time, by which looks are dated."""
    moment: datetime = _sql.now(conn)
    return moment


def restore(conn: Connection, user_id: UUID, release_id: int) -> bool:
    """Want again what is missing on Discogs, as it was there; False when it is not missing, or wanted already."""
    return bool(_ids(_sql.restore(conn, user_id=user_id, release_id=release_id)))


def ask_owned(conn: Connection, user_id: UUID, explanation: str) -> None:
    """Ask of each want that is owned by now whether it may go; close the question where either is gone."""
    _sql.close_owned(conn, user_id=user_id, answer=Jsonb({"closed_by": "sync", "explanation": explanation}))
    _sql.ask_owned(conn, user_id=user_id)


def ask_removed(conn: Connection, user_id: UUID, explanation: str) -> None:
    """Add a review item for each alert on a want that is gone on Discogs; close items without ground."""
    _sql.close_removed(conn, user_id=user_id, answer=Jsonb({"closed_by": "sync", "explanation": explanation}))
    _sql.ask_removed(conn, user_id=user_id)


def drop(conn: Connection, user_id: UUID, release_id: int) -> None:
    """Take a want off the app's list, whatever it says."""
    _sql.drop_owned(conn, user_id=user_id, release_id=release_id)


def _fields(row: Row) -> Fields:
    return {name: row[name] for name in SHARED}


def _rows(wanted: Mapping[int, Fields]) -> Jsonb:
    return as_rows([{"release_id": number, **{name: said[name] for name in SHARED}} for number, said in wanted.items()])


def _ids(rows: Sequence[Row]) -> set[int]:
    return {row["release_id"] for row in rows}
