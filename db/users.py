"""The people, as the app's view rekkrd.users shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from db import Connection
from db.errors import AmbiguousUser, UnknownUser
from db.queries import load

NOBODY = UUID(int=0)
PAGE_SIZE = 100

_sql = load("users")


@dataclass(frozen=True, slots=True)
class User:
    """One row of the view; ``tier`` is collector, curator or archivist, ``time_zone`` an IANA name."""

    id: UUID
    handle: str
    email: str | None
    tier: str
    currency: str
    time_zone: str


def find(conn: Connection, name: UUID | str) -> User:
    """Return the user with this id, handle or address. Raises UnknownUser, AmbiguousUser."""
    user_id = _as_id(name)
    rows = [] if user_id is None else [_sql.find_by_id(conn, user_id=user_id)]
    found = [User(**row) for row in rows if row is not None]
    if not found:
        found = [User(**row) for row in _sql.find_by_name(conn, name=_printable(name))]
    if not found:
        raise UnknownUser(f"There is no user {str(name)!r}; `rekkrd users` lists them.")
    if len(found) > 1:
        raise AmbiguousUser(f"More than one user goes by {str(name)!r}; name one by id, `rekkrd users` lists them.")
    return found[0]


def find_many(conn: Connection, user_ids: Sequence[UUID]) -> list[User]:
    """Return those of these users who exist, in no order."""
    return [User(**row) for row in _sql.find_many(conn, user_ids=list(user_ids))]


def find_named(conn: Connection, names: Sequence[str]) -> dict[str, list[User]]:
    """Return who goes by each of these ids, handles or addresses: nobody, one, or several when it is not clear."""
    plain = {name: _printable(name) for name in names}
    ids = {name: found for name in names if (found := _as_id(name)) is not None}
    by_id = {user.id: user for user in find_many(conn, sorted(set(ids.values())))}
    rest = sorted({said for name, said in plain.items() if ids.get(name) not in by_id})
    named = [User(**row) for row in _sql.find_named(conn, names=rest)] if rest else []
    goes_by: dict[str, list[User]] = {}
    for user in named:
        for said in {user.handle, (user.email or user.handle).lower()}:
            goes_by.setdefault(said, []).append(user)
    return {name: _who(by_id.get(ids.get(name, NOBODY)), goes_by, said) for name, said in plain.items()}


def page(conn: Connection, *, after: UUID = NOBODY, size: int = PAGE_SIZE) -> list[User]:
    """Return users in the order of their ids; the last id is the next page's ``after``."""
    return [User(**row) for row in _sql.list_page(conn, after=after, page_size=size)]


def create(
    conn: Connection, handle: str, *, email: str | None = None, tier: str = "collector", user_id: UUID | None = None
) -> User:
    """Make a user, or return the one who has the handle. For our own database: an app makes its users itself."""
    row = _sql.create(conn, user_id=user_id, handle=handle, email=email, tier=tier)
    return find(conn, handle if row is None else row["id"])


def _who(by_id: User | None, goes_by: dict[str, list[User]], said: str) -> list[User]:
    """Return who is meant: an id says it before a name does, a handle as it is written, an address in any case."""
    if by_id is not None:
        return [by_id]
    found = {user.id: user for name in {said, said.lower()} for user in goes_by.get(name, ())}
    return [user for user in found.values() if user.handle == said or (user.email or "").lower() == said.lower()]


def _as_id(name: UUID | str) -> UUID | None:
    if isinstance(name, UUID):
        return name
    try:
        return UUID(name)
    except ValueError:
        return None


def _printable(name: UUID | str) -> str:
    """Return the name as text that PostgreSQL can hold: a NUL is in nobody's name."""
    return str(name).replace("\0", "\ufffd")
