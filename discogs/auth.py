"""In whose name a request goes out, and how it is signed."""

import logging
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

import httpx
from oauthlib.oauth1 import Client as Signer

from discogs.errors import ApplicationRejected
from discogs.settings import DiscogsSettings

_Method: TypeAlias = Literal["GET", "POST", "PUT", "DELETE"]

NO_KEY = (
    "DISCOGS_CONSUMER_KEY and DISCOGS_CONSUMER_SECRET are not set: register an application at Discogs, then set both."
)

# At DEBUG both write tokens out in full ("Updating token to …"); no log level of ours may bring that to light.
for _name in ("oauthlib", "requests_oauthlib"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class OAuthToken:
    """A collector allowed our application to act in their name."""

    token: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonalToken:
    """A token that its owner made in Discogs' settings and handed to us."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Application:
    """Our application by itself: no collector's view, but 60 requests a minute where nobody gets 25."""

    consumer_key: str
    consumer_secret: str = field(repr=False)


Credentials: TypeAlias = OAuthToken | PersonalToken | Application


class OAuthSignature(httpx.Auth):
    """OAuth 1.0a, HMAC-SHA1: signs method, address and query parameters (RFC 5849 §3.4); a JSON body is not part.

    oauthlib's own timestamp is in seconds and its nonce below 64 characters, as Discogs wants it (Discogs contract §2).
    """

    def __init__(self, application: Application, token: OAuthToken) -> None:
        self._signer = Signer(
            application.consumer_key,
            client_secret=application.consumer_secret,
            resource_owner_key=token.token,
            resource_owner_secret=token.secret,
        )

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        _, headers, _ = self._signer.sign(str(request.url), http_method=cast("_Method", request.method))
        request.headers["Authorization"] = headers["Authorization"]
        yield request


class HeaderAuth(httpx.Auth):
    """Discogs' own header, the same on every request."""

    def __init__(self, value: str) -> None:
        self._value = value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._value
        yield request


def auth_for(credentials: Credentials | None, settings: DiscogsSettings) -> httpx.Auth | None:
    """Choose how to sign. Without credentials: our own, key before token, and nothing if we have none.

    Raises:
        ApplicationRejected: a collector's OAuth token, but no consumer key of ours to sign with.
    """
    own = own_application(settings)
    match credentials:
        case OAuthToken():
            if own is None:
                raise ApplicationRejected(NO_KEY)
            return OAuthSignature(own, credentials)
        case PersonalToken():
            return HeaderAuth(f"Discogs token={credentials.token}")
        case Application():
            return HeaderAuth(f"Discogs key={credentials.consumer_key}, secret={credentials.consumer_secret}")
        case None if own is not None:
            return auth_for(own, settings)
        case None if settings.personal_token is not None:
            return auth_for(PersonalToken(settings.personal_token.get_secret_value()), settings)
        case _:
            return None


def own_application(settings: DiscogsSettings) -> Application | None:
    """Our application as the settings have it, None when half or all of it is missing."""
    if settings.consumer_key is None or settings.consumer_secret is None:
        return None
    return Application(settings.consumer_key, settings.consumer_secret.get_secret_value())


def secrets_of(credentials: Credentials | None, settings: DiscogsSettings) -> tuple[str, ...]:
    """Everything that must not be quoted from an answer."""
    own = [secret.get_secret_value() for secret in (settings.consumer_secret, settings.personal_token) if secret]
    match credentials:
        case OAuthToken(token, secret):
            return (token, secret, *own)
        case PersonalToken(token):
            return (token, *own)
        case Application(_, secret):
            return (secret, *own)
        case None:
            return tuple(own)
