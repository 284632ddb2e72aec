"""A collector's shelf: folders, custom fields, and copies page by page."""

from dataclasses import dataclass
from datetime import datetime

from discogs.ids import FieldId, FolderId, InstanceId, MasterId, ReleaseId
from discogs.money import Money, parse_money
from discogs.records.credits import Artist, Format, Label
from discogs.records.pages import Position
from discogs.records.reading import (
    Json,
    Unreadable,
    UnreadableItem,
    are_whole,
    claim_or_none,
    id_or_none,
    known_id,
    moment,
    needed_id,
    needed_rows,
    number_or_none,
    part,
    rows,
    rows_or_none,
    text,
    text_or_none,
    texts_or_none,
    told,
)

LARGEST_FIELD = 10**18 - 1  # what the name of a custom field of an album can hold


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; number 0 is all of them. ``name`` and ``count`` are None if Discogs did not tell them."""

    id: FolderId
    name: str | None
    count: int | None
    resource_url: str

    @classmethod
    def parse(cls, source: Json) -> "Folder":
        return cls(
            id=FolderId(needed_id(source, "id")),
            name=text_or_none(source, "name"),
            count=number_or_none(source, "count"),
            resource_url=text(source, "resource_url"),
        )


@dataclass(frozen=True, slots=True)
class Field:
    """A custom field; 1, 2 and 3 are media condition, sleeve condition and notes unless the user changed that.

    None is what Discogs did not tell.
    """

    id: FieldId
    name: str | None
    type: str | None
    options: tuple[str, ...] | None
    public: bool | None
    position: int | None
    lines: int | None

    @classmethod
    def parse(cls, source: Json) -> "Field":
        return cls(
            id=FieldId(needed_id(source, "id")),
            name=text_or_none(source, "name"),
            type=text_or_none(source, "type"),
            options=texts_or_none(source, "options"),
            public=claim_or_none(source, "public"),
            position=number_or_none(source, "position"),
            lines=number_or_none(source, "lines"),
        )


@dataclass(frozen=True, slots=True)
class Note:
    """What a copy has in one custom field, byte for byte."""

    field_id: FieldId
    value: str

    @classmethod
    def parse(cls, source: Json) -> "Note":
        field_id, value = needed_id(source, "field_id"), text_or_none(source, "value")
        if value is None or field_id > LARGEST_FIELD:
            raise Unreadable("no text 'value'" if value is None else "'field_id' is too large")
        return cls(field_id=FieldId(field_id), value=value)


@dataclass(frozen=True, slots=True)
class BasicInformation:
    """What a list tells of a release: no country, barcode, tracks or prices.

    None is what Discogs did not tell, and says nothing about what is known. 0 is what it sends for "unknown".
    """

    release_id: ReleaseId
    master_id: MasterId | None
    title: str | None
    year: int | None
    artists: tuple[Artist, ...] | None
    labels: tuple[Label, ...] | None
    formats: tuple[Format, ...] | None
    genres: tuple[str, ...] | None
    styles: tuple[str, ...] | None
    thumb: str
    cover_image: str
    resource_url: str
    master_url: str

    @classmethod
    def parse(cls, source: Json, release_id: ReleaseId) -> "BasicInformation":
        master_id = told(source, "master_id", id_or_none)
        return cls(
            release_id=ReleaseId(known_id(source, "id") or release_id),
            master_id=None if master_id is None else MasterId(master_id),
            title=text_or_none(source, "title"),
            year=told(source, "year", number_or_none),
            artists=rows_or_none(source, "artists", Artist.parse),
            labels=rows_or_none(source, "labels", Label.parse),
            formats=rows_or_none(source, "formats", Format.parse),
            genres=texts_or_none(source, "genres"),
            styles=texts_or_none(source, "styles"),
            thumb=text(source, "thumb"),
            cover_image=text(source, "cover_image"),
            resource_url=text(source, "resource_url"),
            master_url=text(source, "master_url"),
        )


@dataclass(frozen=True, slots=True)
class CollectionItem:
    """One copy. Its key is ``instance_id``: one release can be owned twice. Only the owner sees ``folder_id``.

    ``rating`` and ``date_added`` are None if Discogs did not tell them. It leaves ``notes`` out where no field is set;
    ``are_notes_told`` is False when it sent something else than a list of notes.
    """

    instance_id: InstanceId
    release_id: ReleaseId
    folder_id: FolderId | None
    rating: int | None
    date_added: datetime | None
    notes: tuple[Note, ...]
    basic: BasicInformation
    are_notes_told: bool = True

    @classmethod
    def parse(cls, source: Json) -> "CollectionItem":
        release_id = ReleaseId(needed_id(source, "id"))
        folder_id = None if source.get("folder_id") is None else needed_id(source, "folder_id")
        return cls(
            instance_id=InstanceId(needed_id(source, "instance_id")),
            release_id=release_id,
            folder_id=None if folder_id is None else FolderId(folder_id),
            rating=number_or_none(source, "rating"),
            date_added=moment(source, "date_added"),
            notes=rows(source, "notes", Note.parse),
            basic=BasicInformation.parse(part(source, "basic_information"), release_id),
            are_notes_told=are_whole(source, "notes", Note.parse),
        )

    @classmethod
    def parse_of_owner(cls, source: Json) -> "CollectionItem":
        """Parse a copy that must have its folder."""
        needed_id(source, "folder_id")
        return cls.parse(source)


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """Copies, and where this page stands."""

    items: tuple[CollectionItem, ...]
    page: int
    pages: int
    per_page: int
    total_items: int
    unreadable: tuple[UnreadableItem, ...] = ()

    @property
    def is_owner_view(self) -> bool:
        """Every copy has its folder: the signature was accepted. An empty page proves nothing, then ask ``identity``.

        A page without folders is what a stranger sees, and what *we* see after a bad signature, with status 200
        (Discogs contract §2). It never means that grades and notes were cleared.
        """
        return all(item.folder_id is not None for item in self.items)

    @classmethod
    def parse(cls, source: Json) -> "CollectionPage":
        at = Position.parse(source)
        found = needed_rows(source, "releases", CollectionItem.parse)
        if len({item.folder_id is None for item in found.items}) > 1:  # the owner's view, and copies without a folder
            found = needed_rows(source, "releases", CollectionItem.parse_of_owner)
        return cls(found.items, at.page, at.pages, at.per_page, at.total_items, found.unreadable)


@dataclass(frozen=True, slots=True)
class Instance:
    """The copy that an add has made."""

    instance_id: InstanceId
    resource_url: str

    @classmethod
    def parse(cls, source: Json) -> "Instance":
        return cls(InstanceId(needed_id(source, "instance_id")), text(source, "resource_url"))


@dataclass(frozen=True, slots=True)
class CollectionValue:
    """What a collection may be worth, as Discogs wrote it; the amounts are None where that could not be read."""

    minimum_text: str
    median_text: str
    maximum_text: str
    minimum: Money | None
    median: Money | None
    maximum: Money | None

    @classmethod
    def parse(cls, source: Json) -> "CollectionValue":
        minimum, median, maximum = (text(source, key) for key in ("minimum", "median", "maximum"))
        return cls(minimum, median, maximum, parse_money(minimum), parse_money(median), parse_money(maximum))
