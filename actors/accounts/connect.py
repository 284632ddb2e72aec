"""Connecting a Discogs account: the flows that every door shares.

A hand-shake is begun for one user and ends once, for that user: either the app's backend vouches for who came back
(``finish_for_user``), or the browser brings the cookie that it was given when it began (``finish_in_browser``). What
Discogs itself says about who signed in decides which account it is; the name that anybody claims does not.
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import urlsplit
from uuid import UUID

from actors.catalog import FORGET_COLLECTION
from actors.errors import Denied, NotConnected, OtherAccount, RemovalUnderWay, VerifierRefused
from db import Connection, forgetting, handshakes, links, users
from db.handshakes import LIFETIME, Handshake
from db.links import Credentials, Link
from discogs import handshake
from discogs.errors import DiscogsError, Invalid, PermitExpired, Unauthorised
from discogs.handshake import OUT_OF_BAND, RequestToken
from discogs.records.people import Identity, Profile
from workers.limiter.errors import LimiterError
from workers.resources import Resources


@dataclass(frozen=True, slots=True)
class Begun:
    """A hand-shake under way. ``ticket`` lets one browser begin, once; it goes into ``/begin`` and nowhere else."""

    authorize_url: str
    request_token: str = field(repr=False)
    ticket: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Connected:
    """Who is connected now. The counts are Discogs' own, None when it did not say."""

    user_id: UUID
    handle: str
    username: str
    discogs_user_id: int
    num_collection: int | None
    num_wantlist: int | None
    return_to: str | None = None


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A user who is made in the moment that Discogs lets them in, on our own database only."""

    handle: str
    tier: str


def require_connected(conn: Connection, user_id: UUID) -> Link:
    """Return the user's connection. Raises UnknownUser, NotConnected."""
    users.find(conn, user_id)
    link = links.link(conn, user_id)
    if link is None or link.state == "disconnected":
        raise NotConnected("This user has no Discogs account connected.", "Connect one, then ask again.")
    if link.state == "needs_reconnect":
        raise NotConnected(
            f"Discogs does not accept the token of {link.username!r} any more.",
            "Connect the same account again: nothing is lost, and imports go on.",
        )
    return link


def begin(
    resources: Resources, user_id: UUID, *, callback_url: str = OUT_OF_BAND, return_to: str | None = None
) -> Begun:
    """Begin a hand-shake: one request, in the interactive lane.

    Raises:
        UnknownUser: nobody has this id.
        DiscogsError, LimiterError: Discogs could not be asked.
    """
    with resources.pool.transaction() as conn:
        users.find(conn, user_id)
    began = datetime.now(UTC)
    token = handshake.begin(resources.settings.discogs, resources.budget_for_person(str(user_id)), callback_url)
    # It says over what the browser comes back. What is remembered is the hash of the whole, so nobody can change that.
    ticket = f"{urlsplit(callback_url).scheme}.{secrets.token_urlsafe(32)}"
    with resources.pool.transaction() as conn:
        handshakes.begin(
            conn,
            resources.keys,
            user_id,
            request_token=token.token,
            request_secret=token.secret,
            browser=_ticket(ticket),
            return_to=return_to,
        )
    return Begun(token.authorize_url, token.token, ticket, began + LIFETIME)


def comes_back_over_https(ticket: str) -> bool:
    """Whether the hand-shake of this ticket ends at an https address, whatever a proxy makes of the way to us."""
    return ticket.startswith("https.")


def look_at_ticket(resources: Resources, request_token: str, ticket: str) -> str:
    """Say whose hand-shake a ticket begins, by handle, and use nothing up. Raises a HandshakeRefused."""
    with resources.pool.transaction() as conn:
        user_id = handshakes.look_for_browser(conn, request_token, _ticket(ticket))
        return users.find(conn, user_id).handle


def hand_to_browser(resources: Resources, request_token: str, ticket: str) -> str:
    """Exchange the ticket for the cookie of the browser that brings it, once. Raises a HandshakeRefused."""
    cookie = secrets.token_urlsafe(32)
    with resources.pool.transaction() as conn:
        handshakes.hand_to_browser(conn, request_token, _ticket(ticket), _cookie(cookie))
    return cookie


def finish_for_user(resources: Resources, user_id: UUID, request_token: str, verifier: str) -> Connected:
    """End a hand-shake for the user whom the app's backend vouches for: three requests.

    Raises:
        HandshakeRefused: unknown, too old, used, or begun by somebody else.
        VerifierRefused, OtherAccount: nothing changed, and the sentence says what to do.
        DiscogsError, LimiterError: Discogs could not be asked.
    """
    with resources.pool.transaction() as conn:
        taken = handshakes.take_for_user(conn, resources.keys, request_token, user_id)
    return _finish(resources, taken, verifier)


def finish_in_browser(resources: Resources, request_token: str, verifier: str, cookie: str | None) -> Connected:
    """End a hand-shake for the browser that brings the cookie it began with. Raises as ``finish_for_user`` does."""
    with resources.pool.transaction() as conn:
        taken = handshakes.take_for_browser(
            conn, resources.keys, request_token, None if cookie is None else _cookie(cookie)
        )
    return _finish(resources, taken, verifier)


