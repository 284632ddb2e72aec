"""A database for a history, and a simulated Discogs: in this process, or behind a socket."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from actors.importing import paging

SMALL_PAGE = 4  # so that a handful of records is a walk of several pages


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(
        migrated_database_url, row_factory=dict_row, prepare_threshold=None, autocommit=True
    ) as connection:
        yield connection


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PER_PAGE", SMALL_PAGE)
