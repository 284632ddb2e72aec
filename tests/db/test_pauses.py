"""Lanes that are paused until a time, and no longer."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.rows import dict_row

from db import Connection, pauses


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[Connection]:
    with psycopg.connect(migrated_database_url, row_factory=dict_row) as opened:
        yield opened


def test_a_pause_holds_one_lane_and_the_last_word_counts(conn):
    soon = datetime.now(UTC) + timedelta(minutes=5)
    pauses.pause(conn, "import", until=soon + timedelta(hours=1), reason="moving", by="anna")
    pauses.pause(conn, "import", until=soon, reason="tea", by="ben")
    (held,) = pauses.holding(conn).values()
    assert (held.lane, held.paused_until, held.reason, held.made_by) == ("import", soon, "tea", "ben")


def test_a_pause_passes_by_itself(conn):
    pauses.pause(conn, "import", until=datetime.now(UTC) + timedelta(hours=1), reason="tea", by="ben")
    conn.execute("UPDATE rekkrd.pauses SET paused_at = now() - interval '2 h', paused_until = now()")
    assert pauses.holding(conn) == {}
    assert not pauses.resume(conn, "import")


def test_resuming_ends_a_pause_and_says_whether_there_was_one(conn):
    pauses.pause(conn, "import", until=datetime.now(UTC) + timedelta(hours=1), reason="tea", by="ben")
    assert pauses.resume(conn, "import")
    assert pauses.holding(conn) == {}
    assert not pauses.resume(conn, "import")
