"""What a list page says, in the words of our tables."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC

from actors.comparing.grading import Slots, grade
from db.albums import Fields, entries_of, own_fields, plain
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
    """One entry of a collection page. ``was_replaced`` when a character could not be stored as it came.

    ``are_notes_whole`` is False when Discogs sent notes that cannot be read: then those that are absent are unknown.
    """

    copy: Copy
    release: Release
    was_replaced: bool
    are_notes_whole: bool = True


@dataclass(frozen=True, slots=True)
class ListedWant:
    """One entry of a wantlist page. ``are_notes_told`` is False when Discogs sent notes that are no text."""

    want: Want
    release: Release
    was_replaced: bool
    are_notes_told: bool = True


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
    return ListedCopy(clean, clean_release, clean != copy or clean_release != release, item.are_notes_told)


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
    return ListedWant(clean, clean_release, clean != want or clean_release != release, item.are_notes_told)


def completed_copy(entry: ListedCopy, known: Copy | None) -> Copy:
    """Return a listed copy with what the page did not tell as it is known."""
    copy = entry.copy
    if known is None:
        return replace(copy, rating=copy.rating or 0)
    copy = replace(
        copy,
        rating=known.rating if copy.rating is None else copy.rating,
        date_added=copy.date_added or known.date_added,
    )
    if entry.are_notes_whole:
        return copy
    return replace(
        copy,
        media_condition=copy.media_condition or known.media_condition,
        sleeve_condition=copy.sleeve_condition or known.sleeve_condition,
        notes=known.notes if copy.notes is None else copy.notes,
        fields=_with_known(copy.fields, known.fields),
    )


def completed_want(entry: ListedWant, known: Want | None) -> Want:
    """Return a listed want with what the page did not tell as it is known."""
    want = entry.want
    if known is None:
        return replace(want, rating=want.rating or 0)
    return replace(
        want,
        rating=known.rating if want.rating is None else want.rating,
        notes=want.notes if entry.are_notes_told else known.notes,
        date_added=want.date_added or known.date_added,
    )


def _with_known(listed: Json, known: Json) -> Json:
    by_field = {int(str(one["field_id"])): one for side in (known, listed) for one in entries_of(side)}
    return [by_field[number] for number in sorted(by_field)]


def release_of(release_id: int, basic: BasicInformation) -> Release:
    """Read what a list page tells of a release; None is what it does not tell, 0 an unknown year or master."""
    return Release(
        release_id=release_id,
        master_id=basic.master_id,
        title=basic.title,
        artist=credit(basic.artists) if basic.artists else None,
        year=_year(basic.year),
        artists=_objects(basic.artists),
        labels=_objects(basic.labels),
        formats=_objects(basic.formats),
        genres=basic.genres,
        styles=basic.styles,
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


def _objects(records: Sequence[Artist | Label | Format] | None) -> list[dict[str, Json]] | None:
    return None if records is None else [_plain(record) for record in records]


def _plain(record: Artist | Label | Format) -> dict[str, Json]:
    """Return one of the client's records as Discogs' own object."""
    return {name: getattr(record, name) for name in record.__slots__}


def _stars(rating: int | None) -> int | None:
    """Take a rating that Discogs can give; another one is unknown."""
    return rating if rating is not None and 0 <= rating <= 5 else None


def _year(year: int | None) -> int | None:
    """Take a year that a calendar can have, or 0, Discogs' word for unknown."""
    return year if year is not None and 0 <= year <= 9999 else None
