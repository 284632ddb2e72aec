"""Copies: add, rate, move, remove, and write a field."""

from simulator.accounts import Account
from simulator.answers.folders import viewed_folder
from simulator.call import Answer, Call, whole_number
from simulator.errors import NotFound, Unprocessable
from simulator.records import ALL_FOLDER, Instance
from simulator.shapes import dumped

HIGHEST_RATING = 5


def add_copy(call: Call) -> Answer:
    """Add a copy; never idempotent, each call adds another. Folder 0 is no place to add to."""
    owner = call.require_owner()
    folder_id = viewed_folder(call)
    if folder_id == ALL_FOLDER:
        raise Unprocessable("Invalid folder_id: items can not be added to folder 0.")
    release_id = call.require_release()
    instance = call.world.add_copy(owner, release_id, folder_id=folder_id)
    folder = f"{call.world.user_url(owner.profile.username)}/collection/folders/{folder_id}"
    address = f"{folder}/releases/{release_id}/instances/{instance.id}"
    return Answer(201, dumped({"instance_id": instance.id, "resource_url": address}))


def change_copy(call: Call) -> Answer:
    """Rate a copy, move it to another folder, or both."""
    owner, instance = _found(call)
    rating, folder_id = asked_rating(call), call.values.get("folder_id")
    if folder_id is not None:
        folder_id = _whole(folder_id, "folder_id")
        if folder_id == ALL_FOLDER or folder_id not in owner.folders:
            raise NotFound("Folder not found.")
    call.world.change_copy(owner, instance.id, rating=rating, folder_id=folder_id)
    return Answer(204)


def drop_copy(call: Call) -> Answer:
    """Remove a copy."""
    owner, instance = _found(call)
    call.world.remove_copy(owner, instance.id)
    return Answer(204)


def note_copy(call: Call) -> Answer:
    """Write a field; a dropdown takes exactly one of its options, and nothing takes the value away."""
    owner, instance = _found(call)
    field = owner.fields.get(call.number("field_id"))
    if field is None:
        raise NotFound("Field not found.")
    value = call.values.get("value")
    if not isinstance(value, str):
        raise Unprocessable("Invalid value: expected text.")
    if field.type == "dropdown" and value and value not in field.options:
        raise Unprocessable(f"Invalid value: expected one of {', '.join(field.options)}")
    call.world.note_copy(owner, instance.id, field.id, value)
    return Answer(204)


def asked_rating(call: Call) -> int | None:
    """Read a rating of 0 to 5; None if there is none. Raises Unprocessable."""
    rating = call.values.get("rating")
    if rating is None:
        return None
    rating = _whole(rating, "rating")
    if not 0 <= rating <= HIGHEST_RATING:
        raise Unprocessable("Invalid rating: expected an integer between 0 and 5.")
    return rating


def _found(call: Call) -> tuple[Account, Instance]:
    """Find the copy; the folder in the path must be the one it is in, so folder 0 finds nothing."""
    owner = call.require_owner()
    folder_id, release_id = viewed_folder(call), call.number("release_id")
    instance = owner.instances.get(call.number("instance_id"))
    if instance is None or instance.folder_id != folder_id or instance.release_id != release_id:
        raise NotFound("Item not found in the collection.")
    return owner, instance


def _whole(value: object, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = whole_number(value) if isinstance(value, str) else None
    if number is not None:
        return number
    raise Unprocessable(f"Invalid {name}: expected an integer.")
