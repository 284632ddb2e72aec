"""The statements of sql/queries, by name: every word of SQL stands there, none in Python."""

from functools import cache
from pathlib import Path
from typing import Any

import aiosql
from aiosql.adapters.pyformat import PyFormatAdapter
from aiosql.types import ParamType

from db import Connection, Row

FOLDER = Path(__file__).parent.parent / "sql" / "queries"


class _Adapter(PyFormatAdapter):
    """aiosql's psycopg adapter, eager, and for rows that are dicts.

    The stock one answers a select with a generator that runs when somebody looks at it, by then perhaps outside the
    transaction; takes ``row[0]`` of a returned row; and makes psycopg look for placeholders where there are none.
    """

    # The protocol of aiosql wants a generator here: that is the trap. And rows below are dicts, not its tuples.
    def select(  # type: ignore[override]
        self, conn: Connection, query_name: str, sql: str, parameters: ParamType, record_class: object = None
    ) -> list[Row]:
        del query_name, record_class
        return conn.execute(sql.encode(), parameters or None).fetchall()

    def select_one(  # type: ignore[override]
        self, conn: Connection, query_name: str, sql: str, parameters: ParamType, record_class: object = None
    ) -> Row | None:
        del query_name, record_class
        return conn.execute(sql.encode(), parameters or None).fetchone()

    def select_value(self, conn: Connection, query_name: str, sql: str, parameters: ParamType) -> object:
        row = self.select_one(conn, query_name, sql, parameters)
        return None if row is None else next(iter(row.values()))

    def insert_returning(self, conn: Connection, query_name: str, sql: str, parameters: ParamType) -> Row | None:
        return self.select_one(conn, query_name, sql, parameters)

    def insert_update_delete(self, conn: Connection, query_name: str, sql: str, parameters: ParamType) -> int:
        del query_name
        return conn.execute(sql.encode(), parameters or None).rowcount


@cache
def load(name: str) -> Any:
    """Return the statements of ``sql/queries/NAME.sql``: each a function of a connection and named parameters.

    ``name(...)`` gives a list of rows, ``^`` one row or None, ``$`` one value or None, ``!`` the number of rows
    changed, ``<!`` the returned row or None, ``*!`` takes a list of parameter sets.
    """
    return aiosql.from_path(FOLDER / f"{name}.sql", _Adapter)


def names() -> list[str]:
    """Return what ``load`` can load, for the tests that go through everything."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))
