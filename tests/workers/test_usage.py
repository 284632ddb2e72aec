"""Requests are counted in memory, and reach the ledger once, whatever becomes of the database in between."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread
from uuid import UUID, uuid4

import psycopg
import pytest
import structlog

from db.errors import CommitUnknown, DatabaseAway
from db.pool import Pool
from db.story import Asked
from workers.usage import LONGEST_NAME, Tally

NOON = datetime(2026, 3, 1, 12, 0, 59, 999, tzinfo=UTC)
SELDOM = 3600.0  # the tests flush themselves
ADA = str(UUID(int=7))


class Moody(Pool):
    """A pool whose database is away when it is told so, or goes away just as it has stored everything."""

    is_away = False
    loses_reply = False

    def transaction(self):
        if self.is_away:
            raise DatabaseAway("away")
        if self.loses_reply:
            return self._without_reply()
        return super().transaction()

    def _without_reply(self):
        outer = super()

        class Unheard:
            def __enter__(self):
                self.context = outer.transaction()
                return self.context.__enter__()

            def __exit__(self, *error):
                self.context.__exit__(*error)
                raise CommitUnknown("went away during COMMIT")

        return Unheard()


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Moody]:
    pool = Moody(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def stored(migrated_database_url: str):
    def read() -> list[tuple[object, ...]]:
        with psycopg.connect(migrated_database_url) as conn:
            return conn.execute(
                "SELECT user_id::text, lane, kind, endpoint, requests FROM rekkrd.usage_minutes ORDER BY 1, 2, 3, 4"
            ).fetchall()

    return read


def tally(pool: Pool, **said) -> Tally:
    return Tally(pool, flush_seconds=SELDOM, now=lambda: NOON, **said)


def count(counted: Tally, times: int = 1, *, user: str | None = ADA, kind: str = "k", endpoint: str = "GET /a") -> None:
    for _ in range(times):
        counted.count(endpoint, user=user, lane="import", kind=kind)


def test_what_was_counted_is_stored_by_minute_user_lane_kind_and_endpoint(pool, stored, migrated_database_url) -> None:
    counted = tally(pool)
    count(counted, 2)
    count(counted, 3, endpoint="GET /b")
    count(counted, 4, user="", kind="door")
    assert counted.flush()
    assert stored() == [
        (ADA, "import", "k", "GET /a", 2),
        (ADA, "import", "k", "GET /b", 3),
        (None, "import", "door", "GET /a", 4),
    ]
    with psycopg.connect(migrated_database_url) as conn:
        assert conn.execute("SELECT DISTINCT minute FROM rekkrd.usage_minutes").fetchall() == [
            (datetime(2026, 3, 1, 12, tzinfo=UTC),)
        ]
    counted.close()
    assert sum(row[-1] for row in stored()) == 9


def test_a_user_that_is_no_id_is_nobody(pool, stored) -> None:
    counted = tally(pool)
    for user in (None, "", "somebody at a screen", "program:node"):
        count(counted, user=user)
    counted.close()
    assert stored() == [(None, "import", "k", "GET /a", 4)]


def test_what_another_program_calls_itself_can_be_stored(pool, stored) -> None:
    counted = tally(pool)
    count(counted, kind="program:\0" + "x" * 5000)
    counted.close()
    assert [len(row[2]) for row in stored()] == [LONGEST_NAME]


def test_threads_lose_no_count(pool, stored) -> None:
    counted = tally(pool)
    threads = [Thread(target=count, args=(counted, 2000)) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        counted.flush()
    counted.close()
    assert sum(row[-1] for row in stored()) == 8000


def test_the_database_away_delays_the_counts_and_loses_none(pool, stored) -> None:
    counted = tally(pool)
    count(counted, 3)
    pool.is_away = True
    assert [counted.flush(), counted.flush()] == [False, False]
    count(counted, 2)
    assert not counted.flush()
    pool.is_away = False
    assert counted.flush()
    assert stored() == [(ADA, "import", "k", "GET /a", 5)]
    counted.close()


def test_a_flush_whose_commit_was_not_heard_of_counts_once(pool, stored) -> None:
    counted = tally(pool)
    count(counted, 3)
    pool.loses_reply = True
    assert not counted.flush()
    assert sum(row[-1] for row in stored()) == 3
    count(counted, 2)  # must not join the flush that may have been stored
    pool.loses_reply = False
    assert counted.flush()
    assert sum(row[-1] for row in stored()) == 5
    counted.close()


def test_memory_is_bounded_and_what_found_no_room_is_said(pool, stored) -> None:
    counted = tally(pool, most_rows=3)
    pool.is_away = True
    for number in range(5):
        count(counted, 2, endpoint=f"GET /{number}")
    pool.is_away = False
    with structlog.testing.capture_logs() as logs:
        counted.close()
    assert [(line["event"], line["events"], line["log_level"]) for line in logs] == [("counts_dropped", 4, "error")]
    assert [row[3] for row in stored()] == ["GET /0", "GET /1", "GET /2"]


def test_what_the_end_of_the_process_loses_is_said(pool, stored) -> None:
    counted = tally(pool)
    count(counted, 3)
    pool.is_away = True
    counted.flush()
    count(counted, 4)
    with structlog.testing.capture_logs() as logs:
        counted.close()
    assert ("counts_lost", 7) in [(line["event"], line["events"]) for line in logs]
    assert stored() == []


def test_a_thread_flushes_by_itself_and_outlives_its_errors(pool, stored, monkeypatch) -> None:
    counted = Tally(pool, flush_seconds=0.01)
    monkeypatch.setattr(pool, "transaction", lambda: 1 / 0)
    with structlog.testing.capture_logs() as logs:
        count(counted, user=str(uuid4()))
        while not any("exc_info" in line for line in logs):
            time.sleep(0.01)
    monkeypatch.undo()
    while not stored():
        time.sleep(0.01)
    counted.close()
    assert sum(row[-1] for row in stored()) == 1


def test_a_process_that_asks_nothing_starts_no_thread_and_stores_nothing(pool, stored) -> None:
    pool.is_away = True
    with structlog.testing.capture_logs() as logs:
        tally(pool).close()
    assert logs == []


def test_answers_with_5xx_or_none_count_as_failed(pool) -> None:
    counted = Tally(pool, flush_seconds=SELDOM, now=lambda: NOON)
    for status in (200, 404, 429, 503, None):
        counted.count_answer(Asked("GET /a", status, 0.1), user=None, lane="import", kind="k")
    assert counted.flush()
    counted.close()
    with pool.transaction() as conn:
        row = conn.execute("SELECT requests, failed FROM rekkrd.usage_minutes").fetchone()
    assert (row["requests"], row["failed"]) == (5, 2)
