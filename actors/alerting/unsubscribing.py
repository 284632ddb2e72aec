"""Unsubscribing from mails by a signed link: whoever has the mail may, and nobody has to sign in."""

import base64
import hashlib
import hmac
from uuid import UUID

from db.sealing import Keys

PATH = "/api/discogs/alerts/unsubscribe"
PURPOSE = b"rekkrd: unsubscribe from alerts"


def link(public_url: str, keys: Keys, user_id: UUID) -> str:
    """Return the address at which a user's mails end."""
    return f"{public_url.rstrip('/')}{PATH}?token={user_id}.{keys.current}.{_sign(keys.by_id[keys.current], user_id)}"


def user_of(keys: Keys, token: str) -> UUID | None:
    """Return whose mails a link's token ends; None for one that we did not sign, or with a key that is gone."""
    name, _, rest = token.partition(".")
    key_id, _, signature = rest.partition(".")
    key = keys.by_id.get(key_id)
    try:
        user_id = UUID(name)
    except ValueError:
        return None
    if key is None or not hmac.compare_digest(_sign(key, user_id).encode(), signature.encode("utf-8", "replace")):
        return None
    return user_id


def _sign(key: bytes, user_id: UUID) -> str:
    """Sign with a key of its own, made of the one that seals: a signature here says nothing there."""
    own = hmac.new(key, PURPOSE, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(hmac.new(own, user_id.bytes, hashlib.sha256).digest()).decode().rstrip("=")
