"""What the API answers when it cannot do what was asked: few codes, one map from the rooms' errors, one body.

A body is ``{"error": {"code", "reason", "message", "next_step"}}``. The code decides the status; the reason tells
answers of one code apart, for programs; the message is for people. A stranger hears "Internal error." of what nobody
foresaw.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from actors.errors import ActorError, Denied, NotConnected, OtherAccount, VerifierRefused
from db.errors import (
    DatabaseError,
    HandshakeElsewhere,
    HandshakeExpired,
    HandshakeForeign,
    HandshakeUnknown,
    HandshakeUsed,
    MayBeRetried,
    SealBroken,
    UnknownUser,
)
from discogs.errors import (
    ApplicationRejected,
    Blocked,
    DiscogsError,
    Gone,
    PermitExpired,
    Throttled,
    Unauthorised,
    Unavailable,
)
from workers.limiter.errors import LimiterError

RETRY_AFTER_SECONDS = 5
RETRY_AFTER_THROTTLED_SECONDS = 60


class Code(StrEnum):
    """All there are."""

    INVALID = "invalid"
    TOO_LARGE = "too_large"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    NOT_CONNECTED = "not_connected"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


STATUS: Mapping[Code, int] = {
    Code.INVALID: 422,
    Code.TOO_LARGE: 413,
    Code.UNAUTHORISED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.CONFLICT: 409,
    Code.NOT_CONNECTED: 409,
    Code.UNAVAILABLE: 503,
    Code.INTERNAL: 500,
}


class ApiError(Exception):
    """An answer that is not what was asked for; ``reason`` defaults to the code."""

    def __init__(
        self,
        code: Code,
        message: str,
        next_step: str,
        *,
        reason: str | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason or str(code)
        self.next_step = next_step
        self.status = status or STATUS[code]
        self.headers = dict(headers or {})

    def body(self) -> dict[Literal["error"], dict[str, str]]:
        """Return what is sent."""
        said = {"code": str(self.code), "reason": self.reason, "message": str(self), "next_step": self.next_step}
        return {"error": said}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a room's error is to a caller. Without ``message`` the room's own sentence is said."""

    code: Code
    reason: str
    next_step: str
    message: str | None = None
    retry_after: int | None = None


_AGAIN = "Begin the connection anew."
_LATER = "Try again later; nothing was changed."

# Asked from top to bottom; the first line that fits an error is its meaning.
_MEANINGS: tuple[tuple[type[Exception], Meaning], ...] = (
    (HandshakeUnknown, Meaning(Code.NOT_FOUND, "handshake_unknown", _AGAIN)),
    (HandshakeExpired, Meaning(Code.CONFLICT, "handshake_expired", _AGAIN)),
    (HandshakeUsed, Meaning(Code.CONFLICT, "handshake_used", _AGAIN)),
    (HandshakeForeign, Meaning(Code.FORBIDDEN, "handshake_foreign", _AGAIN)),
    (HandshakeElsewhere, Meaning(Code.FORBIDDEN, "handshake_elsewhere", _AGAIN)),
    (Denied, Meaning(Code.CONFLICT, "denied", "")),
    (VerifierRefused, Meaning(Code.CONFLICT, "verifier_refused", "")),
    (OtherAccount, Meaning(Code.CONFLICT, "other_account", "")),
    (NotConnected, Meaning(Code.NOT_CONNECTED, "not_connected", "")),
    (UnknownUser, Meaning(Code.NOT_FOUND, "unknown_user", "Check the user's id.", "There is no such user.")),
    (
        SealBroken,
        Meaning(
            Code.NOT_CONNECTED,
            "token_unreadable",
            "The user connects the Discogs account again, or the operator mends DISCOGS_OAUTH_ENCRYPTION_KEY.",
            "The stored Discogs token of this user does not open.",
        ),
    ),
    (
        MayBeRetried,
        Meaning(
            Code.UNAVAILABLE,
            "database_away",
            "Try again in a few seconds.",
            "The database is out of reach, so nothing was changed.",
            RETRY_AFTER_SECONDS,
        ),
    ),
    (
        LimiterError,
        Meaning(
            Code.UNAVAILABLE,
            "no_token",
            "Try again in a few seconds.",
            "No request to Discogs could be sent in time: the line is long, paused, or Redis is out of reach.",
            RETRY_AFTER_SECONDS,
        ),
    ),
    (PermitExpired, Meaning(Code.UNAVAILABLE, "no_token", _LATER, "The way to Discogs is slow.", RETRY_AFTER_SECONDS)),
    (
        Throttled,
        Meaning(
            Code.UNAVAILABLE, "discogs_throttled", _LATER, "Discogs asked us to wait.", RETRY_AFTER_THROTTLED_SECONDS
        ),
    ),
    (Blocked, Meaning(Code.UNAVAILABLE, "discogs_blocked", _LATER, "Discogs does not let us in at the moment.", 600)),
    (
        ApplicationRejected,
        Meaning(
            Code.UNAVAILABLE,
            "discogs_rejected_us",
            "The operator checks DISCOGS_CONSUMER_KEY and DISCOGS_CONSUMER_SECRET.",
            "Discogs rejects this application's own key.",
            600,
        ),
    ),
    (
        Unauthorised,
        Meaning(
            Code.NOT_CONNECTED,
            "token_revoked",
            "The user connects the Discogs account again.",
            "Discogs does not accept this account's token: it was revoked, or it is not a token.",
        ),
    ),
    (Gone, Meaning(Code.NOT_FOUND, "gone_at_discogs", "Check what was asked for.", "Discogs has no such thing.")),
    (
        Unavailable,
        Meaning(
            Code.UNAVAILABLE, "discogs_unavailable", _LATER, "Discogs did not answer as it should.", RETRY_AFTER_SECONDS
        ),
    ),
)

ROOM_ERRORS: tuple[type[Exception], ...] = (DatabaseError, DiscogsError, PermitExpired, LimiterError, ActorError)

INTERNAL = ApiError(Code.INTERNAL, "Internal error.", "Try again; if it stays, tell the operator the time.")


def in_our_words(error: Exception) -> ApiError:
    """Say a room's error as an answer; what no line names is an internal error."""
    for kind, meaning in _MEANINGS:
        if isinstance(error, kind):
            headers = {} if meaning.retry_after is None else {"Retry-After": str(meaning.retry_after)}
            own_step = error.next_step if isinstance(error, ActorError) else ""
            return ApiError(
                meaning.code,
                meaning.message or str(error),
                meaning.next_step or own_step,
                reason=meaning.reason,
                headers=headers,
            )
    return INTERNAL
