"""What an album and its copy on Discogs last agreed on: every change, here or there, is a difference from this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from db import Connection, Row
from db.albums import Album, Fields, Name, album_of, own_fields, plain
from db.queries import load
from db.storable import Json, as_rows

_sql = load("agreed")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed on a copy. ``album`` is None where the album was deleted here: that waits to be pushed.

    Imports and pushes leave a copy alone that ``is_local_only``.
    """

    instance_id: int
    fields: Fields
    album: Album | None
    is_local_only: bool = False


@dataclass(frozen=True, slots=True)
class Pact:
    """A new agreement, to be written; what was agreed on fields that it does not name stays."""

    instance_id: int
    album_id: UUID
    fields: Fields


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A present copy without an agreement, and what its album would say."""

    instance_id: int
    release_id: int
    name: Name
    fields: Fields


def of_copies(conn: Connection, user_id: UUID, instance_ids: Sequence[int]) -> dict[int, Agreement]:
    """Return what was agreed on these copies, by instance id."""
    rows = _sql.of_copies(conn, user_id=user_id, instance_ids=list(instance_ids))
    return {
        row["instance_id"]: Agreement(
            row["instance_id"],
            row["agreed_fields"],
            None if row["id"] is None else album_of(row),
            row["is_local_only"],
        )
        for row in rows
    }


def upsert(conn: Connection, user_id: UUID, pacts: Sequence[Pact]) -> None:
    """Write agreements down. An album that was deleted meanwhile gets none."""
    if not pacts:
        return
    rows: list[Mapping[str, Json]] = [
        {"instance_id": pact.instance_id, "album_id": str(pact.album_id), "fields": pact.fields} for pact in pacts
    ]
    _sql.upsert(conn, user_id=user_id, rows=as_rows(rows))


def rebase(conn: Connection, user_id: UUID, shown: Mapping[int, Fields]) -> None:
    """Agree on what Discogs shows of copies whose albums were deleted here, by instance id."""
    rows: list[Mapping[str, Json]] = [{"instance_id": number, "fields": fields} for number, fields in shown.items()]
    _sql.rebase(conn, user_id=user_id, rows=as_rows(rows))


def release(conn: Connection, user_id: UUID, instance_ids: Sequence[int]) -> set[int]:
    """Take albums off these copies, which are not on Discogs any more; return of which."""
    return {row["instance_id"] for row in _sql.release(conn, user_id=user_id, instance_ids=list(instance_ids))}


def forget(conn: Connection, user_id: UUID, instance_ids: Sequence[int]) -> None:
    """Drop the base of these copies, so that the next full import treats them as new."""
    _sql.forget(conn, user_id=user_id, instance_ids=list(instance_ids))


def sync_again(conn: Connection, user_id: UUID, instance_id: int) -> None:
    """Let imports and pushes see a copy again that was kept local only."""
    _sql.sync_again(conn, user_id=user_id, instance_id=instance_id)


def find_unlinked(conn: Connection, user_id: UUID, instance_id: int) -> Unlinked | None:
    """Return a present copy that has no base, None when it has one or is missing."""
    row = _sql.find_unlinked(conn, user_id=user_id, instance_id=instance_id)
    return None if row is None else _unlinked(row)


def has_unlinked(conn: Connection, user_id: UUID) -> bool:
    """Whether any present copy has no agreement."""
    return bool(_sql.has_unlinked(conn, user_id=user_id))


def unlinked(conn: Connection, user_id: UUID, *, after: int, room: int) -> list[Unlinked]:
    """Return at most ``room`` present copies without an agreement, by instance id, from after this one on."""
    return [_unlinked(row) for row in _sql.unlinked(conn, user_id=user_id, after=after, room=room)]


def rivals_of_releases(conn: Connection, user_id: UUID, release_ids: Sequence[int]) -> dict[int, int]:
    """How many present copies of each release have no agreement."""
    rows = _sql.rivals_of_releases(conn, user_id=user_id, release_ids=list(set(release_ids)))
    return {row["release_id"]: row["copies"] for row in rows}


def rivals_of_names(conn: Connection, user_id: UUID, wanted: Sequence[Name]) -> dict[Name, int]:
    """How many present copies of each name have no agreement."""
    rows = _sql.rivals_of_names(
        conn,
        user_id=user_id,
        artists=[name.artist for name in wanted],
        titles=[name.title for name in wanted],
        years=[name.year for name in wanted],
    )
    return {wanted[row["place"] - 1]: row["copies"] for row in rows}


def _unlinked(row: Row) -> Unlinked:
    fields: Fields = {
        "artist": row["artist"],
        "title": row["title"],
        "year": row["year"],
        "discogs_release_id": row["release_id"],
        "discogs_master_id": row["master_id"],
        "media_condition": row["media_condition"],
        "sleeve_condition": row["sleeve_condition"],
        "discogs_folder_id": row["folder_id"],
        "discogs_notes": row["notes"],
        "discogs_date_added": plain(row["date_added"]),
        "catalog_number": row["catalog_number"],
        "discogs_rating": row["discogs_rating"],
        **own_fields(row["listed"]),
    }
    return Unlinked(row["instance_id"], row["release_id"], Name(row["artist"], row["title"], row["year"]), fields)
