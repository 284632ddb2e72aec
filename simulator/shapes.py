"""Records as Discogs writes them in JSON: keys, order and types as in the contract, section 3."""

import json
from typing import Any

from simulator.accounts import Account
from simulator.catalogue.pressing import Credit, Format, Imprint, Oddity, Release
from simulator.pacific import written
from simulator.records import Field, Instance, Want
from simulator.world import World

Json = dict[str, Any]

_MISSING_IN_ODD = ("master_id", "master_url", "thumb", "cover_image", "styles", "year")


def dumped(value: Any) -> bytes:
    """Write JSON as UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def basic_information(release: Release, world: World) -> Json:
    """What lists know about a release: not country, barcode, tracks or prices."""
    base = world.url
    has_picture = release.oddity is not Oddity.NO_PICTURE
    shape: Json = {
        "id": release.id,
        "master_id": release.master_id,
        "master_url": f"{base}/masters/{release.master_id}" if release.master_id else None,
        "resource_url": f"{base}/releases/{release.id}",
        "thumb": picture(release, world, 150) if has_picture else "",
        "cover_image": picture(release, world, 600) if has_picture else "",
        "title": release.title,
        "year": release.year,
        "formats": [format_shape(each) for each in release.formats],
        "labels": [label_shape(each, base) for each in release.labels],
        "artists": [artist_shape(each, base) for each in release.artists],
        "genres": list(release.genres),
        "styles": list(release.styles),
    }
    if release.oddity is Oddity.MISSING_KEYS:
        for key in _MISSING_IN_ODD:
            del shape[key]
    return shape


def picture(release: Release, world: World, size: int) -> str:
    """Return where the cover is drawn."""
    return f"{world.url}/_simulator/images/{release.id}/{size}.svg"


def format_shape(each: Format) -> Json:
    """``qty`` is text; what is not there is a missing key."""
    shape: Json = {"name": each.name, "qty": each.qty}
    if each.text is not None:
        shape["text"] = each.text
    if each.descriptions:
        shape["descriptions"] = list(each.descriptions)
    return shape


def label_shape(each: Imprint, base: str) -> Json:
    """``entity_type`` is text."""
    return {
        "name": each.name,
        "catno": each.catno,
        "entity_type": "1",
        "entity_type_name": "Label",
        "id": each.id,
        "resource_url": f"{base}/labels/{each.id}",
    }


def artist_shape(each: Credit, base: str) -> Json:
    """An artist as credited."""
    return {
        "name": each.name,
        "anv": each.anv,
        "join": each.join,
        "role": "",
        "tracks": "",
        "id": each.id,
        "resource_url": f"{base}/artists/{each.id}",
    }


def item_for_owner(instance: Instance, world: World) -> bytes:
    """One copy with folder and all notes; ``notes`` is missing when no field is set. Kept until the next edit."""
    if instance.written is None:
        shape = _item(instance, world)
        shape["folder_id"] = instance.folder_id
        if instance.notes:
            shape["notes"] = _notes(instance.notes)
        instance.written = dumped(shape)
    return instance.written


def item_for_others(instance: Instance, account: Account, world: World) -> bytes:
    """One copy as strangers see it: no folder, and only the public fields."""
    shape = _item(instance, world)
    public = {number: value for number, value in instance.notes.items() if account.fields[number].is_public}
    if public:
        shape["notes"] = _notes(public)
    return dumped(shape)


def _item(instance: Instance, world: World) -> Json:
    return {
        "id": instance.release_id,
        "instance_id": instance.id,
        "date_added": written(instance.added),
        "rating": instance.rating,
        "basic_information": basic_information(world.catalogue.release(instance.release_id), world),
    }


def _notes(notes: dict[int, str]) -> list[Json]:
    return [{"field_id": number, "value": value} for number, value in notes.items()]


def want_shape(want: Want, account: Account, world: World, *, is_owner: bool) -> Json:
    """One wish; its notes are the owner's alone."""
    shape: Json = {
        "id": want.release_id,
        "resource_url": f"{world.user_url(account.profile.username)}/wants/{want.release_id}",
        "date_added": written(want.added),
        "basic_information": basic_information(world.catalogue.release(want.release_id), world),
        "rating": want.rating,
    }
    if is_owner and want.notes:
        shape["notes"] = want.notes
    return shape


def folder_shape(account: Account, folder_id: int, world: World) -> Json:
    """One folder with its count."""
    return {
        "id": folder_id,
        "name": account.folders[folder_id],
        "count": account.count(folder_id),
        "resource_url": f"{world.user_url(account.profile.username)}/collection/folders/{folder_id}",
    }


def field_shape(field: Field) -> Json:
    """One custom field: dropdowns have options, text areas have lines."""
    shape: Json = {
        "id": field.id,
        "name": field.name,
        "type": field.type,
        "position": field.position,
        "public": field.is_public,
    }
    return shape | ({"options": list(field.options)} if field.type == "dropdown" else {"lines": field.lines})
