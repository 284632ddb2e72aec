"""OAuth hand-shakes under way: who began one, in which browser, and that it ends once."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from db import Connection, Row
from db.errors import (
    HandshakeElsewhere,
    HandshakeExpired,
    HandshakeForeign,
    HandshakeUnknown,
    HandshakeUsed,
)
from db.queries import load
from db.sealing import Keys, seal, unseal

LIFETIME = timedelta(minutes=15)
KEPT = timedelta(days=1)

_sql = load("handshakes")


@dataclass(frozen=True, slots=True)
class Handshake:
    """What is needed to trade the verifier for an access token."""

    user_id: UUID
    request_token: str = field(repr=False)
    request_secret: str = field(repr=False)
    return_to: str | None


def begin(
    conn: Connection,
    keys: Keys,
    user_id: UUID,
    *,
    request_token: str,
    request_secret: str,
    browser: str | None = None,
    return_to: str | None = None,
    lifetime: timedelta = LIFETIME,
) -> None:
    """Remember a hand-shake. ``browser`` is the one-time cookie of the browser that began; only its hash is kept."""
    _sql.forget_old(conn, age=KEPT)
    _sql.begin(
        conn,
        request_token_hash=_hash(request_token),
        user_id=user_id,
        request_token=seal(keys, user_id, "request_token", request_token),
        request_secret=seal(keys, user_id, "request_secret", request_secret),
        browser_hash=None if browser is None else _hash(browser),
        return_to=return_to,
        lifetime=lifetime,
    )


def take_for_user(conn: Connection, keys: Keys, request_token: str, user_id: UUID) -> Handshake:
    """Use a hand-shake up for the user whom the app's backend vouches for. Raises a HandshakeRefused."""
    row = _looked(conn, request_token)
    if row["user_id"] != user_id:
        raise HandshakeForeign("This hand-shake was begun by another user. Begin anew from your own account.")
    return _taken(conn, keys, request_token)


def take_for_browser(conn: Connection, keys: Keys, request_token: str, browser: str | None) -> Handshake:
    """Use a hand-shake up for the browser that brings the cookie it was begun with. Raises a HandshakeRefused."""
    row = _looked(conn, request_token)
    is_same = (
        browser is not None
        and row["browser_hash"] is not None
        and hmac.compare_digest(row["browser_hash"], _hash(browser))
    )
    if not is_same:
        raise HandshakeElsewhere(
            "This hand-shake was begun in another browser, or its cookie is gone. Begin anew in this one."
        )
    return _taken(conn, keys, request_token)


def look_for_browser(conn: Connection, request_token: str, ticket: str) -> UUID:
    """Say whose hand-shake this ticket begins, and use nothing up. Raises a HandshakeRefused."""
    _looked(conn, request_token)
    row = _sql.look_for_browser(conn, request_token_hash=_hash(request_token), browser_hash=_hash(ticket))
    if row is None:
        raise HandshakeElsewhere("This address was opened before, in this browser or in another one. Begin anew.")
    return UUID(str(row["user_id"]))


def hand_to_browser(conn: Connection, request_token: str, ticket: str, browser: str) -> None:
    """Bind a hand-shake to the browser that brings its ticket first. Raises a HandshakeRefused."""
    look_for_browser(conn, request_token, ticket)
    handed = _sql.hand_to_browser(
        conn, request_token_hash=_hash(request_token), ticket_hash=_hash(ticket), browser_hash=_hash(browser)
    )
    if not handed:
        raise HandshakeElsewhere("This address was opened a moment ago in another browser. Begin anew.")


def give_back(conn: Connection, request_token: str) -> None:
    """Let a hand-shake be taken again: it was taken, and then Discogs did not trade it."""
    _sql.give_back(conn, request_token_hash=_hash(request_token))


def _looked(conn: Connection, request_token: str) -> Row:
    """Refuse before anything is used up: a stranger's try must not cost the owner theirs."""
    row: Row | None = _sql.look(conn, request_token_hash=_hash(request_token))
    if row is None:
        raise HandshakeUnknown("This hand-shake is not known here. Begin anew.")
    if row["is_used"]:
        raise HandshakeUsed("This hand-shake was finished before. Begin anew if the account is not connected.")
    if row["is_over"]:
        raise HandshakeExpired("This hand-shake took too long. Begin anew and come back within 15 minutes.")
    return row


def _taken(conn: Connection, keys: Keys, request_token: str) -> Handshake:
    row = _sql.take(conn, request_token_hash=_hash(request_token))
    if row is None:
        raise HandshakeUsed("This hand-shake was finished a moment ago. Begin anew if the account is not connected.")
    return Handshake(
        user_id=row["user_id"],
        request_token=unseal(keys, row["user_id"], "request_token", row["request_token"]),
        request_secret=unseal(keys, row["user_id"], "request_secret", row["request_secret"]),
        return_to=row["return_to"],
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
