"""Accounts that may request price suggestions: Discogs gives them only to accounts with seller settings."""

from uuid import UUID

from db import Connection, prices
from db.jobs import NOBODY

OPERATOR = NOBODY  # the account of DISCOGS_PERSONAL_TOKEN, where a user's ID is expected
CURRENCY = "USD"  # accounts that sell in it are preferred: lowest prices are stored in it
ANY_RELEASE = 0  # no user owns it


def accounts_for(
    conn: Connection, release_id: int, *, has_operator: bool, limit: int, user_id: UUID | None = None
) -> list[UUID]:
    """Return accounts for a release's suggestions, the best first: the user's own, then owners', then the operator's.

    Other accounts with seller settings follow. ``user_id`` is the user who looks, None in a job.
    """
    operator = OPERATOR if has_operator else None
    return prices.askers(conn, release_id, user_id=user_id, operator=operator, currency=CURRENCY, room=limit)


def may_suggest(conn: Connection, *, has_operator: bool) -> bool:
    """Return whether any account may get suggestions."""
    return bool(accounts_for(conn, ANY_RELEASE, has_operator=has_operator, limit=1))


def store_seller_settings(conn: Connection, account: UUID, *, has_them: bool) -> None:
    """Store whether Discogs gave this account suggestions."""
    if account == OPERATOR:
        prices.set_operator_settings(conn, has_them=has_them)
    else:
        prices.set_seller_settings(conn, account, has_them=has_them)
