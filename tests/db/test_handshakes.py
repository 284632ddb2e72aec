"""OAuth hand-shakes: finished once, in time, by who began them, and no stranger's try uses one up."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from db import handshakes
from db.errors import (
    HandshakeElsewhere,
    HandshakeExpired,
    HandshakeForeign,
    HandshakeUnknown,
    HandshakeUsed,
)
from db.pool import Pool
from db.sealing import Keys


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def begun(pool: Pool, keys: Keys, ada: UUID) -> Pool:
    with pool.transaction() as conn:
        handshakes.begin(conn, keys, ada, request_token="r", request_secret="s", browser="cookie", return_to="/back")
    return pool


def test_who_began_it_finishes_it_once(begun: Pool, keys: Keys, ada: UUID) -> None:
    with begun.transaction() as conn:
        taken = handshakes.take_for_user(conn, keys, "r", ada)
    assert (taken.user_id, taken.request_token, taken.request_secret, taken.return_to) == (ada, "r", "s", "/back")
    assert "'s'" not in repr(taken)
    with begun.transaction() as conn, pytest.raises(HandshakeUsed):
        handshakes.take_for_user(conn, keys, "r", ada)


def test_the_browser_that_began_finishes_it(begun: Pool, keys: Keys, ada: UUID) -> None:
    with begun.transaction() as conn:
        assert handshakes.take_for_browser(conn, keys, "r", "cookie").user_id == ada


@pytest.mark.parametrize("cookie", ["another", "", None])
def test_another_browser_is_refused_and_uses_nothing_up(begun: Pool, keys: Keys, ada: UUID, cookie: str | None) -> None:
    with begun.transaction() as conn, pytest.raises(HandshakeElsewhere):
        handshakes.take_for_browser(conn, keys, "r", cookie)
    with begun.transaction() as conn:
        assert handshakes.take_for_browser(conn, keys, "r", "cookie").user_id == ada


def test_another_user_is_refused_and_uses_nothing_up(begun: Pool, keys: Keys, ada: UUID) -> None:
    with begun.transaction() as conn, pytest.raises(HandshakeForeign):
        handshakes.take_for_user(conn, keys, "r", uuid4())
    with begun.transaction() as conn:
        assert handshakes.take_for_user(conn, keys, "r", ada).user_id == ada


def test_one_begun_without_a_browser_is_finished_by_no_browser(pool: Pool, keys: Keys, ada: UUID) -> None:
    with pool.transaction() as conn:
        handshakes.begin(conn, keys, ada, request_token="r", request_secret="s")
    with pool.transaction() as conn, pytest.raises(HandshakeElsewhere):
        handshakes.take_for_browser(conn, keys, "r", "cookie")


def test_too_late_is_told_from_unknown(begun: Pool, keys: Keys, ada: UUID) -> None:
    with begun.transaction() as conn:
        conn.execute("UPDATE rekkrd.handshakes SET created_at = now() - interval '1 h', expires_at = now()")
    with begun.transaction() as conn, pytest.raises(HandshakeExpired, match="15 minutes"):
        handshakes.take_for_user(conn, keys, "r", ada)
    with begun.transaction() as conn, pytest.raises(HandshakeUnknown):
        handshakes.take_for_user(conn, keys, "never begun", ada)


def test_what_nobody_can_finish_any_more_is_cleared(begun: Pool, keys: Keys, ada: UUID) -> None:
    with begun.transaction() as conn:
        conn.execute(
            "UPDATE rekkrd.handshakes SET created_at = now() - interval '3 d', expires_at = now() - interval '2 d'"
        )
        handshakes.begin(conn, keys, ada, request_token="r2", request_secret="s", lifetime=timedelta(minutes=1))
        assert conn.execute("SELECT count(*) AS n FROM rekkrd.handshakes").fetchone() == {"n": 1}


def test_tokens_are_stored_sealed(begun: Pool) -> None:
    with begun.transaction() as conn:
        row = conn.execute("SELECT request_token, request_secret, browser_hash FROM rekkrd.handshakes").fetchone()
    assert row is not None
    assert row["request_token"].startswith("v1.")
    assert row["request_secret"].startswith("v1.")
    assert b"cookie" not in row["browser_hash"]
