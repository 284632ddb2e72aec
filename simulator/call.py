"""One request on its way through the simulator, and the answer that it gets."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from simulator.accounts import Account
from simulator.errors import NOT_YOURS, NotAllowed, NotAuthenticated, NotFound, Unprocessable
from simulator.world import World


@dataclass(frozen=True, slots=True)
class Request:
    """What came over the wire; header names are lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    peer: str
    at: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller. ``account`` is None for anonymous calls and for an application by itself; ``auth`` is the method.

    ``signed_for`` is the account of a call that was signed well with a timestamp or nonce that data routes refuse.
    """

    account: Account | None = None
    auth: str = "none"
    has_credentials: bool = False
    signed_for: Account | None = None


NOBODY = Caller()
LONGEST_NUMBER = 18  # digits; Python itself refuses to read more than 4,300


def whole_number(text: str) -> int | None:
    """Read an unsigned whole number; None if the text is not one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


@dataclass
class Call:
    """A request with everything that answering it takes; ``places`` are the variable parts of the path."""

    world: World
    request: Request
    caller: Caller
    places: dict[str, str] = field(default_factory=dict)

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's parameters."""
        return dict(parse_qsl(self.request.query, keep_blank_values=True))

    @cached_property
    def values(self) -> dict[str, Any]:
        """What a write brings: JSON in the body, or parameters in the query as the documentation has it."""
        given: dict[str, Any] = dict(self.query)
        if self.request.body.strip():
            try:
                body = json.loads(self.request.body)
                json.dumps(body, ensure_ascii=False).encode()  # half of a surrogate pair could not be sent back
            except (ValueError, RecursionError):
                raise Unprocessable("The request body is not valid JSON.") from None
            if isinstance(body, dict):
                given |= body
        return given

    def number(self, place: str) -> int:
        """Return a number from the path. Raises NotFound, as for any number that nothing has."""
        number = whole_number(self.places[place])
        if number is None:
            raise NotFound("The requested resource was not found.")
        return number

    @cached_property
    def owner(self) -> Account:
        """The account in the path. Raises NotFound."""
        account = self.world.account(self.places["username"])
        if account is None:
            raise NotFound("User does not exist or may have been deleted.")
        return account

    @property
    def is_owner(self) -> bool:
        return self.caller.account is not None and self.caller.account is self.owner

    def require_owner(self) -> Account:
        """Return the account if it is the caller's own. Raises NotAuthenticated, NotAllowed."""
        owner = self.owner
        if self.caller.account is None:
            raise NotAuthenticated
        if not self.is_owner:
            raise NotAllowed(NOT_YOURS)
        return owner

    def require_release(self, place: str = "release_id") -> int:
        """Return a release's number if there is such a release. Raises NotFound."""
        release_id = self.number(place)
        if not self.world.catalogue.exists(release_id):
            raise NotFound("That release does not exist or may have been deleted.")
        return release_id
