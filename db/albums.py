"""The app's albums, as far as they mirror copies on Discogs. The app writes them too, whenever it likes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from db import Connection, Row
from db.queries import load
from db.storable import Json, as_rows

Value: TypeAlias = str | int | None
Fields: TypeAlias = Mapping[str, Value]

# The columns that an album shares with its copy on Discogs. Times stand as ISO 8601 text in UTC.
SHARED = (
    "artist",
    "title",
    "year",
    "discogs_release_id",
    "discogs_master_id",
    "media_condition",
    "sleeve_condition",
    "discogs_folder_id",
    "discogs_notes",
    "discogs_date_added",
    "catalog_number",
    "discogs_rating",
)

# A field that the collector made, by its number on Discogs: ``field_4`` stands beside the columns wherever they do.
OWN = "field_"
OWN_BEGIN = 4  # 1 to 3 are the grades and the notes, in columns of their own

_sql = load("albums")


@dataclass(frozen=True, slots=True)
class Album:
    """One album: ``fields`` has every one of ``SHARED``, and those of its owner's own fields that say something.

    ``instance_id`` is None while it belongs to no copy.
    """

    id: UUID
    instance_id: int | None
    fields: Fields


@dataclass(frozen=True, slots=True)
class Name:
    """What finds an album without a release id; spellings of one name are the same, an unknown year fits every year."""

    artist: str
    title: str
    year: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be written to an album, and as what it was read: it is written only if it still is that."""

    album_id: UUID
    instance_id: int
    was: Fields
    becomes: Fields


def of_instances(conn: Connection, user_id: UUID, instance_ids: Sequence[int]) -> dict[int, Album]:
    """Return albums that name these copies although nothing was agreed on them, by instance id."""
    rows = _sql.of_instances(conn, user_id=user_id, instance_ids=list(instance_ids))
    return {row["discogs_instance_id"]: album_of(row) for row in rows}


def has_free(conn: Connection, user_id: UUID) -> bool:
    """Whether any album of this collector belongs to no copy."""
    return bool(_sql.has_free(conn, user_id=user_id))


def free_of_releases(conn: Connection, user_id: UUID, release_ids: Sequence[int]) -> dict[int, list[Album]]:
    """Return the albums of these releases that belong to no copy, by release."""
    found: dict[int, list[Album]] = {}
    for row in _sql.free_of_releases(conn, user_id=user_id, release_ids=list(set(release_ids))):
        found.setdefault(row["discogs_release_id"], []).append(album_of(row))
    return found


def free_of_names(conn: Connection, user_id: UUID, wanted: Sequence[Name]) -> dict[Name, list[Album]]:
    """Return the albums by name that belong to no copy and name no release."""
    found: dict[Name, list[Album]] = {}
    for row in _sql.free_of_names(
        conn,
        user_id=user_id,
        artists=[name.artist for name in wanted],
        titles=[name.title for name in wanted],
        years=[name.year for name in wanted],
    ):
        found.setdefault(wanted[row["place"] - 1], []).append(album_of(row))
    return found


def create(conn: Connection, user_id: UUID, copies: Mapping[int, Fields]) -> dict[int, UUID]:
    """Make an album for each copy, by instance id; one that the app made meanwhile is absent from the answer."""
    if not copies:
        return {}
    rows = [{"discogs_instance_id": instance_id, **columns_of(fields)} for instance_id, fields in copies.items()]
    made = _sql.create(conn, user_id=user_id, rows=as_rows(rows))
    return {row["discogs_instance_id"]: row["id"] for row in made}


def update(conn: Connection, user_id: UUID, changes: Sequence[Change]) -> set[UUID]:
    """Write changes to albums that are still as they were read, and return which: compare and set."""
    if not changes:
        return set()
    rows: list[Mapping[str, Json]] = [
        {
            "id": str(change.album_id),
            "instance_id": change.instance_id,
            "was": columns_of(change.was),
            "becomes": columns_of(change.becomes),
        }
        for change in changes
    ]
    return {row["id"] for row in _sql.update(conn, user_id=user_id, rows=as_rows(rows))}


def album_of(row: Row) -> Album:
    """Make a record of a row that has the columns of ``SHARED``, and ``discogs_fields``."""
    fields = {name: plain(row[name]) for name in SHARED} | (row["discogs_fields"] or {})
    return Album(row["id"], row["discogs_instance_id"], fields)


def own_fields(listed: Json) -> dict[str, Value]:
    """Return what a copy says in its owner's own fields, by our names, out of how Discogs lists them."""
    numbered = [(int(str(entry["field_id"])), entry["value"]) for entry in entries_of(listed)]
    return {f"{OWN}{number}": str(value) for number, value in numbered if number >= OWN_BEGIN}


def entries_of(listed: Json) -> list[Mapping[str, Json]]:
    """Return the custom field values of a copy as Discogs lists them."""
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def own_names(*sides: Fields) -> list[str]:
    """Return the owner's own fields of which any of these says something."""
    return sorted({name for side in sides for name in side if name.startswith(OWN)})


def own_number(name: str) -> int | None:
    """Return the number on Discogs of an owner's own field; None of a column."""
    digits = name.removeprefix(OWN)
    return int(digits) if name.startswith(OWN) and digits.isdecimal() else None


def plain(value: Any) -> Value:
    """Return a column's value as it is compared and agreed on: a time as text in UTC."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def columns_of(fields: Fields) -> Mapping[str, Json]:
    """Say it in columns: own fields stand together in one."""
    own: dict[str, Json] = {name: value for name, value in fields.items() if name.startswith(OWN) and value is not None}
    plain_ones: dict[str, Json] = {name: value for name, value in fields.items() if not name.startswith(OWN)}
    return plain_ones | {"discogs_fields": own or None}
