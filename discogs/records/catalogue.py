"""The catalogue: releases (pressings) and the masters that group them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from discogs.ids import MasterId, ReleaseId
from discogs.records.credits import Artist, Format, Label
from discogs.records.pages import Position
from discogs.records.reading import (
    Json,
    UnreadableItem,
    claim,
    decimal_or_none,
    known_id,
    known_number,
    moment,
    needed_id,
    needed_rows,
    number,
    number_or_none,
    part,
    rows,
    text,
    texts,
)


@dataclass(frozen=True, slots=True)
class Track:
    """A line of a tracklist: a track, a heading, or an index with tracks below it."""

    position: str
    type: str
    title: str
    duration: str
    artists: tuple[Artist, ...]
    extra_artists: tuple[Artist, ...]
    sub_tracks: tuple["Track", ...]

    @classmethod
    def parse(cls, source: Json) -> "Track":
        return cls(
            position=text(source, "position"),
            type=text(source, "type_"),
            title=text(source, "title"),
            duration=text(source, "duration"),
            artists=rows(source, "artists", Artist.parse),
            extra_artists=rows(source, "extraartists", Artist.parse),
            sub_tracks=rows(source, "sub_tracks", Track.parse),
        )


@dataclass(frozen=True, slots=True)
class Image:
    """A picture's addresses. None of them need be the ``primary`` one."""

    type: str
    uri: str
    resource_url: str
    uri150: str
    width: int
    height: int

    @classmethod
    def parse(cls, source: Json) -> "Image":
        return cls(
            type=text(source, "type"),
            uri=text(source, "uri"),
            resource_url=text(source, "resource_url"),
            uri150=text(source, "uri150"),
            width=number(source, "width"),
            height=number(source, "height"),
        )


@dataclass(frozen=True, slots=True)
class Identifier:
    """A barcode, matrix number or the like."""

    type: str
    value: str
    description: str

    @classmethod
    def parse(cls, source: Json) -> "Identifier":
        return cls(text(source, "type"), text(source, "value"), text(source, "description"))


@dataclass(frozen=True, slots=True)
class Video:
    """A video that somebody linked."""

    uri: str
    title: str
    description: str
    duration: int
    embed: bool

    @classmethod
    def parse(cls, source: Json) -> "Video":
        return cls(
            text(source, "uri"),
            text(source, "title"),
            text(source, "description"),
            number(source, "duration"),
            claim(source, "embed"),
        )


@dataclass(frozen=True, slots=True)
class Contributor:
    """Somebody who wrote at a release's page."""

    username: str
    resource_url: str

    @classmethod
    def parse(cls, source: Json) -> "Contributor":
        return cls(text(source, "username"), text(source, "resource_url"))


@dataclass(frozen=True, slots=True)
class Community:
    """What collectors make of a release."""

    have: int
    want: int
    rating: Decimal | None
    ratings: int
    status: str
    data_quality: str
    submitter: Contributor
    contributors: tuple[Contributor, ...]

    @classmethod
    def parse(cls, source: Json) -> "Community":
        return cls(
            have=number(source, "have"),
            want=number(source, "want"),
            rating=decimal_or_none(part(source, "rating"), "average"),
            ratings=number(part(source, "rating"), "count"),
            status=text(source, "status"),
            data_quality=text(source, "data_quality"),
            submitter=Contributor.parse(part(source, "submitter")),
            contributors=rows(source, "contributors", Contributor.parse),
        )


@dataclass(frozen=True, slots=True)
class Release:
    """A pressing. ``lowest_price_usd`` is in US dollars whatever currency was asked for: take marketplace_stats."""

    id: ReleaseId
    master_id: MasterId | None
    title: str
    artists_sort: str
    artists: tuple[Artist, ...]
    extra_artists: tuple[Artist, ...]
    labels: tuple[Label, ...]
    series: tuple[Label, ...]
    companies: tuple[Label, ...]
    formats: tuple[Format, ...]
    format_quantity: int
    genres: tuple[str, ...]
    styles: tuple[str, ...]
    country: str
    year: int | None
    released: str
    released_formatted: str
    notes: str
    tracklist: tuple[Track, ...]
    identifiers: tuple[Identifier, ...]
    images: tuple[Image, ...]
    videos: tuple[Video, ...]
    community: Community
    num_for_sale: int | None
    lowest_price_usd: Decimal | None
    estimated_weight: int | None
    blocked_from_sale: bool
    is_offensive: bool
    status: str
    data_quality: str
    date_added: datetime | None
    date_changed: datetime | None
    thumb: str
    uri: str
    resource_url: str
    master_url: str

    @classmethod
    def parse(cls, source: Json) -> "Release":
        master_id = known_id(source, "master_id")
        return cls(
            id=ReleaseId(needed_id(source, "id")),
            master_id=None if master_id is None else MasterId(master_id),
            title=text(source, "title"),
            artists_sort=text(source, "artists_sort"),
            artists=rows(source, "artists", Artist.parse),
            extra_artists=rows(source, "extraartists", Artist.parse),
            labels=rows(source, "labels", Label.parse),
            series=rows(source, "series", Label.parse),
            companies=rows(source, "companies", Label.parse),
            formats=rows(source, "formats", Format.parse),
            format_quantity=number(source, "format_quantity"),
            genres=texts(source, "genres"),
            styles=texts(source, "styles"),
            country=text(source, "country"),
            year=known_number(source, "year"),
            released=text(source, "released"),
            released_formatted=text(source, "released_formatted"),
            notes=text(source, "notes"),
            tracklist=rows(source, "tracklist", Track.parse),
            identifiers=rows(source, "identifiers", Identifier.parse),
            images=rows(source, "images", Image.parse),
            videos=rows(source, "videos", Video.parse),
            community=Community.parse(part(source, "community")),
            num_for_sale=number_or_none(source, "num_for_sale"),
            lowest_price_usd=decimal_or_none(source, "lowest_price"),
            estimated_weight=number_or_none(source, "estimated_weight"),
            blocked_from_sale=claim(source, "blocked_from_sale"),
            is_offensive=claim(source, "is_offensive"),
            status=text(source, "status"),
            data_quality=text(source, "data_quality"),
            date_added=moment(source, "date_added"),
            date_changed=moment(source, "date_changed"),
            thumb=text(source, "thumb"),
            uri=text(source, "uri"),
            resource_url=text(source, "resource_url"),
            master_url=text(source, "master_url"),
        )


