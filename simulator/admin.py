"""The admin API under /_simulator: accounts, truth, log, windows and faults. Not counted, not logged."""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.accounts import Account
from simulator.call import Answer, Request
from simulator.cover import drawn
from simulator.errors import MethodNotAllowed, NotFound, Refused, Unprocessable
from simulator.faults import Fault
from simulator.log import Arrival
from simulator.money import RATES
from simulator.pacific import read
from simulator.seeding import Oddness
from simulator.shapes import Json, dumped, field_shape, folder_shape, item_for_owner, want_shape

if TYPE_CHECKING:  # the service brings its requests here
    from simulator.service import Service


class Order(BaseModel):
    """What a request brings; unknown keys are refused, so that a typing error is not silence."""

    model_config = ConfigDict(extra="forbid")


class NewAccount(Order):
    """An account to be opened."""

    username: str = Field(min_length=1, pattern=r"^[^/\s]+$")
    records: int = Field(default=0, ge=0, le=1_000_000)
    wants: int = Field(default=0, ge=0, le=1_000_000)
    seed: int | None = None
    oddness: Oddness = Oddness.ALL
    copies: int = Field(default=1, ge=1)
    currency: str = "USD"
    is_private: bool = False
    has_seller_settings: bool = False
    has_own_fields: bool = True
    personal_token: str | None = None


class AccountChange(Order):
    """What can be changed about an account."""

    username: str | None = Field(default=None, min_length=1, pattern=r"^[^/\s]+$")
    currency: str | None = None
    is_private: bool | None = None
    has_seller_settings: bool | None = None
    is_unstable: bool | None = None


class CopyEdit(Order):
    """A copy as its owner edits it on discogs.com; ``notes`` are values by field number, empty ones go away."""

    folder_id: int | None = None
    rating: int | None = Field(default=None, ge=0, le=5)
    date_added: str | None = None
    notes: dict[int, str] = Field(default_factory=dict)


class NewCopy(CopyEdit):
    """A copy to be added."""

    release_id: int


class WantEdit(Order):
    """A wish as the collector edits it."""

    rating: int | None = Field(default=None, ge=0, le=5)
    notes: str | None = None
    date_added: str | None = None


class TokenToRevoke(Order):
    """One token, or with none all access tokens of the account."""

    token: str | None = None


Places = tuple[str, ...]
Handler = Callable[["Service", Request, Places], Answer]


def administer(service: "Service", request: Request) -> Answer:
    """Answer one request of the admin API."""
    try:
        for pattern, verbs in _ROUTES:
            match = pattern.fullmatch(request.path)
            if match is not None:
                handler = verbs.get(request.method)
                if handler is None:
                    raise MethodNotAllowed(request.method)
                return handler(service, request, match.groups())
        raise NotFound("The simulator has no such admin path; docs/simulator.md lists them.")
    except Refused as refusal:
        return Answer(refusal.status, refusal.body)
    except ValidationError as error:
        return Answer(422, error.json(include_url=False, include_context=False).encode())


def truth(service: "Service", account: Account) -> Iterable[bytes]:
    """Write everything of an account, copies as their owner sees them, in pieces of one JSON object."""
    head = {
        "account": _account(service, account),
        "fields": [field_shape(each) for each in account.fields.values()],
        "folders": [folder_shape(account, each, service.world) for each in account.folders],
        "wants": [want_shape(each, account, service.world, is_owner=True) for each in account.wants.values()],
    }
    yield dumped(head)[:-1] + b',"instances":['
    yield b",".join(item_for_owner(each, service.world) for each in account.instances.values())
    yield b"]}"


def _overview(service: "Service", _: Request, __: Places) -> Answer:
    return _json(
        {
            "url": service.world.url,
            "seed": service.world.seed,
            "limit": service.limit.authenticated,
            "anonymous_limit": service.limit.anonymous,
            "window_seconds": service.limit.window_seconds,
            "accounts": [_account(service, each) for each in service.world.accounts.values()],
            "arrivals": len(service.log.arrivals),
            "faults": len(service.faults.all()),
        }
    )


