"""A database brought up to date: the migrations, then the catalogue of jobs, which its own door asks."""

from collections.abc import Callable
from typing import Any

from actors.catalog import CATALOG
from db import kinds, migrations
from db.kinds import KindRow
from db.pool import connect
from workers.kinds import Kind

CATALOGUE = "the catalogue of jobs"  # named among the migrations when it has to be told anew


def bring_up_to_date(
    url: str, *, lock_seconds: float = migrations.LOCK_SECONDS, tell: Callable[[str], None] | None = None
) -> list[str]:
    """Apply migrations, then store the job kinds; return the names of the changes.

    ``tell`` gets a message if another process migrates. Raises MigrationRefused, MigrationBlocked, DatabaseAway.
    """
    done = migrations.migrate(url, lock_seconds=lock_seconds, tell=tell)
    rows = _rows()
    with connect(url, timeout_seconds=migrations.CONNECT_SECONDS) as conn:
        if kinds.differ(conn, rows):
            kinds.keep(conn, rows)
            done.append(CATALOGUE)
    return done


def pending(url: str) -> list[str]:
    """Return the names of what ``bring_up_to_date`` would do, and change nothing."""
    todo = migrations.pending(url)
    if todo:
        return [*todo, CATALOGUE]
    with connect(url, timeout_seconds=migrations.CONNECT_SECONDS) as conn:
        return [CATALOGUE] if kinds.differ(conn, _rows()) else []


def row_of(kind: Kind[Any, Any]) -> KindRow:
    """Say a kind in the words of its table."""
    return KindRow(
        kind=kind.name,
        sentence=kind.sentence,
        lane=kind.lane,
        unique_key=kind.unique,
        takes_token=kind.takes_token,
        speaks_for_user=kind.speaks_for_user,
        has_import_row=kind.is_import,
        arguments=kind.arguments.model_json_schema(),
    )


def _rows() -> list[KindRow]:
    return [row_of(kind) for kind in CATALOG.values()]