@dataclass(frozen=True, slots=True)
class Master:
    """What all pressings of an album have in common."""

    id: MasterId
    main_release: ReleaseId | None
    most_recent_release: ReleaseId | None
    title: str
    artists: tuple[Artist, ...]
    genres: tuple[str, ...]
    styles: tuple[str, ...]
    year: int | None
    notes: str
    tracklist: tuple[Track, ...]
    images: tuple[Image, ...]
    videos: tuple[Video, ...]
    num_for_sale: int | None
    lowest_price_usd: Decimal | None
    data_quality: str
    uri: str
    resource_url: str
    versions_url: str
    main_release_url: str
    most_recent_release_url: str

    @classmethod
    def parse(cls, source: Json) -> "Master":
        return cls(
            id=MasterId(needed_id(source, "id")),
            main_release=_release_id(source, "main_release"),
            most_recent_release=_release_id(source, "most_recent_release"),
            title=text(source, "title"),
            artists=rows(source, "artists", Artist.parse),
            genres=texts(source, "genres"),
            styles=texts(source, "styles"),
            year=known_number(source, "year"),
            notes=text(source, "notes"),
            tracklist=rows(source, "tracklist", Track.parse),
            images=rows(source, "images", Image.parse),
            videos=rows(source, "videos", Video.parse),
            num_for_sale=number_or_none(source, "num_for_sale"),
            lowest_price_usd=decimal_or_none(source, "lowest_price"),
            data_quality=text(source, "data_quality"),
            uri=text(source, "uri"),
            resource_url=text(source, "resource_url"),
            versions_url=text(source, "versions_url"),
            main_release_url=text(source, "main_release_url"),
            most_recent_release_url=text(source, "most_recent_release_url"),
        )


@dataclass(frozen=True, slots=True)
class Version:
    """One pressing in a master's list; the last four count who has and wants it, among all and for who asks."""

    id: ReleaseId
    title: str
    label: str
    country: str
    format: str
    major_formats: tuple[str, ...]
    catno: str
    released: str
    status: str
    thumb: str
    resource_url: str
    in_collections: int | None
    in_wantlists: int | None
    in_own_collection: int | None
    in_own_wantlist: int | None

    @classmethod
    def parse(cls, source: Json) -> "Version":
        all_users, own = part(part(source, "stats"), "community"), part(part(source, "stats"), "user")
        return cls(
            id=ReleaseId(needed_id(source, "id")),
            title=text(source, "title"),
            label=text(source, "label"),
            country=text(source, "country"),
            format=text(source, "format"),
            major_formats=texts(source, "major_formats"),
            catno=text(source, "catno"),
            released=text(source, "released"),
            status=text(source, "status"),
            thumb=text(source, "thumb"),
            resource_url=text(source, "resource_url"),
            in_collections=number_or_none(all_users, "in_collection"),
            in_wantlists=number_or_none(all_users, "in_wantlist"),
            in_own_collection=number_or_none(own, "in_collection"),
            in_own_wantlist=number_or_none(own, "in_wantlist"),
        )


@dataclass(frozen=True, slots=True)
class MasterVersions:
    """Pressings of an album, and where this page stands."""

    items: tuple[Version, ...]
    page: int
    pages: int
    per_page: int
    total_items: int
    unreadable: tuple[UnreadableItem, ...] = ()

    @classmethod
    def parse(cls, source: Json) -> "MasterVersions":
        at = Position.parse(source)
        found = needed_rows(source, "versions", Version.parse)
        return cls(found.items, at.page, at.pages, at.per_page, at.total_items, found.unreadable)


def _release_id(source: Json, key: str) -> ReleaseId | None:
    value = known_id(source, key)
    return None if value is None else ReleaseId(value)
