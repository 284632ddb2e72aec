"""Alarms that were raised, and what is looked at to find troubles."""

from dataclasses import dataclass
from datetime import datetime

from db import Connection
from db.queries import load
from db.storable import storable

_sql = load("alarms")


@dataclass(frozen=True, slots=True)
class Raised:
    """A trouble that was there when somebody looked last; ``told_at`` is None while nobody was told of it."""

    name: str
    sentence: str
    raised_at: datetime
    seen_at: datetime
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Failures:
    """Jobs of one kind that failed of one class lately, and what one of them said."""

    kind: str
    error_class: str
    jobs: int
    error: str


def hold(conn: Connection) -> bool:
    """Be the one who looks, until this transaction ends. False: another scheduler is at it."""
    return bool(_sql.hold(conn))


def raised(conn: Connection) -> list[Raised]:
    """Return the troubles that were there, the oldest first."""
    return [Raised(**row) for row in _sql.find_raised(conn)]


def keep(conn: Connection, name: str, sentence: str, *, is_told: bool) -> None:
    """Remember that a trouble is there, and whether operators were told of it just now."""
    _sql.keep(conn, name=name, sentence=storable(sentence), is_told=is_told)


def remove(conn: Connection, name: str) -> None:
    """Forget a trouble that is over."""
    _sql.remove(conn, name=name)


def failures(conn: Connection, *, minutes: int) -> list[Failures]:
    """Return what failed within so many minutes, the most frequent first."""
    return [Failures(**row) for row in _sql.group_failed(conn, minutes=minutes)]


def given_up(conn: Connection) -> int:
    """Return how many webhooks of the last day were given up."""
    return int(_sql.count_given_up(conn))
