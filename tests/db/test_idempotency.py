"""Keys are cleared after their day, unless somebody takes one anew."""

from collections.abc import Iterator

import pytest

from db import idempotency
from db.pool import Pool


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    opened = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield opened
    opened.close()


def test_an_old_key_that_is_taken_anew_this_moment_is_neither_cleared_nor_waited_for(pool: Pool) -> None:
    with pool.transaction() as conn:
        assert idempotency.claim(conn, "app", "old", b"1") is None
        assert idempotency.claim(conn, "app", "older", b"1") is None
        conn.execute("UPDATE rekkrd.idempotency SET made_at = now() - interval '2 days'")
    with pool.transaction() as app:
        assert idempotency.claim(app, "app", "old", b"2") is None
        with pool.transaction() as upkeep:
            assert idempotency.forget_old(upkeep, room=9) == 1
    with pool.transaction() as conn:
        answered = idempotency.claim(conn, "app", "old", b"3")
    assert answered is not None
    assert answered.body_hash == b"2"
