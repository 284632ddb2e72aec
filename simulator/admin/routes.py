"""Which admin path is answered by what."""

import re
from urllib.parse import unquote

from pydantic import ValidationError

from simulator.admin import accounts, instruments
from simulator.admin.places import Handler
from simulator.apparatus import Apparatus
from simulator.call import Answer, Request
from simulator.errors import MethodNotAllowed, NotFound, Refused


def administer(apparatus: Apparatus, request: Request) -> Answer:
    """Answer one request of the admin API."""
    try:
        for pattern, verbs in _ROUTES:
            match = pattern.fullmatch(request.path)
            if match is not None:
                handler = verbs.get(request.method)
                if handler is None:
                    raise MethodNotAllowed(request.method)
                return handler(apparatus, request, tuple(unquote(part) for part in match.groups()))
        raise NotFound("The simulator has no such admin path; docs/simulator.md lists them.")
    except Refused as refusal:
        return Answer(refusal.status, refusal.body)
    except ValidationError as error:
        return Answer(422, error.json(include_url=False, include_context=False).encode())


def _route(path: str, **verbs: Handler) -> tuple[re.Pattern[str], dict[str, Handler]]:
    return re.compile(f"/_simulator{path}"), verbs


_ROUTES = (
    _route("/?", GET=instruments.overview),
    _route("/accounts", GET=accounts.list_accounts, POST=accounts.open_account),
    _route(
        "/accounts/([^/]+)", GET=accounts.show_account, PATCH=accounts.change_account, DELETE=accounts.close_account
    ),
    _route("/accounts/([^/]+)/truth", GET=accounts.show_truth),
    _route("/accounts/([^/]+)/tokens", POST=accounts.give_token),
    _route("/accounts/([^/]+)/revoke", POST=accounts.revoke),
    _route("/accounts/([^/]+)/copies", POST=accounts.add_copy),
    _route(r"/accounts/([^/]+)/copies/(\d{1,18})", PATCH=accounts.edit_copy, DELETE=accounts.drop_copy),
    _route(r"/accounts/([^/]+)/wants/(\d{1,18})", PUT=accounts.put_want, DELETE=accounts.drop_want),
    _route("/log", GET=instruments.show_log, DELETE=instruments.clear_log),
    _route("/windows", GET=instruments.show_windows),
    _route("/limit", DELETE=instruments.forget_limit),
    _route("/faults", GET=instruments.list_faults, POST=instruments.add_fault, DELETE=instruments.clear_faults),
    _route(r"/faults/(\d{1,18})", DELETE=instruments.drop_fault),
    _route(r"/images/(\d{1,18})/(\d{1,18})\.svg", GET=instruments.draw),
)
