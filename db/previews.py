"""What a sync would do, as the last look of a collector found it: nothing of it has happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from db import Connection
from db.queries import load
from db.storable import Json, as_rows

Way = Literal["comes_in", "conflicts", "vanishes"]

_sql = load("previews")


@dataclass(frozen=True, slots=True)
class Item:
    """One record, or one field of one. ``before`` is what stands here, ``after`` what Discogs says, ``base`` agreed."""

    way: Way
    change: str
    is_want: bool
    release_id: int
    instance_id: int | None
    album_id: UUID | None
    artist: str
    title: str
    field: str | None = None
    base: Json = None
    before: Json = None
    after: Json = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands, whenever it is looked at: copies before wants, by release, copy and field."""

    is_want: bool
    release_id: int
    instance_id: int
    field: str
    way: str


FIRST = Place(is_want=False, release_id=0, instance_id=0, field="", way="")


@dataclass(frozen=True, slots=True)
class Look:
    """A look at Discogs. ``looked_at`` is None until it is over, ``read_at`` the database's time now.

    ``is_live`` while its job is: one that was cancelled or failed is never over. ``is_outdated`` when something touched
    a record since.
    """

    job_id: UUID
    began_at: datetime
    looked_at: datetime | None
    read_at: datetime
    requests: int
    is_whole: bool
    is_outdated: bool
    is_live: bool
    asks_about_vanished: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """How many items go one way, of how many records."""

    way: Way
    is_want: bool
    items: int
    records: int


def start(conn: Connection, user_id: UUID, job_id: UUID) -> None:
    """Begin a look; what the one before it found is forgotten."""
    _sql.clear(conn, user_id=user_id)
    _sql.start(conn, user_id=user_id, job_id=job_id)


def count_request(conn: Connection, user_id: UUID) -> None:
    """Note that a request was spent on it."""
    _sql.count_request(conn, user_id=user_id)


def finish(conn: Connection, user_id: UUID, *, is_whole: bool, asks_about_vanished: bool) -> None:
    """End a look."""
    _sql.forget_pages(conn, user_id=user_id)
    _sql.finish(conn, user_id=user_id, is_whole=is_whole, asks_about_vanished=asks_about_vanished)


def find(conn: Connection, user_id: UUID) -> Look | None:
    """Return the last look, None when there was none."""
    row = _sql.find(conn, user_id=user_id)
    return None if row is None else Look(**row)


def see(conn: Connection, user_id: UUID, page: int, numbers: Sequence[int], *, is_want: bool) -> None:
    """Note what a page showed: instance ids, or releases of wants."""
    _sql.see(conn, user_id=user_id, is_want=is_want, page=page, numbers=list(numbers))


def count_seen(conn: Connection, user_id: UUID, *, is_want: bool) -> int:
    """How many different ones were seen of a list."""
    seen: int = _sql.count_seen(conn, user_id=user_id, is_want=is_want)
    return seen


def forget_list(conn: Connection, user_id: UUID, *, is_want: bool) -> None:
    """Forget what was found of a list: it is looked at anew."""
    _sql.forget_list(conn, user_id=user_id, is_want=is_want)


def add(conn: Connection, user_id: UUID, items: Sequence[Item]) -> None:
    """Keep what a page would bring."""
    if items:
        names = [field.name for field in fields(Item)]
        rows: list[Mapping[str, Json]] = [{name: _plain(getattr(item, name)) for name in names} for item in items]
        _sql.add(conn, user_id=user_id, rows=as_rows(rows))


def add_vanished(conn: Connection, user_id: UUID, *, is_want: bool) -> int:
    """Keep what was not seen although it is known; return how many. Only after all of a list was seen."""
    added: int
    if is_want:
        added = _sql.add_vanished_wants(conn, user_id=user_id)
    else:
        added = _sql.add_vanished_copies(conn, user_id=user_id)
    return added


def mark_vanished(conn: Connection, user_id: UUID, *, is_want: bool) -> None:
    """Mark them missing, as a sync would: in a dry run only."""
    if is_want:
        _sql.mark_vanished_wants(conn, user_id=user_id)
    else:
        _sql.mark_vanished_copies(conn, user_id=user_id)


def turn_into_conflicts(conn: Connection, user_id: UUID, numbers: Sequence[int], *, is_want: bool) -> None:
    """Say of vanished ones that they are conflicts: they were edited here."""
    _sql.turn_into_conflicts(conn, user_id=user_id, is_want=is_want, numbers=list(numbers))


def tally(conn: Connection, user_id: UUID) -> list[Tally]:
    """Count what was found."""
    return [Tally(**row) for row in _sql.tally(conn, user_id=user_id)]


def page(
    conn: Connection, user_id: UUID, way: Way | None = None, *, after: Place = FIRST, room: int = 50
) -> list[Item]:
    """Return items of one way or of all, from after a place."""
    rows = _sql.page(
        conn,
        user_id=user_id,
        way=way,
        of_wants=after.is_want,
        release_id=after.release_id,
        instance_id=after.instance_id,
        field=after.field,
        after_way=after.way,
        room=room,
    )
    return [Item(**row) for row in rows]


def clashing(conn: Connection, user_id: UUID, numbers: Sequence[int]) -> set[tuple[bool, int, str | None]]:
    """Return what would be in conflict of these: whether it is a want, its number, and the field; None for all."""
    rows = _sql.clashing(conn, user_id=user_id, numbers=list(numbers))
    return {(row["is_want"], row["number"], row["field"]) for row in rows}


def _plain(value: Any) -> Json:
    plain: Json = str(value) if isinstance(value, UUID) else value
    return plain
