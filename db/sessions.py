"""Detection of transaction poolers: behind one, session state stays on a backend that others use next."""

from db import Connection
from db.pool import connect
from db.queries import load

TRIES = 3  # a busy pooler can answer with the same backend by chance

_sql = load("sessions")


def backend(conn: Connection) -> int:
    """Return the process ID of the backend that runs this connection's statements at this moment."""
    return int(_sql.backend(conn))


def is_pooled(conn: Connection, url: str, *, timeout_seconds: float) -> bool:
    """Return True if transactions of this connection can run on different backends.

    PostgreSQL itself names its backend when a connection starts, a pooler a number of its own. A pooler in session mode
    does so too, so the second test decides: a second connection holds a transaction open, and neither may it share our
    backend (PgBouncer gives the one used last) nor may ours change (round-robin).
    """
    first = backend(conn)
    if conn.info.backend_pid == first:
        return False
    with connect(url, timeout_seconds=timeout_seconds) as other:
        for _ in range(TRIES):
            # The comparison with the other connection comes first: a pooler with one backend would let ours wait.
            # We ask twice in a row: in turns with the other connection, two backends can alternate unnoticed.
            with other.transaction():
                if backend(other) == first or backend(conn) != first or backend(conn) != first:
                    return True
    return False
