"""A collector's wantlist."""

from dataclasses import dataclass
from datetime import datetime

from discogs.ids import ReleaseId
from discogs.records.collection import BasicInformation
from discogs.records.pages import Position
from discogs.records.reading import Json, moment, needed_number, needed_rows, number, part, text, text_or_none


@dataclass(frozen=True, slots=True)
class Want:
    """One wanted release. ``notes`` are the owner's alone, None when we were not shown any."""

    release_id: ReleaseId
    rating: int
    notes: str | None
    notes_public: bool | None
    date_added: datetime | None
    resource_url: str
    basic: BasicInformation

    @classmethod
    def parse(cls, source: Json) -> "Want":
        release_id = ReleaseId(needed_number(source, "id"))
        notes_public = source.get("notes_public")
        return cls(
            release_id=release_id,
            rating=number(source, "rating"),
            notes=text_or_none(source, "notes"),
            notes_public=notes_public if isinstance(notes_public, bool) else None,
            date_added=moment(source, "date_added"),
            resource_url=text(source, "resource_url"),
            basic=BasicInformation.parse(part(source, "basic_information"), release_id),
        )


@dataclass(frozen=True, slots=True)
class WantPage:
    """Wanted releases, and where this page stands."""

    items: tuple[Want, ...]
    page: int
    pages: int
    per_page: int
    total_items: int

    @classmethod
    def parse(cls, source: Json) -> "WantPage":
        at = Position.parse(source)
        return cls(needed_rows(source, "wants", Want.parse), at.page, at.pages, at.per_page, at.total_items)
