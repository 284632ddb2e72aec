"""The people: found by id, handle or address, and never guessed."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from db import users
from db.errors import AmbiguousUser, UnknownUser
from db.pool import Pool


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


def test_a_user_is_found_by_id_handle_and_address(pool: Pool, ada: UUID) -> None:
    with pool.transaction() as conn:
        found = [users.find(conn, name) for name in (ada, str(ada), "ada", "Ada@Example.org")]
    assert {user.id for user in found} == {ada}
    assert found[0].tier == "collector"


@pytest.mark.parametrize("name", ["eve", "", "a\0b", "'; DROP TABLE profiles", "00000000-0000-4000-8000-000000000042"])
def test_nobody_by_that_name_is_said_so(pool: Pool, ada: UUID, name: str) -> None:
    with pool.transaction() as conn, pytest.raises(UnknownUser, match="rekkrd users"):
        users.find(conn, name)


def test_a_name_that_means_two_is_not_guessed(pool: Pool, ada: UUID) -> None:
    with pool.transaction() as conn:
        users.create(conn, "ben", email="ada@example.org")
        with pytest.raises(AmbiguousUser, match="by id"):
            users.find(conn, "ada@example.org")


def test_the_same_handle_is_made_once(pool: Pool) -> None:
    with pool.transaction() as conn:
        assert users.create(conn, "cleo") == users.create(conn, "cleo")


def test_pages_hold_everybody_once(pool: Pool) -> None:
    with pool.transaction() as conn:
        made = {users.create(conn, f"user{n}").id for n in range(5)}
        first = users.page(conn, size=3)
        rest = users.page(conn, after=first[-1].id, size=3)
    assert len(first) == 3
    assert {user.id for user in first + rest} == made


def test_an_app_replaces_the_view_by_its_own_select(pool: Pool, ada: UUID) -> None:
    with pool.transaction() as conn:
        conn.execute("""
            CREATE OR REPLACE VIEW rekkrd.users AS
            SELECT id, 'x-' || handle AS handle, email, 'archivist' AS tier, 'EUR' AS currency, 'UTC' AS time_zone
              FROM public.profiles
        """)
        assert users.find(conn, "x-ada").tier == "archivist"
