"""A collector's wantlist."""

from dataclasses import dataclass
from datetime import datetime

from discogs.ids import ReleaseId
from discogs.records.collection import BasicInformation
from discogs.records.pages import Position
from discogs.records.reading import (
    Json,
    UnreadableItem,
    moment,
    needed_id,
    needed_rows,
    number_or_none,
    part,
    text,
    text_or_none,
)


@dataclass(frozen=True, slots=True)
class Want:
    """One wanted release. ``notes`` are the owner's alone, None when we were not shown any.

    Discogs leaves notes out where there are none; ``are_notes_told`` is False when it sent something that is no text.
    ``rating`` is None if Discogs did not tell it.
    """

    release_id: ReleaseId
    rating: int | None
    notes: str | None
    notes_public: bool | None
    date_added: datetime | None
    resource_url: str
    basic: BasicInformation
    are_notes_told: bool = True

    @classmethod
    def parse(cls, source: Json) -> "Want":
        release_id = ReleaseId(needed_id(source, "id"))
        notes_public = source.get("notes_public")
        return cls(
            release_id=release_id,
            rating=number_or_none(source, "rating"),
            notes=text_or_none(source, "notes"),
            notes_public=notes_public if isinstance(notes_public, bool) else None,
            date_added=moment(source, "date_added"),
            resource_url=text(source, "resource_url"),
            basic=BasicInformation.parse(part(source, "basic_information"), release_id),
            are_notes_told="notes" not in source or text_or_none(source, "notes") is not None,
        )


@dataclass(frozen=True, slots=True)
class WantPage:
    """Wanted releases, and where this page stands."""

    items: tuple[Want, ...]
    page: int
    pages: int
    per_page: int
    total_items: int
    unreadable: tuple[UnreadableItem, ...] = ()

    @classmethod
    def parse(cls, source: Json) -> "WantPage":
        at = Position.parse(source)
        found = needed_rows(source, "wants", Want.parse)
        return cls(found.items, at.page, at.pages, at.per_page, at.total_items, found.unreadable)
