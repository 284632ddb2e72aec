"""The SQL functions that enqueue jobs, called over any psycopg connection.

The rows are asked of a cursor of our own, so the row factory of the connection does not matter. Nothing here begins or
ends a transaction.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from db import Connection, Row
from db.errors import ArgumentsRefused, EnqueueRefused
from db.queries import load

AnyConnection = psycopg.Connection[Any]  # whatever its row factory and autocommit

_sql = load("enqueue")


class Origin(StrEnum):
    """Who asks for a job: a user or their application, an operator, or a schedule or another job."""

    REQUEST = "request"
    OPERATOR = "operator"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Enqueued:
    """The job that does the work. ``is_new`` is False if a live one was there already.

    ``place`` is that of the request, from 0. ``replaced`` is the job that this one replaces.
    """

    place: int
    job_id: UUID
    is_new: bool
    state: str
    replaced: UUID | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A job that would be refused: its place from 0, the SQLSTATE, the reason and what to do."""

    place: int
    code: str
    message: str
    hint: str | None


def enqueue_many(
    conn: AnyConnection, jobs: Sequence[Mapping[str, Any]], *, origin: Origin = Origin.REQUEST
) -> list[Enqueued]:
    """Enqueue jobs, all of them or none; what became of each, in order. Raises EnqueueRefused.

    For automatic jobs the users without a connection are left out.
    """
    given = Jsonb(list(jobs), dumps=_dumped)
    with _asking(conn) as cursor:
        if origin is Origin.REQUEST:
            rows = _sql.enqueue_many(cursor, jobs=given)
        else:
            rows = _sql.enqueue_jobs(cursor, jobs=given, origin=origin)
    return [Enqueued(**row) for row in rows]


def refusals(conn: AnyConnection, jobs: Sequence[Mapping[str, Any]], *, origin: Origin) -> list[Refusal]:
    """Return the jobs that would be refused, each with the first reason."""
    with _asking(conn) as cursor:
        rows = _sql.refused_jobs(cursor, jobs=Jsonb(list(jobs), dumps=_dumped), origin=origin)
    return [Refusal(**row) for row in rows]


def request(conn: Connection, kind: str, *, quiet: timedelta = timedelta(0)) -> bool:
    """Enqueue a job that belongs to no user, by the name of its kind.

    Return False if one is live or sent requests within ``quiet``.
    """
    return _sql.request(conn, kind=kind, quiet=quiet) is not None


def has_live(conn: Connection, kind: str) -> bool:
    """Return whether such a job is unfinished."""
    found: bool = _sql.has_live(conn, kind=kind)
    return found


@contextmanager
def _asking(conn: AnyConnection) -> Iterator[psycopg.Cursor[Row]]:
    """Give a cursor whose rows are dictionaries, and translate what PostgreSQL refuses."""
    try:
        with conn.cursor(row_factory=dict_row) as cursor:
            yield cursor
    except (psycopg.errors.UntranslatableCharacter, psycopg.errors.InvalidTextRepresentation) as error:
        # NUL and lone surrogates are JSON, but PostgreSQL can't store them.
        raise _unreadable(f"PostgreSQL can't store them ({error.diag.message_primary})") from None
    except psycopg.Error as error:
        refused = EnqueueRefused.by_code(error.sqlstate)
        if refused is None:
            raise
        raise refused(error.diag.message_primary or str(error), error.diag.message_hint or "") from None


def _dumped(jobs: Any) -> str:
    try:
        return json.dumps(jobs, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise _unreadable(f"{error}") from None


def _unreadable(why: str) -> ArgumentsRefused:
    return ArgumentsRefused(f"The arguments do not fit: {why}", "Arguments are plain JSON values.")
