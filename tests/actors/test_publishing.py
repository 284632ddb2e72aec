"""The catalogue in the database: told once, and again when a release knows it otherwise."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from actors import publishing
from actors.catalog import CATALOG
from db import Connection, kinds


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[Connection]:
    with psycopg.connect(migrated_database_url, row_factory=dict_row, autocommit=True) as conn:
        yield conn


def test_the_database_knows_every_kind_after_it_was_brought_up_to_date(conn: Connection) -> None:
    assert {row.kind: row for row in kinds.find_all(conn)} == {
        name: publishing.row_of(kind) for name, kind in CATALOG.items()
    }


def test_what_is_up_to_date_is_left_alone(migrated_database_url: str) -> None:
    assert publishing.pending(migrated_database_url) == []
    assert publishing.bring_up_to_date(migrated_database_url) == []


def test_a_kind_that_changed_is_told_anew_and_one_of_a_newer_release_stays(
    conn: Connection, migrated_database_url: str
) -> None:
    conn.execute("UPDATE rekkrd.kinds SET sentence = 'as it was' WHERE kind = 'upkeep'")
    conn.execute("UPDATE rekkrd.kinds SET kind = 'newer' WHERE kind = 'import_wantlist'")
    assert publishing.pending(migrated_database_url) == [publishing.CATALOGUE]
    assert publishing.bring_up_to_date(migrated_database_url) == [publishing.CATALOGUE]
    assert {row.kind for row in kinds.find_all(conn)} == {*CATALOG, "newer"}
    assert publishing.pending(migrated_database_url) == []
