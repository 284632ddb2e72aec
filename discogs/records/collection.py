"""A collector's shelf: folders, custom fields, and copies page by page."""

from dataclasses import dataclass
from datetime import datetime

from discogs.ids import FieldId, FolderId, InstanceId, MasterId, ReleaseId
from discogs.money import Money, parse_money
from discogs.records.credits import Artist, Format, Label
from discogs.records.pages import Position
from discogs.records.reading import (
    Json,
    claim,
    known_number,
    moment,
    needed_number,
    needed_rows,
    number,
    number_or_none,
    part,
    rows,
    text,
    texts,
)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; number 0 is all of them."""

    id: FolderId
    name: str
    count: int
    resource_url: str

    @classmethod
    def parse(cls, source: Json) -> "Folder":
        return cls(
            id=FolderId(needed_number(source, "id")),
            name=text(source, "name"),
            count=number(source, "count"),
            resource_url=text(source, "resource_url"),
        )


@dataclass(frozen=True, slots=True)
class Field:
    """A custom field; 1, 2 and 3 are media condition, sleeve condition and notes unless the collector changed that."""

    id: FieldId
    name: str
    type: str
    options: tuple[str, ...]
    public: bool
    position: int
    lines: int | None

    @classmethod
    def parse(cls, source: Json) -> "Field":
        return cls(
            id=FieldId(needed_number(source, "id")),
            name=text(source, "name"),
            type=text(source, "type"),
            options=texts(source, "options"),
            public=claim(source, "public"),
            position=number(source, "position"),
            lines=number_or_none(source, "lines"),
        )


@dataclass(frozen=True, slots=True)
class Note:
    """What a copy has in one custom field, byte for byte."""

    field_id: FieldId
    value: str

    @classmethod
    def parse(cls, source: Json) -> "Note":
        return cls(field_id=FieldId(needed_number(source, "field_id")), value=text(source, "value"))


@dataclass(frozen=True, slots=True)
class BasicInformation:
    """What a list tells of a release: no country, barcode, tracks or prices. 0 for "unknown" has become None."""

    release_id: ReleaseId
    master_id: MasterId | None
    title: str
    year: int | None
    artists: tuple[Artist, ...]
    labels: tuple[Label, ...]
    formats: tuple[Format, ...]
    genres: tuple[str, ...]
    styles: tuple[str, ...]
    thumb: str
    cover_image: str
    resource_url: str
    master_url: str

    @classmethod
    def parse(cls, source: Json, release_id: ReleaseId) -> "BasicInformation":
        master_id = known_number(source, "master_id")
        return cls(
            release_id=ReleaseId(known_number(source, "id") or release_id),
            master_id=None if master_id is None else MasterId(master_id),
            title=text(source, "title"),
            year=known_number(source, "year"),
            artists=rows(source, "artists", Artist.parse),
            labels=rows(source, "labels", Label.parse),
            formats=rows(source, "formats", Format.parse),
            genres=texts(source, "genres"),
            styles=texts(source, "styles"),
            thumb=text(source, "thumb"),
            cover_image=text(source, "cover_image"),
            resource_url=text(source, "resource_url"),
            master_url=text(source, "master_url"),
        )


@dataclass(frozen=True, slots=True)
class CollectionItem:
    """One copy. Its key is ``instance_id``: one release can be owned twice. Only the owner sees ``folder_id``."""

    instance_id: InstanceId
    release_id: ReleaseId
    folder_id: FolderId | None
    rating: int
    date_added: datetime | None
    notes: tuple[Note, ...]
    basic: BasicInformation

    @classmethod
    def parse(cls, source: Json) -> "CollectionItem":
        release_id = ReleaseId(needed_number(source, "id"))
        folder_id = number_or_none(source, "folder_id")
        return cls(
            instance_id=InstanceId(needed_number(source, "instance_id")),
            release_id=release_id,
            folder_id=None if folder_id is None else FolderId(folder_id),
            rating=number(source, "rating"),
            date_added=moment(source, "date_added"),
            notes=rows(source, "notes", Note.parse),
            basic=BasicInformation.parse(part(source, "basic_information"), release_id),
        )


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """Copies, and where this page stands."""

    items: tuple[CollectionItem, ...]
    page: int
    pages: int
    per_page: int
    total_items: int

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
        items = needed_rows(source, "releases", CollectionItem.parse)
        return cls(items, at.page, at.pages, at.per_page, at.total_items)


@dataclass(frozen=True, slots=True)
class Instance:
    """The copy that an add has made."""

    instance_id: InstanceId
    resource_url: str

    @classmethod
    def parse(cls, source: Json) -> "Instance":
        return cls(InstanceId(needed_number(source, "instance_id")), text(source, "resource_url"))


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
