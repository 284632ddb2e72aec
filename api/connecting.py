"""Connecting a Discogs account, for the app's backend: it says for whom, Discogs says which account."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from actors.accounts import connect, forget_collection
from actors.accounts import disconnect as disconnecting
from actors.accounts.connect import Begun
from api.access import Speaker
from api.answers import ResourcesNow, SendersNow, errors
from api.errors import ApiError, Code
from api.models.connecting import (
    BeginBody,
    BegunOut,
    CompleteBody,
    ConnectedOut,
    DisconnectBody,
    DisconnectedOut,
    RemovalOut,
)
from api.settings import ApiSettings
from db import users
from workers.resources import Resources

PREFIX = "/api/discogs/auth"
OWN_CALLBACK = f"{PREFIX}/callback"

router = APIRouter(prefix=PREFIX, tags=["connecting"])


@router.post(
    "/request-token",
    summary="Begin a hand-shake",
    response_description="Where to send the browser.",
    responses=errors(Code.NOT_FOUND, Code.NOT_CONNECTED),
)
async def request_token(
    request: Request, user_id: Speaker, resources: ResourcesNow, senders: SendersNow, body: BeginBody | None = None
) -> BegunOut:
    """Ask Discogs for a request token, in the interactive lane: one request.

    Two ways to end it. **Your own callback**: send the browser to `authorize_url`, and hand what comes back to
    `POST /api/discogs/auth/complete`, for the user who is signed in with you then. **Our page**: send the browser to
    `begin_url`; it is given a one-time cookie there, and our callback ends the hand-shake for that browser alone.
    """
    body = body or BeginBody()
    callback = body.callback_url or _callback_url(request, resources)
    begun = await senders.run(connect.begin, user_id, callback_url=callback, return_to=body.return_to)
    return BegunOut(
        authorize_url=begun.authorize_url,
        request_token=begun.request_token,
        begin_url=_begin_url(callback, begun),
        expires_at=begun.expires_at,
    )


@router.post(
    "/complete",
    summary="End a hand-shake that came back to the app",
    response_description="The account that is connected now.",
    responses=errors(Code.NOT_FOUND, Code.CONFLICT, Code.NOT_CONNECTED),
)
async def complete(user_id: Speaker, resources: ResourcesNow, senders: SendersNow, body: CompleteBody) -> ConnectedOut:
    """Trade the verifier for a token and look whose it is: three requests. X-Rekkrd-User must be who began.

    Reasons of a refusal: `denied`, `handshake_unknown`, `handshake_expired`, `handshake_used`, `handshake_foreign`,
    `verifier_refused`, `token_revoked`, `other_account`. None of them changes anything.
    """
    if body.denied:
        await run_in_threadpool(connect.deny_for_user, resources, user_id, body.request_token)
    if body.verifier is None:
        raise ApiError(Code.INVALID, "verifier is missing.", "Send `oauth_verifier` of the callback, or `denied`.")
    return ConnectedOut.of(await senders.run(connect.finish_for_user, user_id, body.request_token, body.verifier))


@router.post(
    "/disconnect",
    summary="Disconnect the Discogs account",
    response_description="What ended.",
    responses=errors(Code.NOT_FOUND),
)
def disconnect(user_id: Speaker, resources: ResourcesNow, body: DisconnectBody | None = None) -> DisconnectedOut:
    """Forget the tokens and cancel the jobs that speak for the account. What was imported stays, or is removed.

    With `data: remove` a job, `forget_collection`, removes it in pieces; until its end nobody connects for this user.
    Discogs has no way for us to revoke the access: the user does that in the settings there, under Applications.
    """
    body = body or DisconnectBody()
    ended = disconnecting.disconnect(
        resources, user_id, forget_account=body.forget_account, remove_data=body.data == "remove"
    )
    return DisconnectedOut(
        was_connected=ended.was_connected,
        cancelled_jobs=[job.id for job in ended.cancelled],
        removal_job=None if ended.removal is None else ended.removal.job_id,
    )


@router.get(
    "/removal",
    summary="See what a removal of the data would do",
    response_description="What would go, and what would stay.",
    responses=errors(Code.NOT_FOUND),
)
def removal(user_id: Speaker, resources: ResourcesNow) -> RemovalOut:
    """Count what disconnecting with `data: remove` would remove. Nothing changes."""
    with resources.pool.transaction() as conn:
        users.find(conn, user_id)
        return RemovalOut.of(forget_collection.look(conn, user_id))


def _callback_url(request: Request, resources: Resources) -> str:
    """Return where Discogs sends browsers back to when nobody says otherwise: as set, else our own page."""
    settings: ApiSettings = request.app.state.settings
    return resources.settings.discogs.callback_url or settings.url + OWN_CALLBACK


def _begin_url(callback: str, begun: Begun) -> str | None:
    """Return the page beside our callback, with what the query has; None when the callback is not ours."""
    parts = urlsplit(callback)
    if not parts.path.endswith(OWN_CALLBACK):
        return None
    path = parts.path.removesuffix("/callback") + "/begin"
    own = {"oauth_token": begun.request_token, "ticket": begun.ticket}
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in own]
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode([*kept, *own.items()]), ""))
