"""Connecting at a terminal: one process begins and ends it, so nothing is remembered before Discogs has said yes.

Whoever is new is made in the transaction that stores their token: a wrong token, a Discogs that is away and a closed
window leave nobody behind.
"""

from uuid import UUID

from actors.accounts.connect import Connected, Newcomer, let_in, trade
from actors.errors import TokenRefused
from db import users
from db.links import Credentials
from discogs import handshake
from discogs.errors import Unauthorised
from discogs.handshake import OUT_OF_BAND, RequestToken
from workers.resources import Resources


def begin(resources: Resources, user_id: UUID) -> RequestToken:
    """Begin a hand-shake whose code Discogs shows for the person to copy: one request.

    Raises:
        DiscogsError, LimiterError: Discogs could not be asked.
    """
    return handshake.begin(resources.settings.discogs, resources.budget_for_person(str(user_id)), OUT_OF_BAND)


def finish(
    resources: Resources, user_id: UUID, token: RequestToken, code: str, *, newcomer: Newcomer | None = None
) -> Connected:
    """End the hand-shake: three requests. Raises ConnectFailed, DiscogsError, LimiterError; nothing changed then."""
    return let_in(resources, user_id, trade(resources, user_id, token, code), newcomer=newcomer)


def connect_personal(resources: Resources, user_id: UUID, token: str, *, newcomer: Newcomer | None = None) -> Connected:
    """Connect by a token that the person made in Discogs' settings: two requests.

    Raises:
        UnknownUser: nobody has this id.
        TokenRefused, OtherAccount: nothing changed, and the sentence says what to do.
        DiscogsError, LimiterError: Discogs could not be asked.
    """
    if newcomer is None:
        with resources.pool.transaction() as conn:
            users.find(conn, user_id)
    try:
        return let_in(resources, user_id, Credentials("personal", token.strip()), newcomer=newcomer)
    except Unauthorised:
        raise TokenRefused(
            "Discogs does not know this personal token, so nothing was changed.",
            "Open discogs.com/settings/developers signed in as the owner of the collection, press `Generate new "
            "token`, and copy the whole of it.",
        ) from None
