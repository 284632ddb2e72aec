"""Secrets at rest: AES-256-GCM, with the key's id beside the text and the owner as associated data."""

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db.errors import BadKey, SealBroken, WrongKey

VERSION = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12  # the size GCM is defined for without another hash (NIST SP 800-38D, 8.2)

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys by id. The current one seals, all of them open, so a key can be replaced without a pause."""

    current: str
    by_id: dict[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "Keys":
        """Read ``KEY``, ``new,old`` or ``id:KEY,id:KEY``; a key is 32 bytes in base64 or hex.

        A key without an id gets one from its own hash, so that the same key has the same id everywhere.
        """
        found: dict[str, bytes] = {}
        for entry in text.split(","):
            name, _, encoded = entry.strip().rpartition(":")
            key = _decoded(encoded)
            key_id = name or hashlib.sha256(key).hexdigest()[:8]
            if not _KEY_ID.fullmatch(key_id):
                raise BadKey("A key id in DISCOGS_OAUTH_ENCRYPTION_KEY may have letters, digits, - and _ only.")
            if key_id in found:
                raise BadKey(f"DISCOGS_OAUTH_ENCRYPTION_KEY names the key {key_id} twice.")
            found[key_id] = key
        return cls(current=next(iter(found)), by_id=found)


def seal(keys: Keys, owner: UUID, column: str, secret: str) -> str:
    """Encrypt for one owner and column; the result opens nowhere else."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(keys.by_id[keys.current]).encrypt(nonce, secret.encode(), _place(owner, column))
    return f"{VERSION}.{keys.current}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(keys: Keys, owner: UUID, column: str, text: str) -> str:
    """Decrypt, or raise WrongKey or SealBroken; neither names the secret."""
    version, key_id, body = _parts(text)
    if version != VERSION:
        raise SealBroken(f"The stored secret in {column} of user {owner} is not in a form we know. {_RECONNECT}")
    key = keys.by_id.get(key_id)
    if key is None:
        raise WrongKey(
            f"The stored secret in {column} of user {owner} was sealed with the key {key_id}, which "
            "DISCOGS_OAUTH_ENCRYPTION_KEY does not hold. Put that key behind the present one, with a comma, "
            f"then run `rekkrd keys rotate`. If it is lost: {_RECONNECT}"
        )
    try:
        return AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], _place(owner, column)).decode()
    except (InvalidTag, ValueError):  # ValueError: too short to be anything
        raise SealBroken(
            f"The stored secret in {column} of user {owner} does not open: it was changed, it belongs to another user, "
            f"or DISCOGS_OAUTH_ENCRYPTION_KEY has another key under the id {key_id}. "
            f"Set the right key, or: {_RECONNECT}"
        ) from None


def is_current(keys: Keys, text: str) -> bool:
    """Tell whether a stored secret is sealed with the key that seals now."""
    return text.startswith(f"{VERSION}.{keys.current}.")


_RECONNECT = "the user connects the Discogs account again."


def _place(owner: UUID, column: str) -> bytes:
    return f"{owner}/{column}".encode()


def _parts(text: str) -> tuple[str, str, bytes]:
    version, _, rest = text.partition(".")
    key_id, _, body = rest.partition(".")
    try:
        return version, key_id, base64.urlsafe_b64decode(body)
    except binascii.Error:
        return version, key_id, b""


def _decoded(encoded: str) -> bytes:
    """Read hex first: 64 hex digits are also valid base64, of 48 bytes, which no key has."""
    try:
        key = bytes.fromhex(encoded)
    except ValueError:
        try:
            key = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
        except ValueError:
            key = b""
    if len(key) != KEY_BYTES:
        raise BadKey(
            "DISCOGS_OAUTH_ENCRYPTION_KEY must be 32 bytes in base64 or hex; `openssl rand -base64 32` makes one."
        )
    return key
