"""Connections, handed out one transaction at a time; fit for a pooler that gives each transaction another backend."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from db import Connection, Row
from db.errors import CommitUnknown, DatabaseAway, TextRefused, translated
from db.settings import DatabaseSettings

IDLE_SECONDS = 300.0  # a connection above the one that is kept goes home after this


class Pool:
    """Open transactions on one database. Safe to share between threads."""

    def __init__(self, url: str, *, size: int, timeout_seconds: float) -> None:
        milliseconds = int(timeout_seconds * 1000)
        # One round trip with BEGIN, and gone with the transaction: nothing of it stays on a pooler's backend.
        # A worker that is stopped in mid-transaction loses it, so that nobody waits behind its locks for ever.
        self._begin = (
            f"BEGIN; SET LOCAL statement_timeout = {milliseconds}; "
            f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds}"
        ).encode()
        self._size = size
        self._pool = ConnectionPool(
            url,
            connection_class=psycopg.Connection[Row],
            kwargs=_options(timeout_seconds),
            min_size=1,
            max_size=size,
            timeout=timeout_seconds,
            # The pause between tries doubles until then: after an hour's absence the next would be minutes away.
            reconnect_timeout=timeout_seconds,
            max_idle=IDLE_SECONDS,
            open=False,
            name="rekkrd",
        )
        self._pool.open(wait=False)

    @contextmanager
    def transaction(
        self, *, wait_seconds: float | None = None, lock_seconds: float | None = None
    ) -> Iterator[Connection]:
        """Give a connection inside BEGIN … COMMIT; any error rolls back, and psycopg's come out as ours.

        ``wait_seconds`` bounds the wait for a connection below the pool's own timeout: for probes. With
        ``lock_seconds`` a statement that waits longer for a lock raises DatabaseBusy.
        """
        conn = self._begun(wait_seconds, lock_seconds)
        try:
            try:
                yield conn
            except psycopg.Error as error:
                raise translated(error).with_traceback(error.__traceback__) from None
            except UnicodeEncodeError as error:  # psycopg encodes a text before it sends anything
                raise TextRefused().with_traceback(error.__traceback__) from None
            _commit(conn)
        finally:
            self._give_back(conn)

    def close(self) -> None:
        """Close every connection; those in use close when they come back."""
        self._pool.close()

    def _begun(self, wait_seconds: float | None, lock_seconds: float | None) -> Connection:
        """Begin on the first connection that still lives: after a restart of the server all idle ones are dead."""
        begin = self._begin
        if lock_seconds is not None:
            begin += f"; SET LOCAL lock_timeout = {int(lock_seconds * 1000)}".encode()
        failed = 0
        while True:
            conn = self._taken(wait_seconds)
            try:
                conn.execute(begin)
            except psycopg.Error as error:
                self._give_back(conn)
                failed += 1
                if failed > self._size:
                    raise translated(error) from None
            else:
                return conn

    def _taken(self, wait_seconds: float | None) -> Connection:
        try:
            return self._pool.getconn(timeout=wait_seconds)
        except psycopg.Error as error:
            raise DatabaseAway(f"No connection to the database: {error}.") from None

    def _give_back(self, conn: Connection) -> None:
        """Roll back what is open, then return the connection; the pool throws a broken one away."""
        try:
            if not conn.closed:
                conn.rollback()
        except psycopg.Error:
            conn.close()
        finally:
            self._pool.putconn(conn)


def open_pool(settings: DatabaseSettings, *, size: int | None = None, timeout_seconds: float | None = None) -> Pool:
    """Open a pool of a process; it connects in the background, so a database that is away does not stop a start."""
    if settings.database_url is None:
        raise DatabaseAway("DATABASE_URL is not set, and no server of our own was started.")
    return Pool(
        settings.database_url.get_secret_value(),
        size=size or settings.pool_size,
        timeout_seconds=timeout_seconds or settings.timeout_seconds,
    )


def connect(url: str, *, timeout_seconds: float, application: str = "rekkrd") -> Connection:
    """Open one connection outside the pool, for session state: migrations and LISTEN."""
    return psycopg.Connection[Row].connect(url, **_options(timeout_seconds) | {"application_name": application})


@contextmanager
def transaction_on(conn: Connection, *, timeout_seconds: float) -> Iterator[Connection]:
    """Open a transaction on a connection of ``connect``, with a limit for each statement; errors are psycopg's."""
    with conn.transaction():
        conn.execute(f"SET LOCAL statement_timeout = {int(timeout_seconds * 1000)}".encode())
        yield conn


def _options(timeout_seconds: float) -> dict[str, Any]:
    """Return what every connection of ours is opened with.

    ``autocommit`` because we send BEGIN ourselves, together with the transaction's limits. No prepared statements: a
    pooler's next backend would not know them. Keep-alives end the wait for a server whose machine is gone.
    """
    return {
        "autocommit": True,
        "prepare_threshold": None,
        "row_factory": dict_row,
        "connect_timeout": max(2, round(timeout_seconds)),  # libpq knows no less than 2 s
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": int(timeout_seconds * 1000) + 5000,
        "application_name": "rekkrd",
    }


def _commit(conn: Connection) -> None:
    try:
        conn.commit()
    except psycopg.OperationalError as error:
        raise CommitUnknown(f"The database went away during COMMIT: {error}.") from None
    except psycopg.Error as error:
        raise translated(error) from None
