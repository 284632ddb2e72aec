"""Databases of tests: copied from a template, and emptied between tests rather than copied anew.

A copy costs 0.15 s of a core, emptying one a hundredth. What a test did to the schema, to statistics or to much space
is not undone: the next test then gets another copy.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg import sql

MOST_BYTES = 1 << 20  # a table with its dead rows: an emptied one is as quick as a new one only while it is small
OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
CATALOGS = (
    "pg_class",
    "pg_attribute",
    "pg_attrdef",
    "pg_constraint",
    "pg_proc",
    "pg_trigger",
    "pg_rewrite",
    "pg_policy",
    "pg_namespace",
    "pg_default_acl",
    "pg_type",
    "pg_extension",
    "pg_statistic",
    "pg_db_role_setting",
)


@contextmanager
def new_database(server_url: str, template: str) -> Iterator[str]:
    """Make a database on a server, and drop it in the end, whoever is in it."""
    name, source = f"test_{uuid4().hex[:12]}", sql.Identifier(template)
    made = sql.Identifier(name)
    _execute(server_url, sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(made, source))
    yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    _execute(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(made))


class Migrated:
    """Lends one database to one test after the other, each time as the template is."""

    def __init__(self, server_url: str, template: str) -> None:
        self._server_url, self._template = server_url, template
        self._made = ExitStack()
        self._database: Database | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._made.close()

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Lend it for a test; what that leaves in it is put right before the next."""
        if self._database is None or not self._database.put_back():
            self._made.close()
            self._database = None
            self._database = Database(self._made.enter_context(new_database(self._server_url, self._template)))
        yield self._database.url


class Database:
    """A database that knows how it was."""

    def __init__(self, url: str) -> None:
        self.url = url
        with psycopg.connect(url, autocommit=True) as conn:
            self._schema = _schema(conn)
            self._tables = [
                sql.Identifier(*row)
                for row in conn.execute(
                    f"SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
                    f"WHERE c.relkind = 'r' AND {OURS}"
                )
            ]
            self._filled = [(table, rows) for table in self._tables if (rows := _rows(conn, table))]
            self._sequences = conn.execute(
                "SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, start_value), "
                "last_value IS NOT NULL FROM pg_sequences"
            ).fetchall()

    def put_back(self) -> bool:
        """End what is still in it, and put every row back as it was. False when it has to be made anew."""
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if _schema(conn) != self._schema or _largest(conn) > MOST_BYTES:
                return False
            with conn.transaction():
                conn.execute("SET LOCAL session_replication_role = replica")  # no trigger, no key of another table
                conn.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(table) for table in self._tables))
                for table, rows in self._filled:
                    with conn.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
                        copy.write(rows)
                for name, last, was_used in self._sequences:
                    conn.execute("SELECT setval(%s, %s, %s)", [name, last, was_used])
        return True


def _rows(conn: psycopg.Connection, table: sql.Identifier) -> bytes:
    with conn.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(table)) as copy:
        return b"".join(bytes(part) for part in copy)


def _schema(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    """Tell one state of the schema from another: each change of it is a new version of some catalog's row."""
    of_each = " UNION ALL ".join(
        f"SELECT '{catalog}', count(*), max(xmin::text::bigint) FROM {catalog}" for catalog in CATALOGS
    )
    return conn.execute(of_each).fetchall()


def _largest(conn: psycopg.Connection) -> int:
    row = conn.execute(
        f"SELECT max(pg_relation_size(c.oid)) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        f"WHERE c.relkind IN ('r', 'i') AND {OURS}"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _execute(server_url: str, statement: sql.Composed) -> None:
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(statement)
