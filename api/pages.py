"""The few pages that a browser sees from us: plain, no script, and everything from outside escaped."""

import base64
import hashlib
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse

from actors import wording
from actors.accounts.connect import Connected
from api.errors import ApiError

_TEXT = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
_PAGE = Template(_TEXT)
_STYLE = _TEXT.partition("<style>")[2].partition("</style>")[0]
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_TITLES = {
    "denied": "Not connected",
    "handshake_expired": "That took too long",
    "handshake_used": "Finished before",
    "handshake_unknown": "Not known here",
    "handshake_elsewhere": "Another browser",
    "other_account": "Another Discogs account",
}


def ask_to_begin(handle: str, authorize_url: str) -> HTMLResponse:
    """Ask before the browser goes to Discogs: who was sent this address by somebody else sees the wrong name here.

    The form goes to the page's own address, whose query says which hand-shake it is, and whatever else a proxy needs.
    """
    return _page(
        "Connect Discogs",
        f"Your Discogs account will be connected to the Rekkrd user {handle}. If that is not you, close this page.",
        more='<form method="post"><button>Continue to Discogs</button></form>',
        goes_to=_origin(authorize_url),
    )


def connected(who: Connected) -> HTMLResponse:
    """Say who is connected now, and how much there is."""
    counts = [
        wording.count(number, noun)
        for number, noun in ((who.num_collection, "record"), (who.num_wantlist, "want"))
        if number is not None
    ]
    there = f", with {' and '.join(counts)}" if counts else ""
    return _page(
        "Connected",
        f"The Discogs account {who.username} is connected to the Rekkrd user {who.handle}{there}.",
        more=_way_back(who.return_to),
    )


def ask_to_unsubscribe() -> HTMLResponse:
    """Ask before mails end: programs look at links in mails too. The form goes to the page's own address."""
    return _page(
        "No more mails",
        "All your price alerts will be turned off, and no mail will come any more.",
        more='<form method="post"><button>Turn them off</button></form>',
    )


def unsubscribed(turned_off: str) -> HTMLResponse:
    """Say that mails ended."""
    return _page(
        "No more mails",
        f"{turned_off} turned off. You can turn each of them on again in Rekkrd.",
        more="<p>You may close this page.</p>",
    )


def trouble(error: ApiError) -> HTMLResponse:
    """Say what went wrong and what to do next."""
    page = _page(
        _TITLES.get(error.reason, "That did not work"),
        str(error),
        more=f"<p>{escape(error.next_step)}</p>" if error.next_step else "",
        status=error.status,
    )
    page.headers.update(error.headers)
    return page


def _way_back(return_to: str | None) -> str:
    if return_to is None or urlsplit(return_to).scheme not in ("http", "https"):
        return "<p>You may close this page.</p>"
    return f'<p><a href="{escape(return_to)}">Back to Rekkrd</a></p>'


def _page(title: str, message: str, *, more: str, status: int = 200, goes_to: str = "") -> HTMLResponse:
    """Fill the page; ``more`` is HTML already, everything else is text."""
    text = _PAGE.substitute(title=escape(title), message=escape(message), more=more)
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {goes_to}".strip()
    )
    return HTMLResponse(
        text,
        status,
        headers={
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",  # the address has a ticket or a verifier in it
            "Cache-Control": "no-store",
        },
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
