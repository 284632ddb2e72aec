"""Gates: the longest word counts, an operator may take back, and time alone opens them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from db import gates
from db.pool import Pool

BUDGET = "discogs-api"


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


def soon(minutes: float) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def test_an_open_budget_has_no_gate(pool: Pool) -> None:
    with pool.transaction() as conn:
        assert gates.current(conn, BUDGET) is None
        gates.close(conn, BUDGET, "throttled", "429", seconds=-60)
    with pool.transaction() as conn:
        conn.execute("SELECT pg_sleep(0.002)")
    with pool.transaction() as conn:
        assert gates.current(conn, BUDGET) is None


def test_a_shorter_word_of_discogs_does_not_open_earlier(pool: Pool) -> None:
    with pool.transaction() as conn:
        gates.close(conn, BUDGET, "throttled", "first", seconds=600)
        first = gates.current(conn, BUDGET)
    with pool.transaction() as conn:
        gates.close(conn, BUDGET, "throttled", "second", seconds=60)
        gate = gates.current(conn, BUDGET)
    assert gate is not None
    assert first is not None
    assert (gate.closed_until, gate.closed_at, gate.reason) == (first.closed_until, first.closed_at, "second")
    assert 60 < gate.left_seconds <= 600


def test_an_operator_may_shorten_and_release_without_touching_discogs_word(pool: Pool) -> None:
    with pool.transaction() as conn:
        gates.brake(conn, BUDGET, share=0.0, reason="tea", until=soon(60), by="anna")
        gates.brake(conn, BUDGET, share=0.0, reason="short tea", until=soon(30), by="ben")
        gates.close(conn, BUDGET, "throttled", "429", seconds=60)
        assert [(gate.cause, gate.closed_by) for gate in gates.holding(conn, BUDGET)] == [
            ("operator", "ben"),
            ("throttled", None),
        ]
        assert gates.release(conn, BUDGET)
        assert not gates.release(conn, BUDGET)
        gate = gates.current(conn, BUDGET)
        assert gates.current(conn, "images") is None
    assert gate is not None
    assert gate.cause == "throttled"


def test_a_brake_that_leaves_a_share_closes_nothing(pool: Pool) -> None:
    with pool.transaction() as conn:
        gates.brake(conn, BUDGET, share=0.5, reason="half", until=soon(60), by="anna")
        brake = gates.braked(conn, BUDGET)
        assert gates.current(conn, BUDGET) is None
        assert gates.braked(conn, "images") is None
    assert brake is not None
    assert (brake.share, brake.reason) == (0.5, "half")
