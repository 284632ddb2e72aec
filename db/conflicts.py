"""Fields that changed here and on Discogs, and not to the same: both values, until somebody decides."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from db import Connection, Row
from db.albums import Album, Fields, album_of
from db.queries import load
from db.storable import Json, as_rows

RECORD = "_record"  # the whole: deleted on one side, edited on the other
WANT_RECORD = "want_record"  # the same of a want; ``instance_id`` of all fields that begin so is its release
OF_WANTS = "want_"

Resolution = Literal["ours", "theirs", "agreed", "superseded"]
Position = tuple[datetime, UUID]

LAST: Position = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
_sql = load("conflicts")


@dataclass(frozen=True, slots=True)
class Clash:
    """What both sides say of a field. ``has_base`` is False where they never agreed on it.

    Of ``RECORD`` the values are all fields, and None on the side where the record is gone.
    """

    instance_id: int
    release_id: int
    album_id: UUID | None
    field: str
    has_base: bool
    base: Json
    ours: Json
    theirs: Json
    ours_changed_at: datetime | None = dataclasses.field(default=None, compare=False)
    theirs_changed_after: datetime | None = dataclasses.field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Open:
    """A conflict that waits, with its id."""

    id: UUID
    clash: Clash


@dataclass(frozen=True, slots=True)
class Conflict:
    """A conflict as a person sees it, with the record's name; open while ``resolution`` is None."""

    id: UUID
    clash: Clash
    artist: str | None
    title: str | None
    found_at: datetime
    resolved_at: datetime | None
    resolution: Resolution | None
    resolved_by: str | None


@dataclass(frozen=True, slots=True)
class Ending:
    """How an open conflict ends, and by whose word: the collector's, a rule's, or that of a sync."""

    instance_id: int
    field: str
    resolution: Resolution
    by: str


@dataclass(frozen=True, slots=True)
class Vanished:
    """A copy that is missing on Discogs while its album was edited here; ``looked_at`` is when it was seen last."""

    instance_id: int
    release_id: int
    looked_at: datetime
    agreed: Fields
    album: Album


def open_of_copies(conn: Connection, user_id: UUID, instance_ids: Sequence[int]) -> dict[tuple[int, str], Clash]:
    """Return the open conflicts of these copies, by copy and field."""
    return _open(conn, user_id, instance_ids, of_wants=False)


def open_of_wants(conn: Connection, user_id: UUID, release_ids: Sequence[int]) -> dict[tuple[int, str], Clash]:
    """Return the open conflicts of these wants, by release and field."""
    return _open(conn, user_id, release_ids, of_wants=True)


def _open(conn: Connection, user_id: UUID, numbers: Sequence[int], *, of_wants: bool) -> dict[tuple[int, str], Clash]:
    rows = _sql.find_open(conn, user_id=user_id, numbers=list(numbers), of_wants=of_wants)
    return {(row["instance_id"], row["field"]): _clash(row) for row in rows}


def change_times(conn: Connection, album_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return when the app changed these albums last, as far as it keeps that."""
    found = {row["id"]: _moment(row["updated_at"]) for row in _sql.change_times(conn, album_ids=list(album_ids))}
    return {album_id: at for album_id, at in found.items() if at is not None}


def keep(conn: Connection, user_id: UUID, clashes: Sequence[Clash]) -> None:
    """Store conflicts, or bring the open ones up to date."""
    if clashes:
        _sql.keep(conn, user_id=user_id, rows=as_rows([_plain(clash) for clash in clashes]))


def close(conn: Connection, user_id: UUID, endings: Sequence[Ending]) -> int:
    """End open conflicts; return how many were."""
    if not endings:
        return 0
    rows = [
        {
            "instance_id": ending.instance_id,
            "field": ending.field,
            "resolution": ending.resolution,
            "resolved_by": ending.by,
        }
        for ending in endings
    ]
    closed: int = _sql.close(conn, user_id=user_id, rows=as_rows(rows))
    return closed


def claim(conn: Connection, user_id: UUID, ids: Sequence[UUID]) -> list[Open]:
    """Return those of these conflicts that are open, and hold them to the end of the transaction."""
    return [Open(row["id"], _clash(row)) for row in _sql.claim(conn, user_id=user_id, ids=list(ids))]


def open_ids(
    conn: Connection, user_id: UUID, *, field: str | None, album_id: UUID | None, after: UUID, room: int
) -> list[UUID]:
    """Return at most ``room`` open conflicts that have this in common, by id, from after this one on."""
    rows = _sql.open_ids(conn, user_id=user_id, field=field, album_id=album_id, after=after, room=room)
    return [row["id"] for row in rows]


def count_open(conn: Connection, user_id: UUID, *, field: str | None = None, album_id: UUID | None = None) -> int:
    """How many open conflicts have this in common."""
    count: int = _sql.count_open(conn, user_id=user_id, field=field, album_id=album_id)
    return count


def page(
    conn: Connection,
    user_id: UUID,
    *,
    field: str | None = None,
    album_id: UUID | None = None,
    is_open: bool | None = None,
    below: Position = LAST,
    room: int = 50,
) -> list[Conflict]:
    """Return a collector's conflicts, the newest first, from below a time and id."""
    rows = _sql.page(
        conn,
        user_id=user_id,
        field=field,
        album_id=album_id,
        is_open=is_open,
        below_at=below[0],
        below_id=below[1],
        room=room,
    )
    return [_conflict(row) for row in rows]


def find(conn: Connection, user_id: UUID, conflict_id: UUID) -> Conflict | None:
    """Return one conflict of this collector."""
    row = _sql.find(conn, user_id=user_id, id=conflict_id)
    return None if row is None else _conflict(row)


def supersede_missing(conn: Connection, user_id: UUID) -> int:
    """End the conflicts about fields of copies that vanished; return how many were open."""
    ended: int = _sql.supersede_missing(conn, user_id=user_id)
    return ended


def open_vanished(conn: Connection, user_id: UUID) -> set[int]:
    """Return the copies that are missing on Discogs and about which, as a whole, a conflict is open."""
    return {row["instance_id"] for row in _sql.open_vanished(conn, user_id=user_id)}


def edited_and_missing(conn: Connection, user_id: UUID) -> list[Vanished]:
    """Return the copies that vanished on Discogs while their albums were edited here."""
    rows = _sql.edited_and_missing(conn, user_id=user_id)
    return [
        Vanished(row["instance_id"], row["release_id"], row["fetched_at"], row["agreed_fields"], album_of(row))
        for row in rows
    ]


def _clash(row: Row) -> Clash:
    names = [name for name in Clash.__slots__ if name in row]
    return Clash(**{name: row[name] for name in names})


def _conflict(row: Row) -> Conflict:
    names = [name for name in Conflict.__slots__ if name != "clash"]
    return Conflict(clash=_clash(row), **{name: row[name] for name in names})


def _plain(clash: Clash) -> Mapping[str, Json]:
    times = {
        name: None if value is None else value.isoformat()
        for name, value in (
            ("ours_changed_at", clash.ours_changed_at),
            ("theirs_changed_after", clash.theirs_changed_after),
        )
    }
    said = {name: getattr(clash, name) for name in Clash.__slots__}
    return {**said, "album_id": None if clash.album_id is None else str(clash.album_id), **times}


def _moment(text: str | None) -> datetime | None:
    """Read a time as PostgreSQL writes it; one without a zone is taken for UTC, what is no time for none."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
