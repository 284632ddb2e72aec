"""What a list page says, in the words of our tables."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from actors.comparing.grading import Slots, grade
from db.albums import Fields, own_fields, plain
from db.instances import Copy
from db.releases import Release
from db.storable import Json, storable_record
from db.wants import Want
from discogs.records.collection import BasicInformation, CollectionItem
from discogs.records.credits import Artist, Format, Label
from discogs.records.wants import Want as WantItem

_NUMBERED = re.compile(r" \(\d+\)$")  # "Mike (408)": the number tells artists of one name apart, it is not sung


@dataclass(frozen=True, slots=True)
class ListedCopy:
    """One entry of a collection page. ``was_replaced`` when a character could not be stored as it came."""

    copy: Copy
    release: Release
    was_replaced: bool


@dataclass(frozen=True, slots=True)
class ListedWant:
    """One entry of a wantlist page."""

    want: Want
    release: Release
    was_replaced: bool


def copy_of(item: CollectionItem, slots: Slots) -> ListedCopy:
    """Read one entry of the owner's view of a collection; the anonymous one has no folder and must not come here."""
    if item.folder_id is None:
        raise ValueError("an anonymous view says nothing about folders, grades and notes")
    grading = grade(slots, {note.field_id: note.value for note in item.notes})
    copy = Copy(
        instance_id=item.instance_id,
        release_id=item.release_id,
        folder_id=item.folder_id,
        rating=_stars(item.rating),
        date_added=None if item.date_added is None else item.date_added.astimezone(UTC),
        media_condition=grading.media_condition,
        sleeve_condition=grading.sleeve_condition,
        notes=grading.notes,
        fields=[
            {"field_id": note.field_id, "value": note.value}
            for note in sorted(item.notes, key=lambda note: note.field_id)  # in whatever order a page lists them
        ],
    )
    clean, release = storable_record(copy), release_of(item.release_id, item.basic)
    clean_release = storable_record(release)
    return ListedCopy(clean, clean_release, clean != copy or clean_release != release)


def want_of(item: WantItem) -> ListedWant:
    """Read one entry of a wantlist."""
    want = Want(
        release_id=item.release_id,
        rating=_stars(item.rating),
        notes=item.notes or "",
        date_added=None if item.date_added is None else item.date_added.astimezone(UTC),
    )
    clean, release = storable_record(want), release_of(item.release_id, item.basic)
    clean_release = storable_record(release)
    return ListedWant(clean, clean_release, clean != want or clean_release != release)


def release_of(release_id: int, basic: BasicInformation) -> Release:
    """Read what a list page says of a release."""
    return Release(
        release_id=release_id,
        master_id=basic.master_id or None,
        title=basic.title,
        artist=credit(basic.artists),
        year=_year(basic.year),
        artists=[_plain(artist) for artist in basic.artists],
        labels=[_plain(label) for label in basic.labels],
        formats=[_plain(medium) for medium in basic.formats],
        genres=tuple(basic.genres),
        styles=tuple(basic.styles),
        thumb=basic.thumb or "",
        cover_image=basic.cover_image or "",
    )


def fields_of(copy: Copy, release: Release) -> Fields:
    """Return what an album of this copy says, as far as Discogs knows."""
    return {
        "artist": release.artist,
        "title": release.title,
        "year": release.year,
        "discogs_release_id": copy.release_id,
        "discogs_master_id": release.master_id,
        "media_condition": copy.media_condition,
        "sleeve_condition": copy.sleeve_condition,
        "discogs_folder_id": copy.folder_id,
        "discogs_notes": copy.notes,
        "discogs_date_added": plain(copy.date_added),
        "catalog_number": release.catalog_number,
        "discogs_rating": copy.rating or None,
        **own_fields(copy.fields),
    }


def credit(artists: Sequence[Artist]) -> str:
    """Write the artists as a sleeve does: under the name used there, joined as Discogs says, without its numbers."""
    text = ""
    for place, artist in enumerate(artists):
        text += artist.anv or _NUMBERED.sub("", artist.name)
        if place + 1 < len(artists):
            joint = artist.join.strip()
            text += ", " if joint in ("", ",") else f" {joint} "
    return text


def _plain(record: Artist | Label | Format) -> dict[str, Json]:
    """Return one of the client's records as Discogs' own object."""
    return {name: getattr(record, name) for name in record.__slots__}


def _stars(rating: int) -> int:
    """Keep a rating inside Discogs' own 0 to 5: one number from nowhere must not hold up its page for ever."""
    return min(5, max(0, rating))


def _year(year: int | None) -> int | None:
    """Take a year that a calendar can have; 0 is Discogs' word for unknown."""
    return year if year is not None and 0 < year <= 9999 else None
