"""Releases as list pages show them: one row for all copies of all collectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from db import Connection
from db.queries import load
from db.storable import Json, as_rows

Objects: TypeAlias = Sequence[Mapping[str, Json]]

_sql = load("releases")


@dataclass(frozen=True, slots=True)
class Release:
    """What a list page tells of a release. ``artists``, ``labels`` and ``formats`` are Discogs' own objects.

    None is what the page did not tell, and leaves what is stored as it is. An empty title, artist or picture does
    too. 0 as year or master empties it. Stored releases have None for a year or master that is unknown, and no 0.
    """

    release_id: int
    master_id: int | None
    title: str | None
    artist: str | None
    year: int | None
    artists: Objects | None
    labels: Objects | None
    formats: Objects | None
    genres: tuple[str, ...] | None
    styles: tuple[str, ...] | None
    thumb: str
    cover_image: str

    @property
    def catalog_number(self) -> str | None:
        """The first label's number; Discogs writes "none" where a record has none."""
        number = self.labels[0].get("catno") if self.labels else None
        return number if isinstance(number, str) and number not in ("", "none") else None


def upsert(conn: Connection, releases: Sequence[Release]) -> int:
    """Store them, each once; return how many were new, different or more than an hour old."""
    by_id = {release.release_id: {name: getattr(release, name) for name in Release.__slots__} for release in releases}
    rows = as_rows(list(by_id.values()))
    written: int = _sql.add(conn, rows=rows) + _sql.change(conn, rows=rows)
    return written


def find(conn: Connection, release_ids: Sequence[int]) -> dict[int, Release]:
    """Return stored releases by id."""
    found = _sql.find(conn, release_ids=list(release_ids))
    listed = ("genres", "styles")
    return {row["release_id"]: Release(**{**row, **{name: tuple(row[name]) for name in listed}}) for row in found}
