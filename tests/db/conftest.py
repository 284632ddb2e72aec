"""What the tests of this room need besides the servers: a pooler in between, keys, and a user."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from db import Connection
from db.sealing import Keys
from tests.transaction_pooler import pooler, pooler_url

__all__ = ["pooler", "pooler_url"]


@pytest.fixture
def keys() -> Keys:
    return Keys.parse("now:" + "11" * 32)


@pytest.fixture
def ada(migrated_database_url: str) -> UUID:
    with psycopg.connect(migrated_database_url) as conn:
        row = conn.execute(
            "INSERT INTO public.profiles (handle, email) VALUES ('ada', 'ada@example.org') RETURNING id"
        ).fetchone()
        assert row is not None
        return UUID(str(row[0]))


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[Connection]:
    """A connection as rooms get it, except that each statement commits by itself."""
    with psycopg.connect(
        migrated_database_url, row_factory=dict_row, prepare_threshold=None, autocommit=True
    ) as connection:
        yield connection
