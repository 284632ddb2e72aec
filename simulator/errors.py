"""How the simulator says no; bodies as in the contract, section 5.

Refused                      answered as it is, with a status and a body
├── NotAuthenticated         401, nobody or not enough
├── InvalidCredentials       401, a token or key that nobody gave out
├── NotAllowed               403, someone else's
├── NotFound                 404
├── MethodNotAllowed         405
├── Unprocessable            422
├── TooFast                  429, without Retry-After
├── HandshakeRefused         the token calls of OAuth, plain text
└── TurnedAway               403 in HTML, from what stands before Discogs
"""

import json

PRIVATE = "You are not allowed to view this resource. Please authenticate as the owner to view this content."
NOT_YOURS = "You don't have permission to access this resource."
NO_SUCH_PATH = "The requested resource was not found."
REALM = 'OAuth realm="https://api.discogs.com"'


class Refused(Exception):
    """An answer that is not what was asked for."""

    status = 400
    content_type = "application/json"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def body(self) -> bytes:
        return json.dumps({"message": self.message}).encode()

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        return ()


class NotAuthenticated(Refused):
    """Credentials are needed here."""

    status = 401

    def __init__(self) -> None:
        super().__init__("You must authenticate to access this resource.")

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        return (("WWW-Authenticate", REALM),)


class InvalidCredentials(Refused):
    """A token or key that is unknown or revoked."""

    status = 401

    def __init__(self) -> None:
        super().__init__("Invalid consumer token. Please register an app before making requests.")


class NotAllowed(Refused):
    """It is someone else's."""

    status = 403


class NotFound(Refused):
    """There is no such thing."""

    status = 404


class MethodNotAllowed(Refused):
    """The thing is there, the verb is not."""

    status = 405

    def __init__(self, method: str) -> None:
        super().__init__(f"Method {method} is not allowed for this resource.")


class Unprocessable(Refused):
    """A value that this endpoint does not know; some are said in the newer of two forms."""

    status = 422

    def __init__(self, message: str, *, where: tuple[str, str] | None = None) -> None:
        super().__init__(message)
        self.where = where

    @property
    def body(self) -> bytes:
        if self.where is None:
            return super().body
        detail = [{"type": "literal_error", "loc": list(self.where), "msg": self.message}]
        return json.dumps({"detail": detail, "message": self.message}).encode()


class TooFast(Refused):
    """Over the limit. The contract knows two bodies (section 1.3), and so do we."""

    status = 429

    def __init__(self, *, is_empty: bool = False) -> None:
        super().__init__("You are making requests too quickly.")
        self.is_empty = is_empty

    @property
    def body(self) -> bytes:
        return b"\n" if self.is_empty else super().body


class HandshakeRefused(Refused):
    """A token call that failed; its answers are plain text."""

    content_type = "text/plain; charset=utf-8"

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    @property
    def body(self) -> bytes:
        return self.message.encode()


class TurnedAway(Refused):
    """What Cloudflare shows to whom it does not like."""

    status = 403
    content_type = "text/html; charset=UTF-8"

    def __init__(self) -> None:
        super().__init__("Access denied")

    @property
    def body(self) -> bytes:
        title = b"Access denied | Cloudflare"
        return b"<!DOCTYPE html><html><head><title>%b</title></head><body><h1>%b</h1></body></html>" % (title, title)
