"""What Discogs means when it does not do what we asked.

DiscogsError              status, endpoint and a snippet of the answer; its text is a sentence for a person
├── Throttled             too many requests from this address                               may be retried
├── Blocked               turned away before Discogs' own code saw us                       may be retried, seldom
├── Unauthorised          this account does not let us in: its owner must connect again
├── ApplicationRejected   our own key is refused: no account is to blame
├── Gone                  there is no such thing (any more)
├── PastEnd               a page behind the last one
├── SellerSettings        the account has not filled in its seller settings
├── Invalid               Discogs understood, and refuses what we asked for
└── Unavailable           no answer, half an answer, or an excuse                           may be retried
PermitExpired             the right to send ran out before the bytes were written: nothing was sent
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

SNIPPET_CHARACTERS = 200


class PermitExpired(Exception):
    """The permit was too old when the request was about to leave; nothing was sent."""

    retryable: ClassVar[bool] = True


class DiscogsError(Exception):
    """Ancestor of everything that Discogs, or the way to it, can answer."""

    retryable: ClassVar[bool] = False

    def __init__(self, sentence: str, *, status: int | None = None, endpoint: str = "", snippet: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.endpoint = endpoint
        self.snippet = snippet[:SNIPPET_CHARACTERS]


class Throttled(DiscogsError):
    """Too many requests came from this address; Discogs does not say until when."""

    retryable = True


class Blocked(DiscogsError):
    """A gate-keeper before Discogs turned us away: it is about our address or User-Agent, not about an account."""

    retryable = True


class Unauthorised(DiscogsError):
    """The account's owner must connect it again."""


class ApplicationRejected(DiscogsError):
    """Discogs refuses our own credentials. No account's link is to blame."""


class Gone(DiscogsError):
    """There is no such release, copy, folder or user."""


class PastEnd(DiscogsError):
    """A page behind the last one, or behind the last that Discogs shows."""


class SellerSettings(DiscogsError):
    """A state of the account that asks, not of the release: it gets no price suggestions at all."""


class Invalid(DiscogsError):
    """Discogs understood the request and refuses it; the same again ends the same."""


class Unavailable(DiscogsError):
    """No answer or none that can be read. ``maybe_applied``: a change that we sent may have happened all the same."""

    retryable = True

    def __init__(
        self,
        sentence: str,
        *,
        status: int | None = None,
        endpoint: str = "",
        snippet: str = "",
        maybe_applied: bool = False,
    ) -> None:
        super().__init__(sentence, status=status, endpoint=endpoint, snippet=snippet)
        self.maybe_applied = maybe_applied


