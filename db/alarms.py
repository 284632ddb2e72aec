"""Alarms that were raised, and what is looked at to find troubles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db import Connection
from db.queries import load
from db.storable import storable

_sql = load("alarms")


@dataclass(frozen=True, slots=True)
class Raised:
    """A trouble that was there when somebody looked last; ``told_at`` is None while nobody was told of it.

    ``is_being_told`` while a process tells of it, or died doing so a moment ago.
    """

    name: str
    sentence: str
    raised_at: datetime
    seen_at: datetime
    told_at: datetime | None
    is_being_told: bool = False


@dataclass(frozen=True, slots=True)
class Failures:
    """Jobs of one kind that failed of one class lately, and what one of them said."""

    kind: str
    error_class: str
    jobs: int
    error: str


def hold(conn: Connection) -> bool:
    """Be the one who decides, until this transaction ends. False: another scheduler is at it."""
    return bool(_sql.hold(conn))


def clock(conn: Connection) -> datetime:
    """Return the time by which alarms are judged: the database's, for all schedulers."""
    now: datetime = _sql.clock(conn)
    return now


def raised(conn: Connection) -> list[Raised]:
    """Return the troubles that were there, the oldest first."""
    return [Raised(**row) for row in _sql.find_raised(conn)]


def keep(conn: Connection, name: str, sentence: str) -> None:
    """Remember that a trouble is there."""
    _sql.keep(conn, name=name, sentence=storable(sentence))


def claim(conn: Connection, names: Sequence[str], *, seconds: float) -> None:
    """Take it on to tell of these; should we die meanwhile, another does after ``seconds``."""
    _sql.claim(conn, names=list(names), seconds=seconds)


def settle(conn: Connection, name: str, *, is_told: bool) -> None:
    """Remember whether operators were told of a trouble that was claimed."""
    _sql.settle(conn, name=name, is_told=is_told)


def remove(conn: Connection, name: str) -> None:
    """Forget a trouble that is over."""
    _sql.remove(conn, name=name)


def failures(conn: Connection, *, minutes: int) -> list[Failures]:
    """Return what failed within so many minutes, the most frequent first."""
    return [Failures(**row) for row in _sql.group_failed(conn, minutes=minutes)]


def given_up(conn: Connection) -> int:
    """Return how many webhooks of the last day were given up."""
    return int(_sql.count_given_up(conn))


def retrying(conn: Connection, *, attempts: int) -> int:
    """Return how many jobs retry a step that failed at least so often."""
    return int(_sql.count_retrying(conn, attempts=attempts))
