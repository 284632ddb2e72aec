"""Names on a sleeve: artists, labels and what a release is made of."""

from dataclasses import dataclass

from discogs.records.reading import Json, id_or_none, text, texts


@dataclass(frozen=True, slots=True)
class Artist:
    """A credit. ``name`` is raw, disambiguation included ("Nirvana (2)"); ``anv`` is the name as printed here."""

    id: int
    name: str
    anv: str
    join: str
    role: str
    tracks: str
    resource_url: str
    thumbnail_url: str

    @classmethod
    def parse(cls, source: Json) -> "Artist":
        return cls(
            id=id_or_none(source, "id") or 0,
            name=text(source, "name"),
            anv=text(source, "anv"),
            join=text(source, "join"),
            role=text(source, "role"),
            tracks=text(source, "tracks"),
            resource_url=text(source, "resource_url"),
            thumbnail_url=text(source, "thumbnail_url"),
        )


@dataclass(frozen=True, slots=True)
class Label:
    """A label, series or company with the catalogue number that it gave this release."""

    id: int
    name: str
    catno: str
    entity_type: str
    entity_type_name: str
    resource_url: str
    thumbnail_url: str

    @classmethod
    def parse(cls, source: Json) -> "Label":
        return cls(
            id=id_or_none(source, "id") or 0,
            name=text(source, "name"),
            catno=text(source, "catno"),
            entity_type=text(source, "entity_type"),
            entity_type_name=text(source, "entity_type_name"),
            resource_url=text(source, "resource_url"),
            thumbnail_url=text(source, "thumbnail_url"),
        )


@dataclass(frozen=True, slots=True)
class Format:
    """A medium. ``qty`` stays text: somebody once wrote 64 digits."""

    name: str
    qty: str
    text: str
    descriptions: tuple[str, ...]

    @classmethod
    def parse(cls, source: Json) -> "Format":
        return cls(
            name=text(source, "name"),
            qty=text(source, "qty"),
            text=text(source, "text"),
            descriptions=texts(source, "descriptions"),
        )
