"""The connection of a user to a Discogs account: who they are there, and the tokens that say so."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from db import Connection, Row
from db.queries import load
from db.sealing import Keys, is_current, seal, unseal

State = Literal["connected", "needs_reconnect", "disconnected"]
List = Literal["collection", "wantlist"]
PauseReason = Literal["undone"]

TOKEN = "discogs_oauth_token"  # noqa: S105  a column's name
SECRET = "discogs_oauth_secret"  # noqa: S105  a column's name
RESEAL_BATCH = 500
NOBODY = UUID(int=0)

_sql = load("links")


@dataclass(frozen=True, slots=True)
class Credentials:
    """An OAuth token with its secret, or a personal token, which has none."""

    kind: Literal["oauth", "personal"]
    token: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How a connection stands. ``num_*`` are Discogs' own counts, None before the first look.

    With a ``paused_reason`` no import and no push runs, although the account is connected.
    """

    user_id: UUID
    username: str
    discogs_user_id: int
    state: State
    is_partial: bool
    tier: str
    connected_at: datetime | None
    curr_abbr: str | None
    num_collection: int | None
    num_wantlist: int | None
    identity_checked_at: datetime | None
    collection_complete_at: datetime | None
    wantlist_complete_at: datetime | None
    paused_reason: PauseReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Link):
    """A link with what signs for it; None after a disconnect."""

    credentials: Credentials | None


def connect(
    conn: Connection, keys: Keys, user_id: UUID, *, username: str, discogs_user_id: int, credentials: Credentials
) -> bool:
    """Store a connection. False when the user is bound to another Discogs account: then nothing changed."""
    token = seal(keys, user_id, TOKEN, credentials.token)
    secret = None if credentials.secret is None else seal(keys, user_id, SECRET, credentials.secret)
    is_ours = _sql.connect(
        conn, user_id=user_id, username=username, discogs_user_id=discogs_user_id, token=token, secret=secret
    )
    if is_ours:
        _sql.connect_link(conn, user_id=user_id, credentials=credentials.kind)
    return bool(is_ours)


def account(conn: Connection, keys: Keys, user_id: UUID) -> Account | None:
    """Return the connection with its tokens opened, None when there never was one. Raises SealBroken, WrongKey."""
    row = _sql.find(conn, user_id=user_id)
    if row is None:
        return None
    credentials = None
    if row[TOKEN] is not None:
        credentials = Credentials(
            kind=row["credentials"],
            token=unseal(keys, user_id, TOKEN, row[TOKEN]),
            secret=None if row[SECRET] is None else unseal(keys, user_id, SECRET, row[SECRET]),
        )
    return Account(credentials=credentials, **_link_fields(row))


def link(conn: Connection, user_id: UUID) -> Link | None:
    """Return how the connection stands; needs no key."""
    return links(conn, [user_id]).get(user_id)


def links(conn: Connection, user_ids: Sequence[UUID]) -> dict[UUID, Link]:
    """Return the connections of several users; who never connected is absent."""
    rows = _sql.find_many(conn, user_ids=list(user_ids))
    return {row["user_id"]: Link(**_link_fields(row)) for row in rows}


def mark_needs_reconnect(conn: Connection, refused: Account) -> bool:
    """Note that Discogs refused these tokens. False when the user connected anew meanwhile, or it was noted before."""
    return bool(_sql.mark_needs_reconnect(conn, user_id=refused.user_id, connected_at=refused.connected_at))


def disconnect(conn: Connection, user_id: UUID) -> bool:
    """Clear the tokens. False when there was no connection to end."""
    _sql.forget_tokens(conn, user_id=user_id)
    return bool(_sql.disconnect(conn, user_id=user_id))


def forget_account(conn: Connection, user_id: UUID) -> None:
    """Unbind the user from the account and delete what is known of it; albums and the log stay."""
    _sql.unbind_albums(conn, user_id=user_id)
    _sql.unbind(conn, user_id=user_id)
    _sql.forget_collected(conn, user_id=user_id)


def rename(conn: Connection, user_id: UUID, *, discogs_user_id: int, username: str) -> bool:
    """Keep the new name of the same account. False when the number is another: then it is not the same account."""
    return bool(_sql.rename(conn, user_id=user_id, discogs_user_id=discogs_user_id, username=username))


def check_identity(conn: Connection, user_id: UUID) -> None:
    """Note that Discogs just said who we are, and that it was this account."""
    _sql.check_identity(conn, user_id=user_id)


def counts(
    conn: Connection, user_id: UUID, *, num_collection: int | None, num_wantlist: int | None, curr_abbr: str | None
) -> None:
    """Keep what the profile request said; what it did not say stays as known."""
    _sql.count(conn, user_id=user_id, num_collection=num_collection, num_wantlist=num_wantlist, curr_abbr=curr_abbr)


def set_partial(conn: Connection, user_id: UUID, *, is_partial: bool) -> None:
    """Note whether only the newest copies are held: in a partial link nothing is ever missing."""
    _sql.set_partial(conn, user_id=user_id, is_partial=is_partial)


def set_complete(conn: Connection, user_id: UUID, swept: List) -> None:
    """Note that a whole sweep of this list ended now."""
    if swept == "collection":
        _sql.set_collection_complete(conn, user_id=user_id)
    else:
        _sql.set_wantlist_complete(conn, user_id=user_id)


def collection_known_to(conn: Connection, user_id: UUID) -> datetime | None:
    """Return the time up to which everything that was added has been read, None when that was never settled."""
    known_to: datetime | None = _sql.collection_known_to(conn, user_id=user_id)
    return known_to


def set_collection_known_to(conn: Connection, user_id: UUID, sweep_id: UUID) -> None:
    """Note that a walk without a gap came to its end: everything up to the newest copy that it saw has been read."""
    _sql.set_collection_known_to(conn, user_id=user_id, sweep_id=sweep_id)


def reseal_all(conn: Connection, keys: Keys) -> int:
    """Seal every token that another key sealed with the current one; return of how many users."""
    resealed, after = 0, NOBODY
    while rows := _sql.find_sealed(conn, after=after, page_size=RESEAL_BATCH):
        resealed += sum(_reseal(conn, keys, row) for row in rows)
        after = rows[-1]["id"]
    return resealed


def _reseal(conn: Connection, keys: Keys, row: Row) -> int:
    if all(row[column] is None or is_current(keys, row[column]) for column in (TOKEN, SECRET)):
        return 0
    anew = {
        column: None
        if row[column] is None
        else seal(keys, row["id"], column, unseal(keys, row["id"], column, row[column]))
        for column in (TOKEN, SECRET)
    }
    changed: int = _sql.replace_sealed(conn, user_id=row["id"], was=row[TOKEN], token=anew[TOKEN], secret=anew[SECRET])
    return changed


def _link_fields(row: Row) -> Row:
    return {name: row[name] for name in Link.__slots__}
