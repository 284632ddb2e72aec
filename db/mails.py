"""Mails of alerts: an outbox, filled in the transaction in which an alert fires, so that a death loses none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from psycopg.types.json import Jsonb

from db import Connection
from db.queries import load
from db.storable import Json, storable

_sql = load("mails")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is due. ``content`` is None until it is sent for the first time; ``attempts`` were made before.

    ``may_have_arrived`` when one of them has no known end.
    """

    id: UUID
    user_id: UUID
    content: dict[str, Json] | None
    attempts: int
    may_have_arrived: bool


@dataclass(frozen=True, slots=True)
class Firing:
    """What an alert saw when it fired; ``was`` is the floor that it saw before, amounts in its own currency."""

    id: UUID
    mail_id: UUID
    user_id: UUID
    alert_id: UUID
    fired_at: datetime
    release_id: int
    artist: str | None
    title: str | None
    target: Decimal
    currency: str
    minimum_grade: str | None
    was: Decimal | None
    floor: Decimal
    floor_said: Decimal
    floor_currency: str
    rate: Decimal
    rate_as_of: datetime
    floor_at: datetime
    suggestion: Decimal | None
    owned_since: datetime | None


@dataclass(frozen=True, slots=True)
class Troubled:
    """A mail that was not taken. Given up without an error: its sender died, and nobody knows whether it arrived."""

    id: UUID
    user_id: UUID
    created_at: datetime
    due_at: datetime
    attempts: int
    given_up_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the mails stand."""

    waiting: int
    given_up: int


def fire(conn: Connection, alert_ids: Sequence[UUID], *, gather: timedelta) -> None:
    """Let each user be told of alerts that fire now, in one mail with what fires within ``gather``."""
    _sql.fire(conn, ids=list(alert_ids), gather=gather)


def give_up_old(conn: Connection) -> None:
    """Give up what was begun so long ago that it could arrive twice."""
    _sql.give_up_old(conn)


def next_due(conn: Connection) -> Mail | None:
    """Return the mail that has been due longest, held until the transaction ends."""
    row = _sql.next_due(conn)
    return None if row is None else Mail(**row)


def begin(conn: Connection, mail_id: UUID, content: dict[str, Json], *, seconds: float) -> dict[str, Json]:
    """Remember what a mail says, and that it is sent now; should we die, another may send it after ``seconds``.

    Returns its words as every attempt sends them, in the same order.
    """
    words: dict[str, Json] = _sql.begin(conn, id=mail_id, content=Jsonb(content), seconds=seconds)
    return words


def mark_sent(conn: Connection, mail_id: UUID) -> None:
    """Remember that the other side has it."""
    _sql.mark_sent(conn, id=mail_id)


def mark_failed(conn: Connection, mail_id: UUID, *, error: str, seconds: float, gives_up: bool) -> None:
    """Remember that it was not taken: it is due again in ``seconds``, or never."""
    _sql.mark_failed(conn, id=mail_id, error=storable(error), seconds=seconds, gives_up=gives_up)


def mark_unsent(conn: Connection, mail: Mail, *, error: str, seconds: float) -> None:
    """Remember that this attempt cannot have arrived: it is due again in ``seconds``, for a week."""
    _sql.mark_unsent(conn, id=mail.id, error=storable(error), seconds=seconds, may_have_arrived=mail.may_have_arrived)


def put_off(conn: Connection, mail_id: UUID, *, error: str, seconds: float) -> None:
    """Let a mail that could not even be written wait behind the others."""
    _sql.put_off(conn, id=mail_id, error=storable(error), seconds=seconds)


def retry_now(conn: Connection) -> int:
    """End the back-off of e-mails that were not accepted; return how many are due now."""
    return int(_sql.retry_now(conn))


def drop(conn: Connection, mail_id: UUID) -> None:
    """Remove a mail that nobody wants any more."""
    _sql.drop_one(conn, id=mail_id)


def firings(conn: Connection, mail_id: UUID) -> list[Firing]:
    """Return what a mail tells."""
    rows = _sql.firings(conn, mail_id=mail_id)
    return [Firing(**{name: row[name] for name in Firing.__slots__}) for row in rows]


def troubled(conn: Connection, *, room: int = 20) -> list[Troubled]:
    """Return mails that were not taken, those that are tried again first."""
    return [Troubled(**row) for row in _sql.find_troubled(conn, room=room)]


def counts(conn: Connection) -> Standing:
    """Say how many wait and were given up."""
    return Standing(**_sql.count_states(conn))


def silence(conn: Connection, user_id: UUID) -> int:
    """Turn all alerts of a user off; return how many were on."""
    return int(_sql.silence(conn, user_id=user_id))


def forget_old(conn: Connection, age: timedelta, *, room: int) -> int:
    """Clear some mails that were sent or given up so long ago, with what they told; return how many."""
    return int(_sql.forget_old(conn, age=age, room=room))
