"""Prices of releases, shared by all collectors: the figures, how fresh they are, and who asks for them now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from db import Connection
from db.queries import load
from db.storable import Json

What = Literal["suggestions", "stats"]
State = Literal["priced", "no_price", "blocked", "gone"]

_sql = load("prices")


@dataclass(frozen=True, slots=True)
class Price:
    """One side of a release's prices as it stands. ``state`` and ``figures`` are None before the first answer.

    While ``claimed_until`` is to come, somebody asks; with ``failed`` they asked in vain, and nobody asks again yet.
    ``seen_at`` is the database's time; ``is_alerted`` when somebody's alert waits for this floor.
    """

    release_id: int
    what: What
    state: State | None
    fetched_at: datetime | None
    looked_at: datetime | None
    amount: Decimal | None
    moved: Decimal | None
    every: timedelta
    due_at: datetime
    claim: UUID | None
    claimed_until: datetime | None
    failed: str | None
    figures: Mapping[str, Json] | None
    seen_at: datetime
    is_alerted: bool = False

    @property
    def age(self) -> timedelta | None:
        return None if self.fetched_at is None else self.seen_at - self.fetched_at

    @property
    def is_held(self) -> bool:
        """Whether nobody else may ask at this moment."""
        return self.claimed_until is not None and self.claimed_until > self.seen_at


@dataclass(frozen=True, slots=True)
class Fresh:
    """What Discogs just said, and when it is time to ask again."""

    state: State
    figures: Mapping[str, Json] | None
    amount: Decimal | None
    moved: Decimal | None
    every: timedelta


def find(conn: Connection, release_id: int, what: What) -> Price | None:
    """Return how it stands, None for a release that nobody has and nobody looked at."""
    row = _sql.find(conn, release_id=release_id, what=what)
    return None if row is None else Price(**row)


def look(conn: Connection, release_id: int, what: What, *, watched: timedelta) -> Price:
    """Note that a person looks, and return how it stands; from now on it is due every ``watched`` at most."""
    _sql.look(conn, release_id=release_id, what=what, watched=watched)
    found = find(conn, release_id, what)
    if found is None:
        raise LookupError("a row that was there a moment ago")
    return found


def enrol(conn: Connection, release_ids: Sequence[int]) -> int:
    """Let releases that somebody has be priced in their turn; return how many sides are new."""
    new: int = _sql.enrol(conn, release_ids=list(release_ids))
    return new


def claim(conn: Connection, release_id: int, what: What, *, seconds: float) -> UUID | None:
    """Become the one who asks for this side; None when somebody else is."""
    mine = uuid4()
    was_first = _sql.claim(conn, release_id=release_id, what=what, claim=mine, seconds=seconds)
    return mine if was_first else None


def held(conn: Connection, keys: Collection[tuple[What, int]]) -> set[tuple[What, int]]:
    """Return those of the keys (side, release) that a process asks Discogs for at this moment."""
    rows = _sql.held(conn, whats=[what for what, _ in keys], release_ids=[release_id for _, release_id in keys])
    return {(row["what"], row["release_id"]) for row in rows}


def give_up(
    conn: Connection, release_id: int, what: What, mine: UUID, *, sentence: str | None = None, seconds: float = 0.0
) -> None:
    """Ask no more. With a sentence nobody else asks for so many seconds either."""
    _sql.give_up(conn, release_id=release_id, what=what, claim=mine, sentence=sentence, seconds=seconds)


def store(conn: Connection, release_id: int, what: What, fresh: Fresh) -> None:
    """Store what Discogs said; whoever waits for it has it."""
    _sql.store(
        conn,
        release_id=release_id,
        what=what,
        state=fresh.state,
        figures=None if fresh.figures is None else Jsonb(fresh.figures),
        amount=fresh.amount,
        moved=fresh.moved,
        every=fresh.every,
    )


def askers(
    conn: Connection, release_id: int, *, user_id: UUID | None, operator: UUID | None, currency: str, room: int
) -> list[UUID]:
    """Return the accounts that may request suggestions, the best first.

    ``operator`` stands for the operator's account, None without one; it follows the user who looks and the owners of
    the release. An account that was refused lately is left out.
    """
    rows = _sql.askers(conn, release_id=release_id, user_id=user_id, operator=operator, currency=currency, room=room)
    return [row["user_id"] for row in rows]


def set_seller_settings(conn: Connection, user_id: UUID, *, has_them: bool) -> None:
    """Store whether Discogs gives this user's account suggestions."""
    _sql.set_seller_settings(conn, user_id=user_id, has_them=has_them)


def set_operator_settings(conn: Connection, *, has_them: bool) -> None:
    """Store whether Discogs gives the operator's account suggestions."""
    _sql.set_operator_settings(conn, has_them=has_them)


def hasten(conn: Connection, release_id: int, what: What, *, every: timedelta) -> None:
    """Let a side be due so often at least, until it is asked for."""
    _sql.hasten(conn, release_id=release_id, what=what, every=every)
