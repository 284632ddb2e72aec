"""Accounts and their records, edited as their owners do on discogs.com."""

from collections.abc import Iterable
from dataclasses import asdict

from simulator.accounts import Account
from simulator.admin.forms import AccountChange, CopyEdit, NewAccount, NewCopy, TokenToRevoke, WantEdit
from simulator.admin.places import Places, as_json
from simulator.apparatus import Apparatus
from simulator.call import Answer, Request
from simulator.errors import NotFound, Unprocessable
from simulator.money import RATES
from simulator.pacific import read
from simulator.shapes import Json, dumped, field_shape, folder_shape, item_for_owner, want_shape


def list_accounts(apparatus: Apparatus, _: Request, __: Places) -> Answer:
    """List all accounts."""
    return as_json({"accounts": [summary(apparatus, each) for each in apparatus.world.accounts.values()]})


def open_account(apparatus: Apparatus, request: Request, _: Places) -> Answer:
    """Open an account."""
    wanted = NewAccount.model_validate_json(request.body or b"{}")
    _check_currency(wanted.currency)
    try:
        account = apparatus.world.create_account(**wanted.model_dump())
    except ValueError as error:
        raise Unprocessable(str(error)) from None
    return as_json(summary(apparatus, account), 201)


def show_account(apparatus: Apparatus, _: Request, places: Places) -> Answer:
    """Show one account."""
    return as_json(summary(apparatus, _found(apparatus, places[0])))


def change_account(apparatus: Apparatus, request: Request, places: Places) -> Answer:
    """Change an account."""
    account, change = _found(apparatus, places[0]), AccountChange.model_validate_json(request.body or b"{}")
    _check_currency(change.currency)
    named = apparatus.world.account(change.username) if change.username else None
    if named is not None and named is not account:
        raise Unprocessable(f"There is an account named {change.username} already.")
    for name, value in change.model_dump(exclude_none=True).items():
        setattr(account if name == "is_unstable" else account.profile, name, value)
    apparatus.world.changes += 1
    return as_json(summary(apparatus, account))


def close_account(apparatus: Apparatus, _: Request, places: Places) -> Answer:
    """Close an account."""
    del apparatus.world.accounts[_found(apparatus, places[0]).profile.id]
    apparatus.world.changes += 1
    return Answer(204)


def show_truth(apparatus: Apparatus, _: Request, places: Places) -> Answer:
    """Show everything of an account."""
    return Answer(body=b"".join(truth(apparatus, _found(apparatus, places[0]))))


def give_token(apparatus: Apparatus, _: Request, places: Places) -> Answer:
    """Give out an access token without hand-shake."""
    token, secret = apparatus.world.new_access_token(_found(apparatus, places[0]))
    return as_json({"oauth_token": token, "oauth_token_secret": secret}, 201)


def revoke(apparatus: Apparatus, request: Request, places: Places) -> Answer:
    """Revoke one access token, or all of an account."""
    account, wanted = _found(apparatus, places[0]), TokenToRevoke.model_validate_json(request.body or b"{}")
    if wanted.token is None:
        apparatus.world.revoke_all(account)
    else:
        apparatus.world.revoked.add(wanted.token)
        apparatus.world.changes += 1
    return Answer(204)


def add_copy(apparatus: Apparatus, request: Request, places: Places) -> Answer:
    """Add a copy."""
    account, wanted = _found(apparatus, places[0]), NewCopy.model_validate_json(request.body or b"{}")
    if not apparatus.world.catalogue.exists(wanted.release_id):
        raise NotFound(f"There is no release {wanted.release_id}.")
    instance = apparatus.world.add_copy(account, wanted.release_id)
    _edit(apparatus, account, instance.id, wanted)
    return Answer(201, item_for_owner(instance, apparatus.world))


def edit_copy(apparatus: Apparatus, request: Request, places: Places) -> Answer:
    """Edit a copy."""
    account, wanted = _found(apparatus, places[0]), CopyEdit.model_validate_json(request.body or b"{}")
    instance_id = _copy(account, places[1])
    _edit(apparatus, account, instance_id, wanted)
    return Answer(200, item_for_owner(account.instances[instance_id], apparatus.world))


def drop_copy(apparatus: Apparatus, _: Request, places: Places) -> Answer:
    """Remove a copy."""
    account = _found(apparatus, places[0])
    apparatus.world.remove_copy(account, _copy(account, places[1]))
    return Answer(204)


def put_want(apparatus: Apparatus, request: Request, places: Places) -> Answer:
    """Put or edit a wish."""
    account, wanted = _found(apparatus, places[0]), WantEdit.model_validate_json(request.body or b"{}")
    added = read(wanted.date_added) if wanted.date_added else None
    want = apparatus.world.put_want(account, int(places[1]), rating=wanted.rating, notes=wanted.notes, added=added)
    return as_json(want_shape(want, account, apparatus.world, is_owner=True))


def drop_want(apparatus: Apparatus, _: Request, places: Places) -> Answer:
    """Drop a wish."""
    if not apparatus.world.remove_want(_found(apparatus, places[0]), int(places[1])):
        raise NotFound(f"Release {places[1]} is not wanted.")
    return Answer(204)


def truth(apparatus: Apparatus, account: Account) -> Iterable[bytes]:
    """Write everything of an account, copies as their owner sees them, in pieces of one JSON object."""
    head = {
        "account": summary(apparatus, account),
        "fields": [field_shape(each) for each in account.fields.values()],
        "folders": [folder_shape(account, each, apparatus.world) for each in account.folders],
        "wants": [want_shape(each, account, apparatus.world, is_owner=True) for each in account.wants.values()],
    }
    yield dumped(head)[:-1] + b',"instances":['
    yield b",".join(item_for_owner(each, apparatus.world) for each in account.instances.values())
    yield b"]}"


def summary(apparatus: Apparatus, account: Account) -> Json:
    """Return an account for the list, its personal token included."""
    return {
        **asdict(account.profile),
        "records": account.count(0),
        "wants": len(account.wants),
        "is_unstable": account.is_unstable,
        "url": apparatus.world.user_url(account.profile.username),
    }


def _found(apparatus: Apparatus, username: str) -> Account:
    account = apparatus.world.account(username)
    if account is None:
        raise NotFound(f"There is no account {username}.")
    return account


def _copy(account: Account, number: str) -> int:
    if int(number) not in account.instances:
        raise NotFound(f"{account.profile.username} has no copy {number}.")
    return int(number)


def _edit(apparatus: Apparatus, account: Account, instance_id: int, wanted: CopyEdit) -> None:
    if wanted.folder_id is not None and (wanted.folder_id == 0 or wanted.folder_id not in account.folders):
        raise Unprocessable(f"There is no folder {wanted.folder_id} for a copy.")
    unknown = wanted.notes.keys() - account.fields.keys()
    if unknown:
        raise Unprocessable(f"There are no fields {sorted(unknown)}.")
    added = read(wanted.date_added) if wanted.date_added else None
    apparatus.world.change_copy(account, instance_id, rating=wanted.rating, folder_id=wanted.folder_id, added=added)
    for field_id, value in wanted.notes.items():
        apparatus.world.note_copy(account, instance_id, field_id, value)


def _check_currency(currency: str | None) -> None:
    if currency and currency not in RATES:
        raise Unprocessable(f"Currency must be one of {', '.join(RATES)}, or empty.")
