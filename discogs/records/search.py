"""The search: what to look for, and what was found."""

from dataclasses import dataclass, fields

from discogs.ids import MasterId
from discogs.records.credits import Format
from discogs.records.pages import Position
from discogs.records.reading import (
    Json,
    UnreadableItem,
    known_id,
    known_number,
    needed_id,
    needed_rows,
    number_or_none,
    part,
    rows,
    text,
    texts,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for; all that is given must fit. ``q`` is free text, ``type`` release, master, artist or label."""

    q: str | None = None
    type: str | None = None
    title: str | None = None
    release_title: str | None = None
    credit: str | None = None
    artist: str | None = None
    anv: str | None = None
    label: str | None = None
    genre: str | None = None
    style: str | None = None
    country: str | None = None
    year: str | None = None
    format: str | None = None
    catno: str | None = None
    barcode: str | None = None
    track: str | None = None

    def given(self) -> dict[str, str]:
        """Return what was given, by the parameter's name."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Found:
    """One hit. ``title`` is "Artist - Title"; ``barcodes`` mixes barcodes with matrix numbers; ``uri`` is relative."""

    id: int
    type: str
    title: str
    master_id: MasterId | None
    year: int | None
    country: str
    catno: str
    labels: tuple[str, ...]
    format_words: tuple[str, ...]
    formats: tuple[Format, ...]
    format_quantity: int | None
    genres: tuple[str, ...]
    styles: tuple[str, ...]
    barcodes: tuple[str, ...]
    have: int | None
    want: int | None
    in_own_collection: bool | None
    in_own_wantlist: bool | None
    thumb: str
    cover_image: str
    uri: str
    resource_url: str
    master_url: str

    @classmethod
    def parse(cls, source: Json) -> "Found":
        master_id = known_id(source, "master_id")
        return cls(
            id=needed_id(source, "id"),
            type=text(source, "type"),
            title=text(source, "title"),
            master_id=None if master_id is None else MasterId(master_id),
            year=known_number(source, "year"),
            country=text(source, "country"),
            catno=text(source, "catno"),
            labels=texts(source, "label"),
            format_words=texts(source, "format"),
            formats=rows(source, "formats", Format.parse),
            format_quantity=number_or_none(source, "format_quantity"),
            genres=texts(source, "genre"),
            styles=texts(source, "style"),
            barcodes=texts(source, "barcode"),
            have=number_or_none(part(source, "community"), "have"),
            want=number_or_none(part(source, "community"), "want"),
            in_own_collection=_flag(source, "in_collection"),
            in_own_wantlist=_flag(source, "in_wantlist"),
            thumb=text(source, "thumb"),
            cover_image=text(source, "cover_image"),
            uri=text(source, "uri"),
            resource_url=text(source, "resource_url"),
            master_url=text(source, "master_url"),
        )


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Hits, and where this page stands; Discogs shows the first 10,000."""

    items: tuple[Found, ...]
    page: int
    pages: int
    per_page: int
    total_items: int
    unreadable: tuple[UnreadableItem, ...] = ()

    @classmethod
    def parse(cls, source: Json) -> "SearchPage":
        at = Position.parse(source)
        found = needed_rows(source, "results", Found.parse)
        return cls(found.items, at.page, at.pages, at.per_page, at.total_items, found.unreadable)


def _flag(source: Json, key: str) -> bool | None:
    value = part(source, "user_data").get(key)
    return value if isinstance(value, bool) else None
