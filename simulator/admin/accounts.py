"""Accounts and their records, edited as their owners do on discogs.com."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from simulator.accounts import Account
from simulator.admin.forms import AccountChange, CopyEdit, NewAccount, NewCopy, TokenToRevoke, WantEdit
from simulator.admin.places import Places, as_json
from simulator.call import Answer, Request
from simulator.errors import NotFound, Unprocessable
from simulator.money import RATES
from simulator.pacific import read
from simulator.shapes import Json, dumped, field_shape, folder_shape, item_for_owner, want_shape

if TYPE_CHECKING:  # the service brings its requests here
    from simulator.service import Service


def list_accounts(service: "Service", _: Request, __: Places) -> Answer:
    """List all accounts."""
    return as_json({"accounts": [summary(service, each) for each in service.world.accounts.values()]})


def open_account(service: "Service", request: Request, _: Places) -> Answer:
    """Open an account."""
    wanted = NewAccount.model_validate_json(request.body or b"{}")
    _check_currency(wanted.currency)
    try:
        account = service.world.create_account(**wanted.model_dump())
    except ValueError as error:
        raise Unprocessable(str(error)) from None
    return as_json(summary(service, account), 201)


def show_account(service: "Service", _: Request, places: Places) -> Answer:
    """Show one account."""
    return as_json(summary(service, _found(service, places[0])))


def change_account(service: "Service", request: Request, places: Places) -> Answer:
    """Change an account."""
    account, change = _found(service, places[0]), AccountChange.model_validate_json(request.body or b"{}")
    _check_currency(change.currency)
    named = service.world.account(change.username) if change.username else None
    if named is not None and named is not account:
        raise Unprocessable(f"There is an account named {change.username} already.")
    for name, value in change.model_dump(exclude_none=True).items():
        setattr(account if name == "is_unstable" else account.profile, name, value)
    service.world.changes += 1
    return as_json(summary(service, account))


def close_account(service: "Service", _: Request, places: Places) -> Answer:
    """Close an account."""
    del service.world.accounts[_found(service, places[0]).profile.id]
    service.world.changes += 1
    return Answer(204)


def show_truth(service: "Service", _: Request, places: Places) -> Answer:
    """Show everything of an account."""
    return Answer(body=b"".join(truth(service, _found(service, places[0]))))


def give_token(service: "Service", _: Request, places: Places) -> Answer:
    """Give out an access token without hand-shake."""
    token, secret = service.world.new_access_token(_found(service, places[0]))
    return as_json({"oauth_token": token, "oauth_token_secret": secret}, 201)


def revoke(service: "Service", request: Request, places: Places) -> Answer:
    """Revoke one access token, or all of an account."""
    account, wanted = _found(service, places[0]), TokenToRevoke.model_validate_json(request.body or b"{}")
    if wanted.token is None:
        service.world.revoke_all(account)
    else:
        service.world.revoked.add(wanted.token)
        service.world.changes += 1
    return Answer(204)


def add_copy(service: "Service", request: Request, places: Places) -> Answer:
    """Add a copy."""
    account, wanted = _found(service, places[0]), NewCopy.model_validate_json(request.body or b"{}")
    if not service.world.catalogue.exists(wanted.release_id):
        raise NotFound(f"There is no release {wanted.release_id}.")
    instance = service.world.add_copy(account, wanted.release_id)
    _edit(service, account, instance.id, wanted)
    return Answer(201, item_for_owner(instance, service.world))


def edit_copy(service: "Service", request: Request, places: Places) -> Answer:
    """Edit a copy."""
    account, wanted = _found(service, places[0]), CopyEdit.model_validate_json(request.body or b"{}")
    instance_id = _copy(account, places[1])
    _edit(service, account, instance_id, wanted)
    return Answer(200, item_for_owner(account.instances[instance_id], service.world))


def drop_copy(service: "Service", _: Request, places: Places) -> Answer:
    """Remove a copy."""
    account = _found(service, places[0])
    service.world.remove_copy(account, _copy(account, places[1]))
    return Answer(204)


def put_want(service: "Service", request: Request, places: Places) -> Answer:
    """Put or edit a wish."""
    account, wanted = _found(service, places[0]), WantEdit.model_validate_json(request.body or b"{}")
    added = read(wanted.date_added) if wanted.date_added else None
    want = service.world.put_want(account, int(places[1]), rating=wanted.rating, notes=wanted.notes, added=added)
    return as_json(want_shape(want, account, service.world, is_owner=True))


def drop_want(service: "Service", _: Request, places: Places) -> Answer:
    """Drop a wish."""
    if not service.world.remove_want(_found(service, places[0]), int(places[1])):
        raise NotFound(f"Release {places[1]} is not wanted.")
    return Answer(204)


def truth(service: "Service", account: Account) -> Iterable[bytes]:
    """Write everything of an account, copies as their owner sees them, in pieces of one JSON object."""
    head = {
        "account": summary(service, account),
        "fields": [field_shape(each) for each in account.fields.values()],
        "folders": [folder_shape(account, each, service.world) for each in account.folders],
        "wants": [want_shape(each, account, service.world, is_owner=True) for each in account.wants.values()],
    }
    yield dumped(head)[:-1] + b',"instances":['
    yield b",".join(item_for_owner(each, service.world) for each in account.instances.values())
    yield b"]}"


def summary(service: "Service", account: Account) -> Json:
    """Return an account for the list, its personal token included."""
    return {
        **asdict(account.profile),
        "records": account.count(0),
        "wants": len(account.wants),
        "is_unstable": account.is_unstable,
        "url": f"{service.world.url}/users/{account.profile.username}",
    }


def _found(service: "Service", username: str) -> Account:
    account = service.world.account(username)
    if account is None:
        raise NotFound(f"There is no account {username}.")
    return account


def _copy(account: Account, number: str) -> int:
    if int(number) not in account.instances:
        raise NotFound(f"{account.profile.username} has no copy {number}.")
    return int(number)


def _edit(service: "Service", account: Account, instance_id: int, wanted: CopyEdit) -> None:
    if wanted.folder_id is not None and (wanted.folder_id == 0 or wanted.folder_id not in account.folders):
        raise Unprocessable(f"There is no folder {wanted.folder_id} for a copy.")
    unknown = wanted.notes.keys() - account.fields.keys()
    if unknown:
        raise Unprocessable(f"There are no fields {sorted(unknown)}.")
    added = read(wanted.date_added) if wanted.date_added else None
    service.world.change_copy(account, instance_id, rating=wanted.rating, folder_id=wanted.folder_id, added=added)
    for field_id, value in wanted.notes.items():
        service.world.note_copy(account, instance_id, field_id, value)


def _check_currency(currency: str | None) -> None:
    if currency and currency not in RATES:
        raise Unprocessable(f"Currency must be one of {', '.join(RATES)}, or empty.")
