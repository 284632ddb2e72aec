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
    """What a list page says of a release. ``artists``, ``labels`` and ``formats`` are Discogs' own objects."""

    release_id: int
    master_id: int | None
    title: str
    artist: str
    year: int | None
    artists: Objects
    labels: Objects
    formats: Objects
    genres: tuple[str, ...]
    styles: tuple[str, ...]
    thumb: str
    cover_image: str

    @property
    def catalog_number(self) -> str | None:
        """The first label's number; Discogs writes "none" where a record has none."""
        number = self.labels[0].get("catno") if self.labels else None
        return number if isinstance(number, str) and number not in ("", "none") else None


def upsert(conn: Connection, releases: Sequence[Release]) -> int:
    """Store them, each once; return how many were new, different or more than an hour old."""
    rows = {release.release_id: {name: getattr(release, name) for name in Release.__slots__} for release in releases}
    written: int = _sql.upsert(conn, rows=as_rows(list(rows.values())))
    return written