def _list_accounts(service: "Service", _: Request, __: Places) -> Answer:
    return _json({"accounts": [_account(service, each) for each in service.world.accounts.values()]})


def _open_account(service: "Service", request: Request, _: Places) -> Answer:
    wanted = NewAccount.model_validate_json(request.body or b"{}")
    _check_currency(wanted.currency)
    try:
        account = service.world.create_account(**wanted.model_dump())
    except ValueError as error:
        raise Unprocessable(str(error)) from None
    return _json(_account(service, account), 201)


def _show_account(service: "Service", _: Request, places: Places) -> Answer:
    return _json(_account(service, _found(service, places[0])))


def _change_account(service: "Service", request: Request, places: Places) -> Answer:
    account, change = _found(service, places[0]), AccountChange.model_validate_json(request.body or b"{}")
    _check_currency(change.currency)
    named = service.world.account(change.username) if change.username else None
    if named is not None and named is not account:
        raise Unprocessable(f"There is an account named {change.username} already.")
    for name, value in change.model_dump(exclude_none=True).items():
        setattr(account if name == "is_unstable" else account.profile, name, value)
    service.world.changes += 1
    return _json(_account(service, account))


def _close_account(service: "Service", _: Request, places: Places) -> Answer:
    del service.world.accounts[_found(service, places[0]).profile.id]
    service.world.changes += 1
    return Answer(204)


def _show_truth(service: "Service", _: Request, places: Places) -> Answer:
    return Answer(body=b"".join(truth(service, _found(service, places[0]))))


def _give_token(service: "Service", _: Request, places: Places) -> Answer:
    token, secret = service.world.new_access_token(_found(service, places[0]))
    return _json({"oauth_token": token, "oauth_token_secret": secret}, 201)


def _revoke(service: "Service", request: Request, places: Places) -> Answer:
    account, wanted = _found(service, places[0]), TokenToRevoke.model_validate_json(request.body or b"{}")
    if wanted.token is None:
        service.world.revoke_all(account)
    else:
        service.world.revoked.add(wanted.token)
        service.world.changes += 1
    return Answer(204)


def _add_copy(service: "Service", request: Request, places: Places) -> Answer:
    account, wanted = _found(service, places[0]), NewCopy.model_validate_json(request.body or b"{}")
    if not service.world.catalogue.exists(wanted.release_id):
        raise NotFound(f"There is no release {wanted.release_id}.")
    instance = service.world.add_copy(account, wanted.release_id)
    _edit(service, account, instance.id, wanted)
    return Answer(201, item_for_owner(instance, service.world))


def _edit_copy(service: "Service", request: Request, places: Places) -> Answer:
    account, wanted = _found(service, places[0]), CopyEdit.model_validate_json(request.body or b"{}")
    instance_id = _copy(account, places[1])
    _edit(service, account, instance_id, wanted)
    return Answer(200, item_for_owner(account.instances[instance_id], service.world))


def _drop_copy(service: "Service", _: Request, places: Places) -> Answer:
    account = _found(service, places[0])
    service.world.remove_copy(account, _copy(account, places[1]))
    return Answer(204)


def _put_want(service: "Service", request: Request, places: Places) -> Answer:
    account, wanted = _found(service, places[0]), WantEdit.model_validate_json(request.body or b"{}")
    added = read(wanted.date_added) if wanted.date_added else None
    want = service.world.put_want(account, int(places[1]), rating=wanted.rating, notes=wanted.notes, added=added)
    return _json(want_shape(want, account, service.world, is_owner=True))


def _drop_want(service: "Service", _: Request, places: Places) -> Answer:
    if not service.world.remove_want(_found(service, places[0]), int(places[1])):
        raise NotFound(f"Release {places[1]} is not wanted.")
    return Answer(204)


