"""The page on which a collector allows or denies access, as a browser sees it."""

from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import parse_qsl, urlencode, urlsplit

from simulator.apparatus import Apparatus
from simulator.call import Answer, Request
from simulator.handshake import OUT_OF_BAND, RequestToken
from simulator.paths import ascii_uri

HTML = "text/html; charset=utf-8"
# A code or a redirect belongs to one browser; nothing on the page may be framed or run.
GUARDS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
)


def answer(apparatus: Apparatus, request: Request) -> Answer:
    """Show the page, or carry out what was pressed on it."""
    given = dict(parse_qsl(request.query))
    if request.method == "POST":
        given |= dict(parse_qsl(request.body.decode("utf-8", "replace")))
    begun = apparatus.handshakes.waiting(given.get("oauth_token", ""))
    if begun is None:
        sentence = "This link is unknown, was used, or is older than 15 minutes. Go back and begin again."
        return _page(404, "This link has expired", f"<p>{sentence}</p>")
    if request.method != "POST":
        return _asking(apparatus, begun)
    if given.get("decision") != "allow":
        apparatus.handshakes.deny(begun)
        return _returned(begun, {"denied": begun.token}, "You denied access", "<p>You can close this page.</p>")
    account = apparatus.world.account(given.get("username", ""))
    if account is None:
        return _asking(apparatus, begun)
    verifier = apparatus.handshakes.allow(begun, account)
    code = f"<p>Copy this code into the application:</p><p class=code>{escape(verifier)}</p>"
    return _returned(begun, {"oauth_token": begun.token, "oauth_verifier": verifier}, "Access allowed", code)


def _asking(apparatus: Apparatus, begun: RequestToken) -> Answer:
    options = "".join(
        f'<option value="{escape(each.profile.username)}">{escape(each.profile.username)} '
        f"({each.count(0):,} records, {len(each.wants):,} wants)</option>"
        for each in apparatus.world.accounts.values()
    )
    form = Template(_file("allow.html")).substitute(token=escape(begun.token), options=options)
    return _page(200, "Allow access to your collection?", form)


def _returned(begun: RequestToken, brought: dict[str, str], heading: str, body: str) -> Answer:
    """Send the browser back to the application, or show the outcome where there is no way back."""
    address = _location(begun.callback, urlencode(brought))
    return _page(200, heading, body) if address is None else Answer(302, b"", HTML, (("Location", address), GUARDS[0]))


def _location(callback: str, more: str) -> str | None:
    """Return the callback with more in its query, in ASCII; None if a browser cannot be sent there."""
    try:
        parts = urlsplit(callback)
    except ValueError:  # a host in brackets that is not an IPv6 address
        return None
    if callback == OUT_OF_BAND or parts.scheme not in {"http", "https"}:
        return None
    query = f"{parts.query}&{more}" if parts.query else more
    return ascii_uri(parts._replace(query=query).geturl())


def _page(status: int, heading: str, body: str) -> Answer:
    page = Template(_file("page.html")).substitute(heading=escape(heading), body=body)
    return Answer(status, page.encode(), HTML, GUARDS)


def _file(name: str) -> str:
    return files("simulator").joinpath("pages", name).read_text(encoding="utf-8")
