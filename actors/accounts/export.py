"""An export: all of a collector's Discogs data as lines of JSON, never more than a page of it in memory.

Each page is a transaction of its own, so no connection is held while a slow reader takes their time; what changes
meanwhile is as of its page. The last line counts the others: an export without it was cut off.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from db import export, users
from db.export import PARTS, Place
from db.pool import Pool

PAGE = 500  # records; a page of the longest notes that we saw is a few megabytes
FORMAT = 1


def lines(pool: Pool, user_id: UUID) -> Iterator[bytes]:
    """Return the export's lines, ended. Raises UnknownUser at once, and DatabaseError on the way."""
    with pool.transaction() as conn:
        person = users.find(conn, user_id)
    return _lines(pool, person.id)


def _lines(pool: Pool, user_id: UUID) -> Iterator[bytes]:
    began = datetime.now(UTC).isoformat()
    yield _own({"type": "export", "format": FORMAT, "user_id": str(user_id), "began_at": began})
    count = 0
    for part in PARTS:
        after: Place = None
        while True:
            with pool.transaction() as conn:
                page = export.page(conn, user_id, part, after=after, room=PAGE)
            count += len(page.lines)
            if page.lines:
                yield ("\n".join(page.lines) + "\n").encode()
            if page.after is None:
                break
            after = page.after
    yield _own({"type": "end", "lines": count})


def _own(said: dict[str, str | int]) -> bytes:
    return json.dumps(said).encode() + b"\n"
