"""Folders of a collection; 0 is all of them and 1 takes what has no other."""

from simulator.accounts import Account
from simulator.call import Answer, Call
from simulator.errors import NOT_YOURS, PRIVATE, NotAllowed, NotAuthenticated, NotFound, Unprocessable
from simulator.records import ALL_FOLDER, UNCATEGORIZED
from simulator.shapes import dumped, folder_shape


def viewed_collection(call: Call) -> Account:
    """Return the account whose collection may be looked at. Raises NotAllowed for a private one of someone else."""
    owner = call.owner
    if owner.profile.is_private and not call.is_owner:
        raise NotAllowed(PRIVATE)
    return owner


def viewed_folder(call: Call) -> int:
    """Return the folder in the path; strangers see folder 0 only. Raises NotFound, NotAuthenticated, NotAllowed."""
    folder_id = call.number("folder_id")
    if folder_id != ALL_FOLDER and not call.is_owner:
        raise NotAuthenticated if call.caller.account is None else NotAllowed(NOT_YOURS)
    if folder_id not in call.owner.folders:
        raise NotFound("Folder not found.")
    return folder_id


def show_folders(call: Call) -> Answer:
    """List the folders, not paged; strangers see the first alone."""
    owner = viewed_collection(call)
    seen = list(owner.folders) if call.is_owner else [ALL_FOLDER]
    return Answer(body=dumped({"folders": [folder_shape(owner, each, call.world) for each in seen]}))


def make_folder(call: Call) -> Answer:
    """Make a folder."""
    owner = call.require_owner()
    folder_id = owner.add_folder(_name(call))
    call.world.changes += 1
    return Answer(201, dumped(folder_shape(owner, folder_id, call.world)))


def show_folder(call: Call) -> Answer:
    """Show one folder."""
    owner = viewed_collection(call)
    return Answer(body=dumped(folder_shape(owner, viewed_folder(call), call.world)))


def rename_folder(call: Call) -> Answer:
    """Rename a folder."""
    owner, folder_id = _changeable(call)
    owner.folders[folder_id] = _name(call)
    call.world.changes += 1
    return Answer(body=dumped(folder_shape(owner, folder_id, call.world)))


def drop_folder(call: Call) -> Answer:
    """Remove a folder, which must be empty."""
    owner, folder_id = _changeable(call)
    if owner.count(folder_id):
        raise NotAllowed("The folder must be empty before it can be deleted.")
    del owner.folders[folder_id]
    call.world.changes += 1
    return Answer(204)


def _changeable(call: Call) -> tuple[Account, int]:
    owner = call.require_owner()
    folder_id = viewed_folder(call)
    if folder_id in {ALL_FOLDER, UNCATEGORIZED}:
        raise NotAllowed("This folder cannot be changed.")
    return owner, folder_id


def _name(call: Call) -> str:
    name = call.values.get("name")
    if not isinstance(name, str) or not name.strip():
        raise Unprocessable("A folder needs a name.")
    return name