def deny_for_user(resources: Resources, user_id: UUID, request_token: str) -> NoReturn:
    """Close a hand-shake whose person said no. Raises Denied, or a HandshakeRefused when it was not theirs."""
    with resources.pool.transaction() as conn:
        handshakes.take_for_user(conn, resources.keys, request_token, user_id)
    raise _denied()


def deny_in_browser(resources: Resources, request_token: str, cookie: str | None) -> NoReturn:
    """Close a hand-shake whose person said no. Raises Denied, or a HandshakeRefused when it is another browser's."""
    with resources.pool.transaction() as conn:
        handshakes.take_for_browser(conn, resources.keys, request_token, None if cookie is None else _cookie(cookie))
    raise _denied()


def trade(resources: Resources, user_id: UUID, token: RequestToken, verifier: str) -> Credentials:
    """Trade a verifier for the lasting token: one request. Raises VerifierRefused, DiscogsError, LimiterError."""
    budget = resources.budget_for_person(str(user_id))
    try:
        access = handshake.finish(resources.settings.discogs, budget, token, verifier)
    except (Invalid, Unauthorised):
        raise VerifierRefused(
            "Discogs does not accept this sign-in any more: its code is wrong, was used, or is older than 15 minutes.",
            "Begin the connection anew. Nothing was changed.",
        ) from None
    return Credentials("oauth", access.token, access.secret)


def let_in(
    resources: Resources,
    user_id: UUID,
    credentials: Credentials,
    *,
    return_to: str | None = None,
    newcomer: Newcomer | None = None,
) -> Connected:
    """Ask Discogs whose credentials these are, and store them for the user: two requests.

    Raises:
        Unauthorised: Discogs does not know the credentials.
        OtherAccount, RemovalUnderWay: nothing changed, and the sentence says what to do.
        DiscogsError, LimiterError: Discogs could not be asked who this is.
    """
    client = resources.discogs_with(credentials, resources.budget_for_person(str(user_id)))
    identity = client.identity()
    with resources.pool.transaction() as conn:
        if newcomer is not None:
            user_id = users.create(conn, newcomer.handle, tier=newcomer.tier, user_id=user_id).id
        is_ours = links.connect(
            conn,
            resources.keys,
            user_id,
            username=identity.username,
            discogs_user_id=identity.id,
            credentials=credentials,
        )
        if not is_ours:
            bound = links.link(conn, user_id)
            raise _other_account(identity, None if bound is None else bound.username)
        if forgetting.is_under_way(conn, user_id, FORGET_COLLECTION.name):
            # Looked at behind the write to the profile, which a removal that begins this moment writes too.
            raise RemovalUnderWay(
                "What came from Discogs before is still being removed.",
                "Connect again in a few minutes; the job forget_collection says how far it is.",
            )
        handle = users.find(conn, user_id).handle
    profile: Profile | None
    try:
        profile = client.profile(identity.username)
    except (DiscogsError, LimiterError, PermitExpired):
        profile = None  # connected all the same: the first page of an import says how many there are
    if profile is not None:
        with resources.pool.transaction() as conn:
            links.counts(
                conn,
                user_id,
                num_collection=profile.num_collection,
                num_wantlist=profile.num_wantlist,
                curr_abbr=profile.currency or None,
            )
    return Connected(
        user_id,
        handle,
        identity.username,
        identity.id,
        None if profile is None else profile.num_collection,
        None if profile is None else profile.num_wantlist,
        return_to,
    )


def _finish(resources: Resources, taken: Handshake, verifier: str) -> Connected:
    token = RequestToken(taken.request_token, taken.request_secret)
    try:
        credentials = trade(resources, taken.user_id, token, verifier)
    except (DiscogsError, LimiterError, PermitExpired):
        # Discogs may still take the verifier, so whoever was let in may come again with it. If not, it says so then.
        with resources.pool.transaction() as conn:
            handshakes.give_back(conn, taken.request_token)
        raise
    return let_in(resources, taken.user_id, credentials, return_to=taken.return_to)


def _other_account(now: Identity, before: str | None) -> OtherAccount:
    bound = "another Discogs account" if before is None else f"the Discogs account {before!r}"
    return OtherAccount(
        f"Discogs says that this is {now.username!r}, but this user is bound to {bound}. Two accounts are never "
        "merged, so nothing was changed.",
        f"Choose: sign in at Discogs as {before or 'the account from before'!r} and connect again; or disconnect with "
        f"forget_account, which deletes what is known of the old account, then connect {now.username!r}.",
    )


def _denied() -> Denied:
    return Denied(
        "Access was not allowed at Discogs. Nothing was changed.", "Begin the connection anew if that was a mistake."
    )


def _ticket(text: str) -> str:
    """Keep tickets and cookies apart: one is never taken for the other, though the same column holds their hashes."""
    return f"ticket:{text}"


def _cookie(text: str) -> str:
    return f"cookie:{text}"
