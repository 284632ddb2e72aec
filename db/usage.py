"""Requests to Discogs by user, lane, kind of job and endpoint, a row a minute and a row a month. Months are UTC's."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from db import Connection
from db.queries import load

Part = Literal["lane", "kind", "endpoint", "user"]

_sql = load("usage")


@dataclass(frozen=True, slots=True)
class Use:
    """What a request is counted under. ``minute`` is its beginning; nobody's requests have no ``user_id``."""

    minute: datetime
    user_id: UUID | None
    lane: str
    kind: str
    endpoint: str
    has_failed: bool = False  # Discogs answered 5xx or not at all


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a month; ``name`` is None for the user that nobody is."""

    name: str | None
    requests: int


@dataclass(frozen=True, slots=True)
class MinuteShare:
    """One part of a minute, named by its beginning."""

    minute: datetime
    name: str | None
    requests: int


@dataclass(frozen=True, slots=True)
class Month:
    """A month of one user or of all; imports are those that came to their end."""

    requests: int
    imports: int
    syncs: int


@dataclass(frozen=True, slots=True)
class Answers:
    """Requests of some minutes; ``failed`` were answered with 5xx or not at all."""

    requests: int
    failed: int


def answers(conn: Connection, *, minutes: int) -> Answers:
    """Return how Discogs answered in the last minutes, jobs and API calls together."""
    return Answers(**_sql.count_answers(conn, minutes=minutes))


def add(conn: Connection, flush_id: UUID, counts: Mapping[Use, int]) -> bool:
    """Add counts to minutes, months, the fleet's figures and the plan's ``discogs_usage``.

    False when this flush was added before.
    """
    requests: Counter[Use] = Counter()
    failed: Counter[Use] = Counter()
    for use, number in counts.items():
        requests[replace(use, has_failed=False)] += number
        failed[replace(use, has_failed=False)] += number if use.has_failed else 0
    uses = list(requests)
    return bool(
        _sql.add_counts(
            conn,
            flush_id=flush_id,
            minutes=[use.minute for use in uses],
            user_ids=[use.user_id for use in uses],
            lanes=[use.lane for use in uses],
            kinds=[use.kind for use in uses],
            endpoints=[use.endpoint for use in uses],
            requests=list(requests.values()),
            failed=[failed[use] for use in uses],
        )
    )


def add_import(conn: Connection, user_id: UUID) -> None:
    """Count an import, in the transaction in which it comes to its end: once, or not at all."""
    _sql.add_import(conn, user_id=user_id)


def add_sync(conn: Connection, user_id: UUID) -> None:
    """Count a look for what is new, in the transaction in which it comes to its end."""
    _sql.add_sync(conn, user_id=user_id)


def month_of(conn: Connection, month: date, user_id: UUID | None = None) -> Month:
    """Return a month, named by its first day, of one user or of all."""
    if user_id is None:
        return Month(**_sql.total_of_all(conn, month=month))
    return Month(**_sql.total_of_user(conn, month=month, user_id=user_id))


def shares(
    conn: Connection, month: date, part: Part, user_id: UUID | None = None, *, room: int, skip: int = 0
) -> list[Share]:
    """Return a page of a month of one user or of all in its parts, the largest first."""
    if user_id is None:
        rows = _sql.of_all(conn, month=month, part=part, skip=skip, room=room)
    else:
        rows = _sql.of_user(conn, month=month, user_id=user_id, part=part, skip=skip, room=room)
    return [Share(**row) for row in rows]


def minutes(
    conn: Connection, since: datetime, part: Part, user_id: UUID | None = None, *, until: datetime | None = None
) -> list[MinuteShare]:
    """Return the minutes of one user or of all that began between two moments, in their parts, the oldest first."""
    if user_id is None:
        rows = _sql.minutes_of_all(conn, since=since, until=until, part=part)
    else:
        rows = _sql.minutes_of_user(conn, since=since, until=until, user_id=user_id, part=part)
    return [MinuteShare(**row) for row in rows]


def forget_minutes(conn: Connection, age: timedelta, *, room: int) -> int:
    """Clear at most ``room`` old minutes, and leave their months; return of how many."""
    return int(_sql.forget_minutes(conn, age=age, room=room))


def forget_months(conn: Connection, age: timedelta, *, room: int) -> int:
    """Clear at most ``room`` parts of old months, and leave the plan's ``discogs_usage``; return of how many."""
    return int(_sql.forget_months(conn, age=age, room=room))


def forget_flushes(conn: Connection, age: timedelta, *, room: int) -> int:
    """Clear at most ``room`` flushes that are too old to be said again; return of how many."""
    return int(_sql.forget_flushes(conn, age=age, room=room))