def _show_log(service: "Service", _: Request, __: Places) -> Answer:
    return Answer(
        body="".join(f"{line}\n" for line in service.log.lines()).encode(), content_type="application/x-ndjson"
    )


def _clear_log(service: "Service", _: Request, __: Places) -> Answer:
    service.log.clear()
    return Answer(204)


def _show_windows(service: "Service", request: Request, _: Places) -> Answer:
    """Tell the most requests in any window; ``seconds``, ``user``, ``peer`` and ``endpoint`` narrow it."""
    asked = dict(parse_qsl(request.query))
    seconds = float(asked.pop("seconds", service.limit.window_seconds))
    unknown = asked.keys() - {"user", "peer", "endpoint"}
    if unknown:
        raise Unprocessable(f"A window cannot be narrowed by {', '.join(sorted(unknown))}.")

    def is_chosen(arrival: Arrival) -> bool:
        return all(getattr(arrival, name) == value for name, value in asked.items())

    counted = service.log.counted(is_chosen)
    statuses: dict[str, int] = {}
    for each in counted:
        statuses[str(each.status)] = statuses.get(str(each.status), 0) + 1
    most = service.log.most_in_window(seconds, is_chosen)
    return _json({"seconds": seconds, "requests": len(counted), "most": most, "statuses": statuses})


def _list_faults(service: "Service", _: Request, __: Places) -> Answer:
    return _json({"faults": [each.model_dump() for each in service.faults.all()]})


def _add_fault(service: "Service", request: Request, _: Places) -> Answer:
    return _json(service.faults.add(Fault.model_validate_json(request.body or b"{}")).model_dump(), 201)


def _clear_faults(service: "Service", _: Request, __: Places) -> Answer:
    service.faults.clear()
    return Answer(204)


def _drop_fault(service: "Service", _: Request, places: Places) -> Answer:
    if not service.faults.remove(int(places[0])):
        raise NotFound(f"There is no fault {places[0]}.")
    return Answer(204)


def _forget_limit(service: "Service", _: Request, __: Places) -> Answer:
    service.limit.forget()
    return Answer(204)


def _draw(service: "Service", _: Request, places: Places) -> Answer:
    release_id = int(places[0])
    if not service.world.catalogue.exists(release_id):
        raise NotFound(f"There is no release {release_id}.")
    picture = drawn(service.world.catalogue.release(release_id), int(places[1]))
    return Answer(200, picture.encode(), "image/svg+xml")


def _route(path: str, **verbs: Handler) -> tuple[re.Pattern[str], dict[str, Handler]]:
    return re.compile(f"/_simulator{path}"), verbs


_ROUTES = (
    _route("/?", GET=_overview),
    _route("/accounts", GET=_list_accounts, POST=_open_account),
    _route("/accounts/([^/]+)", GET=_show_account, PATCH=_change_account, DELETE=_close_account),
    _route("/accounts/([^/]+)/truth", GET=_show_truth),
    _route("/accounts/([^/]+)/tokens", POST=_give_token),
    _route("/accounts/([^/]+)/revoke", POST=_revoke),
    _route("/accounts/([^/]+)/copies", POST=_add_copy),
    _route(r"/accounts/([^/]+)/copies/(\d+)", PATCH=_edit_copy, DELETE=_drop_copy),
    _route(r"/accounts/([^/]+)/wants/(\d+)", PUT=_put_want, DELETE=_drop_want),
    _route("/log", GET=_show_log, DELETE=_clear_log),
    _route("/windows", GET=_show_windows),
    _route("/limit", DELETE=_forget_limit),
    _route("/faults", GET=_list_faults, POST=_add_fault, DELETE=_clear_faults),
    _route(r"/faults/(\d+)", DELETE=_drop_fault),
    _route(r"/images/(\d+)/(\d+)\.svg", GET=_draw),
)


def _account(service: "Service", account: Account) -> Json:
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


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(status, dumped(value))
