"""What a room's error is to a caller: one map, asked from top to bottom."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from actors.errors import (
    ActorError,
    AlertRefused,
    AnswerRefused,
    BrakeRefused,
    Denied,
    FilterRefused,
    NotConnected,
    OtherAccount,
    PauseRefused,
    RemovalUnderWay,
    RestoreRefused,
    SellerRefused,
    TierTooLow,
    VerifierRefused,
)
from api.errors import INTERNAL, ApiError, Code
from db.errors import (
    DatabaseError,
    DatabaseFull,
    DatabaseReadOnly,
    EnqueueRefused,
    HandshakeElsewhere,
    HandshakeExpired,
    HandshakeForeign,
    HandshakeUnknown,
    HandshakeUsed,
    MayBeRetried,
    SealBroken,
    SyncIsPaused,
    TextRefused,
    UnknownJobUser,
    UnknownUser,
)
from db.errors import NotConnected as NoConnection
from discogs.errors import (
    ApplicationRejected,
    Blocked,
    DiscogsError,
    Gone,
    PastEnd,
    PermitExpired,
    SellerSettings,
    Throttled,
    Unauthorised,
    Unavailable,
)
from services.errors import ChoiceOutdated, NothingToResume, ServiceError, SyncPaused
from services.senders import Busy
from workers.limiter.errors import GateClosed, LimiterError

RETRY_AFTER_SECONDS = 5
RETRY_AFTER_THROTTLED_SECONDS = 60
RETRY_AFTER_REFUSED_SECONDS = 600


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
    (RemovalUnderWay, Meaning(Code.CONFLICT, "removal_under_way", "")),
    (BrakeRefused, Meaning(Code.INVALID, "brake_refused", "")),
    (PauseRefused, Meaning(Code.INVALID, "pause_refused", "")),
    (AnswerRefused, Meaning(Code.CONFLICT, "answer_refused", "")),
    (AlertRefused, Meaning(Code.CONFLICT, "alert_refused", "")),
    (SellerRefused, Meaning(Code.CONFLICT, "seller_refused", "")),
    (RestoreRefused, Meaning(Code.CONFLICT, "restore_refused", "")),
    (FilterRefused, Meaning(Code.INVALID, "unknown_value", "")),
    (
        TextRefused,
        Meaning(Code.INVALID, "text_refused", "Leave the NUL character out, and send valid UTF-8."),
    ),
    (TierTooLow, Meaning(Code.FORBIDDEN, "tier_too_low", "")),
    (NotConnected, Meaning(Code.NOT_CONNECTED, "not_connected", "")),
    (SyncPaused, Meaning(Code.CONFLICT, "sync_paused", "")),
    (NothingToResume, Meaning(Code.CONFLICT, "nothing_to_resume", "")),
    (ChoiceOutdated, Meaning(Code.CONFLICT, "choice_outdated", "")),
    (UnknownJobUser, Meaning(Code.NOT_FOUND, "unknown_user", "")),
    (NoConnection, Meaning(Code.NOT_CONNECTED, "not_connected", "")),
    (SyncIsPaused, Meaning(Code.CONFLICT, "sync_paused", "")),
    (EnqueueRefused, Meaning(Code.INVALID, "job_refused", "")),
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
        DatabaseReadOnly,
        Meaning(
            Code.UNAVAILABLE,
            "database_read_only",
            "Try again later; the operator makes the database writable.",
            "The database is read-only, so nothing was changed.",
            RETRY_AFTER_SECONDS,
        ),
    ),
    (
        DatabaseFull,
        Meaning(
            Code.UNAVAILABLE,
            "database_full",
            "Try again later; the operator makes room on the database server.",
            "The database server has no room left, so nothing was changed.",
            RETRY_AFTER_SECONDS,
        ),
    ),
    (
        MayBeRetried,
        Meaning(
            Code.UNAVAILABLE,
            "database_away",
            "Try again in a few seconds.",
            "The database cannot be reached, so nothing was changed.",
            RETRY_AFTER_SECONDS,
        ),
    ),
    (Busy, Meaning(Code.UNAVAILABLE, "too_busy", "Try again after `Retry-After` seconds.")),
    (
        LimiterError,
        Meaning(
            Code.UNAVAILABLE,
            "no_token",
            "Try again in a few seconds.",
            "No request to Discogs could be sent in time: the queue is long, paused, or Redis is out of reach.",
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
    (PastEnd, Meaning(Code.NOT_FOUND, "past_end", "Ask for an earlier page.", "Discogs has no such page.")),
    (
        SellerSettings,
        Meaning(
            Code.CONFLICT,
            "seller_settings",
            "The owner of the account fills in the seller settings at Discogs, under Settings.",
        ),
    ),
    (
        Unavailable,
        Meaning(
            Code.UNAVAILABLE, "discogs_unavailable", _LATER, "Discogs did not answer as it should.", RETRY_AFTER_SECONDS
        ),
    ),
    # Last, for every other class: Discogs refuses a request that we built, so the caller can't correct it.
    (
        DiscogsError,
        Meaning(
            Code.UNAVAILABLE,
            "discogs_refused",
            "Try again later. If it stays, tell the operator the time: the log has Discogs' answer.",
            "Discogs refuses this request.",
            RETRY_AFTER_REFUSED_SECONDS,
        ),
    ),
)

ROOM_ERRORS: tuple[type[Exception], ...] = (
    DatabaseError,
    DiscogsError,
    PermitExpired,
    LimiterError,
    ActorError,
    ServiceError,
)


def in_our_words(error: Exception) -> ApiError:
    """Say a room's error as an answer; what no line names is an internal error."""
    for kind, meaning in _MEANINGS:
        if isinstance(error, kind):
            seconds = _retry_after(error) or meaning.retry_after
            headers = {} if seconds is None else {"Retry-After": str(seconds)}
            own_step = _own_step(error)
            return ApiError(
                meaning.code,
                meaning.message or str(error),
                meaning.next_step or own_step,
                reason=meaning.reason,
                headers=headers,
            )
    return INTERNAL


def _retry_after(error: Exception) -> int | None:
    """Return the seconds that an error itself names, None if it names none."""
    if isinstance(error, Busy):
        return error.retry_after
    if isinstance(error, GateClosed):
        return max(1, math.ceil((error.until - datetime.now(UTC)).total_seconds()))
    return None


def _own_step(error: Exception) -> str:
    if isinstance(error, ActorError | ServiceError):
        return error.next_step
    return error.hint if isinstance(error, EnqueueRefused) else ""
