"""Work that is done to see what it does, and leaves nothing behind."""

from collections.abc import Iterator
from contextlib import contextmanager

from db import Connection


@contextmanager
def dry_run(conn: Connection) -> Iterator[None]:
    """Take back everything that is done inside, inside the caller's transaction; what it found may be kept."""
    with conn.transaction(force_rollback=True):
        yield
