"""The app's webhook: one POST, signed by the Standard Webhooks specification, so that its libraries verify it."""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass

from workers.outgoing import AddressInvalid, OutgoingClient, RequestFailed

PREFIX = "whsec_"
SHORTEST_KEY = 24  # bytes, by the specification
MOST_SECRETS = 2  # the present one, and the one that replaces it
MOST_SAID = 200  # characters of an answer that are kept
NO_MORE = 410  # the app wants this one never again


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one POST. ``status`` is None when no answer came; ``said`` is for operators."""

    status: int | None
    said: str

    @property
    def is_taken(self) -> bool:
        """Whether the app has it: any 2xx. A redirect is not followed, for it would lead the user's data elsewhere."""
        return self.status is not None and 200 <= self.status < 300


class Webhook:
    """Where the app wants to be told, with the connections to it. Safe to share between threads; close it."""

    def __init__(self, url: str, secrets: Sequence[bytes], *, timeout_seconds: float) -> None:
        self.url = url
        self._secrets = secrets
        self._client = OutgoingClient(timeout_seconds=timeout_seconds, headers={"Content-Type": "application/json"})

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def post(self, webhook_id: str, body: str) -> Answer:
        """Send a body under an id, signed now. Never raises for what the other side does."""
        timestamp = int(time.time())
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._secrets, webhook_id, timestamp, body),
        }
        try:
            answer = self._client.send("POST", self.url, content=body.encode(), headers=headers)
        except (RequestFailed, AddressInvalid) as error:
            return Answer(None, f"{type(error).__name__}: {error}"[:MOST_SAID])
        said = answer.body[:MOST_SAID].decode("utf-8", "replace")
        return Answer(answer.status, " ".join(said.split()))


def signature(secrets: Sequence[bytes], webhook_id: str, timestamp: int, body: str) -> str:
    """Sign by every secret, so that the app may go from one to the other: `v1,…` with a space between."""
    signed = f"{webhook_id}.{timestamp}.{body}".encode()
    codes = [base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode() for secret in secrets]
    return " ".join(f"v1,{code}" for code in codes)


def keys_of(text: str) -> tuple[bytes, ...]:
    """Read one secret, or two with a comma between. Raises ValueError with a sentence for whoever set it."""
    secrets = [part.strip() for part in text.split(",") if part.strip()]
    if not 1 <= len(secrets) <= MOST_SECRETS:
        sentence = f"must hold one secret, or {MOST_SECRETS} with a comma between while one replaces the other"
        raise ValueError(sentence)
    return tuple(map(_key, secrets))


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or len(key) < SHORTEST_KEY:
        sentence = (
            f"each secret is {PREFIX} and {SHORTEST_KEY} or more bytes in base64; `rekkrd webhook secret` makes one"
        )
        raise ValueError(sentence)
    return key
