"""The three-legged hand-shake: a collector allows our application to act in their name.

requests-oauthlib knows the steps; its network is ours, so that each call takes a permit, ends in time, introduces
itself, and fails with the same meanings as every other.
"""

from dataclasses import dataclass, field
from io import BytesIO

import requests
from requests.adapters import BaseAdapter
from requests_oauthlib import OAuth1Session

from discogs.auth import NO_KEY, Application, OAuthToken, own_application
from discogs.budget import Budget
from discogs.client import http_client
from discogs.errors import ApplicationRejected, Invalid, Unavailable, meaning
from discogs.exchange import exchange
from discogs.settings import DiscogsSettings

LONGEST_TOKEN = 200  # characters; Discogs' own tokens have 40, its verifiers 10
OUT_OF_BAND = "oob"  # as call-back address: Discogs shows the verifier for the person to copy
_REQUEST_TOKEN = "/oauth/request_token"  # noqa: S105  a path
_ACCESS_TOKEN = "/oauth/access_token"  # noqa: S105  a path


@dataclass(frozen=True, slots=True)
class RequestToken:
    """A hand-shake that has begun; good for 15 minutes. ``authorize_url`` is where the collector allows access."""

    token: str = field(repr=False)
    secret: str = field(repr=False)
    authorize_url: str = field(default="", repr=False)


def begin(settings: DiscogsSettings, budget: Budget, callback_url: str) -> RequestToken:
    """Ask Discogs for a request token. One request.

    Raises:
        ApplicationRejected: our key is missing or refused.
        Unavailable: Discogs did not answer, or not with a token.
    """
    own = _own(settings)
    with OAuth1Session(own.consumer_key, client_secret=own.consumer_secret, callback_uri=callback_url) as session:
        got = _asked(session, settings, budget, _REQUEST_TOKEN, hide=(own.consumer_secret,))
        authorize_url = session.authorization_url(settings.authorize_url)
    return RequestToken(got.token, got.secret, authorize_url)


def finish(settings: DiscogsSettings, budget: Budget, request_token: RequestToken, verifier: str) -> OAuthToken:
    """Exchange what the collector brought back for the lasting token. One request.

    Raises:
        Invalid: the verifier is wrong, used, refused, or older than 15 minutes: begin again.
        ApplicationRejected: our key is missing or refused.
        Unavailable: Discogs did not answer; the verifier may be used up.
    """
    own = _own(settings)
    if not 0 < len(verifier.strip()) <= LONGEST_TOKEN:
        what = "longer than any that Discogs shows" if verifier.strip() else "empty"
        sentence = f"The code from Discogs is {what}: copy it from the page that Discogs shows."
        raise Invalid(sentence, endpoint=_ACCESS_TOKEN)
    with OAuth1Session(
        own.consumer_key,
        client_secret=own.consumer_secret,
        resource_owner_key=request_token.token,
        resource_owner_secret=request_token.secret,
        verifier=verifier.strip(),
    ) as session:
        hide = (own.consumer_secret, request_token.token, request_token.secret, verifier.strip())
        return _asked(session, settings, budget, _ACCESS_TOKEN, hide=hide)


def _own(settings: DiscogsSettings) -> Application:
    own = own_application(settings)
    if own is None:
        raise ApplicationRejected(NO_KEY)
    return own


def _asked(
    session: OAuth1Session, settings: DiscogsSettings, budget: Budget, path: str, *, hide: tuple[str, ...]
) -> OAuthToken:
    """Make one call of the hand-shake and return the pair that it is answered with."""
    session.adapters.clear()
    session.mount(settings.api_url, _OurNetwork(settings, budget, f"POST {path}", hide))
    fetch = session.fetch_request_token if path == _REQUEST_TOKEN else session.fetch_access_token
    try:
        got = fetch(settings.api_url + path)
        return OAuthToken(_short(got["oauth_token"]), _short(got["oauth_token_secret"]))
    except (ValueError, KeyError):  # a 200 with something else in it; the errors quote the answer
        sentence = "Discogs answered the sign-in with something that we cannot read."
        raise Unavailable(sentence, status=200, endpoint=f"POST {path}", maybe_applied=True) from None


def _short(token: str) -> str:
    """Return the token. Raises ValueError if it is too long to be one."""
    if len(token) > LONGEST_TOKEN:
        raise ValueError
    return token


class _OurNetwork(BaseAdapter):
    """What requests would do with sockets, done by ``exchange``."""

    def __init__(self, settings: DiscogsSettings, budget: Budget, endpoint: str, hide: tuple[str, ...]) -> None:
        super().__init__()
        self._settings = settings
        self._budget = budget
        self._endpoint = endpoint
        self._hide = hide

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        """Send by our means; time-outs, proxies and certificates are not requests' affair here."""
        with http_client(self._settings) as http:
            headers = {
                "Authorization": _text(request.headers["Authorization"]),
                "Content-Type": "application/x-www-form-urlencoded",  # Discogs asks for it, empty as the body is
            }
            ours = http.build_request(request.method or "POST", request.url or "", headers=headers)
            answer = exchange(
                http,
                self._budget,
                ours,
                endpoint=self._endpoint,
                auth=None,
                deadline_seconds=self._settings.deadline_seconds,
            )
        error = meaning(answer.status, answer.body, answer.content_type, self._endpoint, hide=self._hide)
        if error is not None:
            raise error
        response = requests.Response()
        response.status_code = answer.status
        response.raw = BytesIO(answer.body)
        response.encoding = "utf-8"
        response.request = request
        response.url = request.url or ""
        return response

    def close(self) -> None:
        pass


def _text(header: str | bytes) -> str:
    return header.decode("ascii") if isinstance(header, bytes) else header
