"""The hand-shake in a browser that we serve ourselves: it ends in the one browser that began, or not at all."""

import hashlib
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from actors.accounts import connect
from api import pages
from api.answers import ResourcesNow, SendersNow
from api.connecting import PREFIX
from api.errors import ApiError, Code
from api.meanings import ROOM_ERRORS, in_our_words
from db.handshakes import LIFETIME

router = APIRouter(prefix=PREFIX, tags=["connecting"], default_response_class=HTMLResponse)

# The browser takes the folder of the address that it sees, and our callback stands in the same. A proxy may have taken
# a part off in front, which we never see.
OF_THIS_FOLDER = None

Token = Annotated[str, Query(max_length=200)]
MaybeToken = Annotated[str | None, Query(max_length=200)]

_PAGE_SAYS: dict[int | str, dict[str, Any]] = {
    403: {"description": "A page that says why not."},
    404: {"description": "A page that says that this hand-shake is not known here."},
    409: {"description": "A page that says why not."},
    503: {"description": "A page that says that the database, Redis or Discogs is out of reach."},
}


@router.get("/begin", summary="Ask before a browser goes to Discogs", responses=_PAGE_SAYS)
def ask_to_begin(resources: ResourcesNow, oauth_token: Token, ticket: Token) -> Response:
    """Show whose account will be connected. Looking uses nothing up, so a link preview does no harm."""
    try:
        handle = connect.look_at_ticket(resources, oauth_token, ticket)
    except ROOM_ERRORS as error:
        return pages.trouble(in_our_words(error))
    return pages.ask_to_begin(handle, resources.settings.discogs.authorize_url)


@router.post("/begin", summary="Send a browser to Discogs", status_code=303, responses=_PAGE_SAYS)
def begin(
    resources: ResourcesNow,
    oauth_token: Token,
    ticket: Token,
    sec_fetch_site: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Exchange the ticket for this browser's one-time cookie, and go on to Discogs."""
    if sec_fetch_site not in (None, "same-origin", "none"):
        # Another page that sends this form would skip the question that GET asks.
        return pages.trouble(
            ApiError(
                Code.FORBIDDEN, "This form was not sent from our page.", "Open the address again, and continue there."
            )
        )
    try:
        cookie = connect.hand_to_browser(resources, oauth_token, ticket)
    except ROOM_ERRORS as error:
        return pages.trouble(in_our_words(error))
    goes_to = resources.settings.discogs.authorize_url
    answer = RedirectResponse(f"{goes_to}?{urlencode({'oauth_token': oauth_token})}", 303)
    answer.set_cookie(
        cookie_name(oauth_token),
        cookie,
        max_age=int(LIFETIME.total_seconds()),
        path=OF_THIS_FOLDER,
        secure=connect.comes_back_over_https(ticket),
        httponly=True,
        samesite="lax",  # it must come along when Discogs sends the browser back, and with nothing else from outside
    )
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.get("/callback", summary="Where Discogs sends the browser back to", responses=_PAGE_SAYS)
async def callback(
    *,
    request: Request,
    resources: ResourcesNow,
    senders: SendersNow,
    oauth_token: MaybeToken = None,
    oauth_verifier: MaybeToken = None,
    denied: MaybeToken = None,
) -> Response:
    """End the hand-shake for the browser that brings the cookie it began with, and say how it ended."""
    named = denied or oauth_token
    if named is None or (denied is None and not oauth_verifier):
        return pages.trouble(
            ApiError(Code.INVALID, "Discogs did not say which connection this is.", "Begin the connection anew.")
        )
    cookie = request.cookies.get(cookie_name(named))
    try:
        if denied is not None:
            await run_in_threadpool(connect.deny_in_browser, resources, denied, cookie)
        answer = pages.connected(await senders.run(connect.finish_in_browser, named, oauth_verifier or "", cookie))
    except ROOM_ERRORS as error:
        said = in_our_words(error)
        answer = pages.trouble(said)
        if said.reason == "handshake_elsewhere":
            return answer  # nothing was used up: the cookie, if there is one, is another hand-shake's
        if said.code is Code.UNAVAILABLE:
            return answer  # the same browser may come again
    answer.set_cookie(cookie_name(named), "", max_age=0, path=OF_THIS_FOLDER, httponly=True, samesite="lax")
    return answer


def cookie_name(request_token: str) -> str:
    """Name the cookie after its hand-shake, so that two in one browser do not take each other's."""
    return f"rekkrd_handshake_{hashlib.sha256(request_token.encode()).hexdigest()[:16]}"
