"""The HTTP client for everything that is not Discogs: the app's webhook, Resend and Slack.

One client, so that a deadline for the whole request and a size limit for the answer hold for each of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from discogs.body import ACCEPT_ENCODING, beginning
from discogs.deadline import DeadlineTransport, within

MOST_BYTES = 64 * 1024  # answers of these servers have a few hundred bytes; the rest is not read
CONNECTIONS = 2
KEEPALIVE_SECONDS = 30.0

RequestFailed = httpx.HTTPError
AddressInvalid = httpx.InvalidURL


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and the first ``MOST_BYTES`` of the body, as far as it could be read."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class OutgoingClient:
    """Connections to one server. Follows no redirect and uses no proxy. Safe to share between threads; close it."""

    def __init__(self, *, timeout_seconds: float, headers: Mapping[str, str] | None = None) -> None:
        self._timeout_seconds = timeout_seconds
        self._client = httpx.Client(
            timeout=timeout_seconds,
            transport=DeadlineTransport(max_connections=CONNECTIONS, keepalive_seconds=KEEPALIVE_SECONDS),
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "rekkrd-workers", **(headers or {})},
        )

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
    ) -> Answer:
        """Send one request, once. The status counts even if the body cannot be read.

        Raises:
            RequestFailed: no status arrived within ``timeout_seconds``.
            AddressInvalid: the URL is malformed.
        """
        given = {**(headers or {}), "Accept-Encoding": ACCEPT_ENCODING}
        with (
            within(self._timeout_seconds),
            self._client.stream(method, url, headers=given, content=content, json=json) as response,
        ):
            body = beginning(response, most=MOST_BYTES)
            return Answer(response.status_code, response.headers, body)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