Shape = Literal["json", "html", "other"]


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the table: when all that it names fits, ``error`` with ``sentence`` is what the answer means."""

    error: type[DiscogsError]
    sentence: str
    statuses: Collection[int]
    shapes: Collection[Shape] = ("json", "html", "other")
    says: str = ""  # in the body, whatever its case
    endpoints: Sequence[str] = ("",)  # how the path begins
    behind_page_1: bool = False
    with_users_token: bool = False


_APPLICATION: Sequence[Shape] = ("json", "other")  # Discogs' own code, not a gate-keeper's page
_JSON: Sequence[Shape] = ["json"]
_HTML: Sequence[Shape] = ["html"]
_OWN = ("/oauth/identity", "/users/{username}/collection", "/users/{username}/wants", "/marketplace/price_suggestions")
_SIGN_IN = ("/oauth/request_token",)
_RECONNECT = "Discogs no longer lets us into this account: connect it again."
_OWN_KEY = "Discogs rejects this application's own key: check DISCOGS_CONSUMER_KEY and DISCOGS_CONSUMER_SECRET."
_OWN_SIGN_IN = (
    "Discogs refuses to begin a sign-in: check DISCOGS_CONSUMER_KEY, DISCOGS_CONSUMER_SECRET and the callback address."
)
_SIGN_IN_OVER = (
    "This sign-in has expired, was used before or was refused: start again and allow access within 15 minutes."
)
_REFUSED = "Discogs refuses this request"

# Read from top to bottom, the first line that fits decides. Sources: docs/discogs.md.
_TABLE: tuple[_Line, ...] = (
    _Line(Throttled, "Discogs asks us to wait: too many requests came from this address.", {429}),
    # A personal token that was taken back is answered with the words for a bad application (Discogs contract §2).
    _Line(Unauthorised, _RECONNECT, {401}, _APPLICATION, "invalid consumer", with_users_token=True),
    _Line(ApplicationRejected, _OWN_KEY, {401}, _APPLICATION, "invalid consumer"),
    _Line(ApplicationRejected, _OWN_KEY, {401}, _APPLICATION, "oauth_consumer_key"),
    _Line(ApplicationRejected, _OWN_KEY, {401}, _APPLICATION, endpoints=_SIGN_IN),
    # No user is involved yet: a refusal is about our key, our signature or our callback address.
    _Line(ApplicationRejected, _OWN_SIGN_IN, {400, 422}, _APPLICATION, endpoints=_SIGN_IN),
    _Line(ApplicationRejected, _OWN_SIGN_IN, {403}, _JSON, endpoints=_SIGN_IN),
    _Line(Invalid, _SIGN_IN_OVER, {400, 401, 403, 404}, _APPLICATION, endpoints=("/oauth/access_token",)),
    _Line(Unauthorised, _RECONNECT, {401}, _APPLICATION),
    _Line(PastEnd, "Discogs shows no more than 100 pages of this.", {403}, says="pagination above 100"),
    # A folder that is not empty, or Discogs' own (Discogs contract §3): no reason to send the collector through the
    # sign-in again.
    _Line(Invalid, _REFUSED, {403}, _JSON, "folder", ("/users/{username}/collection/folders",)),
    _Line(Unauthorised, _RECONNECT, {403}, _JSON, endpoints=_OWN),
    _Line(Invalid, _REFUSED, {403}, _JSON),
    # Cloudflare speaks HTML to browsers and plain text ("error code: 1010") to programs.
    _Line(Blocked, "Discogs does not let our address in at present.", {403}),
    _Line(Blocked, "Something before Discogs answers in its place.", {401, 404}, _HTML),
    _Line(SellerSettings, "Discogs gives this account no price suggestions before its seller settings are filled in.",
          {404}, says="seller settings"),
    _Line(PastEnd, "There is no such page any more.", {404}, behind_page_1=True),
    _Line(Gone, "Discogs does not know this, or no longer.", {404, 410}),
    _Line(Unavailable, "Discogs took too long.", {408, 504, 524}),
    _Line(Invalid, _REFUSED, range(400, 500)),
    _Line(Unavailable, "Discogs has trouble of its own at present.", range(500, 600)),
    _Line(Unavailable, "Discogs sent us elsewhere.", range(300, 400)),
)  # fmt: skip


def meaning(
    status: int,
    body: bytes,
    content_type: str,
    endpoint: str,
    *,
    page: int = 1,
    is_users_token: bool = False,
    hide: Sequence[str] = (),
) -> DiscogsError | None:
    """What an answer means, None for 2xx. The one place that knows.

    Args:
        endpoint: method and path as a template, ``GET /users/{username}/wants``.
        page: the page that was asked for; 1 where there are none.
        is_users_token: the request carried a collector's personal token, not our own credentials.
        hide: secrets that must not come out in the snippet, should the answer quote them.
    """
    if 200 <= status < 300:
        return None
    method, _, path = endpoint.partition(" ")
    shape, text = _read(body, content_type)
    for line in _TABLE:
        if (
            status in line.statuses
            and shape in line.shapes
            and line.says in text.casefold()
            and path.startswith(tuple(line.endpoints))
            and (page > 1 or not line.behind_page_1)
            and (is_users_token or not line.with_users_token)
        ):
            break
    else:  # 1xx, or a number that no one knows
        line = _Line(Unavailable, "Discogs answered something that we cannot read.", ())
    snippet = snippet_of(text, hide)
    sentence = f"{_REFUSED}: {snippet or f'status {status}'}" if line.sentence is _REFUSED else line.sentence
    if issubclass(line.error, Unavailable):
        return line.error(
            sentence,
            status=status,
            endpoint=endpoint,
            snippet=snippet,
            maybe_applied=method in {"POST", "PUT", "DELETE"},
        )
    return line.error(sentence, status=status, endpoint=endpoint, snippet=snippet)


def snippet_of(text: str, hide: Sequence[str] = ()) -> str:
    """The beginning of a text on one line, without secrets and control characters."""
    for secret in hide:
        if secret:
            text = text.replace(secret, "…")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:SNIPPET_CHARACTERS]


def _read(body: bytes, content_type: str) -> tuple[Shape, str]:
    """Tell what a body is by looking at it first, and find its message (Discogs contract §4: two JSON forms)."""
    text = body.decode("utf-8", "replace").strip()
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    if isinstance(parsed, dict):
        return "json", _message(parsed) or text
    is_html = text.startswith("<") or (bool(text) and "html" in content_type.casefold())
    return ("html" if is_html else "other"), text


def _message(parsed: dict[str, object]) -> str:
    message = parsed.get("message")
    if isinstance(message, str) and message:
        return message
    detail = parsed.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        return str(detail[0].get("msg", ""))
    return detail if isinstance(detail, str) else ""
