"""Where a mail's link leads: a page with a button, and the button; mail programs press it by themselves (RFC 8058)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from actors.alerting.unsubscribing import PATH, user_of
from actors.wording import count
from api import pages
from api.answers import ResourcesNow
from api.errors import ApiError, Code
from db import mails

router = APIRouter(prefix=PATH, tags=["prices"], default_response_class=HTMLResponse)

_PAGE_SAYS: dict[int | str, dict[str, Any]] = {
    404: {"description": "A page that says what is wrong with the link.", "content": {"text/html": {}}}
}

Token = Annotated[str, Query(max_length=500, description="Out of the mail; it says whose mails end.")]


@router.get("", summary="Ask before mails end", response_description="A page with a button.", responses=_PAGE_SAYS)
def ask(token: Token, resources: ResourcesNow) -> HTMLResponse:
    """Nothing ends by looking: programs follow links in mails."""
    if user_of(resources.keys, token) is None:
        return _unknown()
    return pages.ask_to_unsubscribe()


@router.post("", summary="End the mails of alerts", response_description="A page that says so.", responses=_PAGE_SAYS)
def end(token: Token, resources: ResourcesNow) -> HTMLResponse:
    """Turn all price alerts of the user off; again is the same as once. What a body says does not matter."""
    user_id = user_of(resources.keys, token)
    if user_id is None:
        return _unknown()
    with resources.pool.transaction() as conn:
        silenced = mails.silence(conn, user_id)
    return pages.unsubscribed(count(silenced, "price alert"))


def _unknown() -> HTMLResponse:
    return pages.trouble(
        ApiError(
            Code.NOT_FOUND,
            "This link is not known here, or no longer.",
            "Turn your price alerts off in Rekkrd.",
            reason="link_unknown",
        )
    )
