"""Folders and custom fields as Discogs lists them, completed by what is known: what a list does not tell stays."""

from collections.abc import Sequence

from db import fields, folders
from discogs.records.collection import Field, Folder
from discogs.records.reading import Rows


def read_folders(listed: Rows[Folder], known: Sequence[folders.Folder]) -> list[folders.Folder]:
    """Return the folders of a list. Known ones that it lacks stay if one of its entries could not be read."""
    before = {folder.folder_id: folder for folder in known}
    told = {one.id: _folder(one, before.get(one.id)) for one in listed.items}
    return list((before | told if listed.unreadable else told).values())


def read_fields(listed: Rows[Field], known: Sequence[fields.Field]) -> tuple[fields.Field, ...]:
    """Return the custom fields of a list. Known ones that it lacks stay if one of its entries could not be read."""
    before = {field.field_id: field for field in known}
    told = {one.id: _field(one, before.get(one.id)) for one in listed.items}
    return tuple((before | told if listed.unreadable else told).values())


def _folder(told: Folder, known: folders.Folder | None) -> folders.Folder:
    was = known or folders.Folder(told.id, "", 0)
    return folders.Folder(
        told.id,
        was.name if told.name is None else told.name,
        was.record_count if told.count is None else told.count,
    )


def _field(told: Field, known: fields.Field | None) -> fields.Field:
    was = known or fields.Field(told.id, "", "", (), 0, None, is_public=False)
    return fields.Field(
        field_id=told.id,
        name=was.name if told.name is None else told.name,
        type=was.type if told.type is None else told.type,
        options=was.options if told.options is None else told.options,
        position=was.position if told.position is None else told.position,
        lines=was.lines if told.lines is None else told.lines,
        is_public=was.is_public if told.public is None else told.public,
    )
