"""Connecting from the terminal: who is new is nobody yet, and on an app's database nobody is made at all."""

from types import SimpleNamespace

import pytest

from cli import connect, here
from db import users
from db.errors import UnknownUser
from db.pool import open_pool
from db.settings import DatabaseSettings


@pytest.fixture
def resources(migrated_database_url):
    pool = open_pool(DatabaseSettings(database_url=migrated_database_url))
    yield SimpleNamespace(pool=pool)
    pool.close()


def test_who_is_new_on_our_own_database_is_not_made_before_discogs_lets_them_in(resources, monkeypatch):
    monkeypatch.setattr(here, "is_own_database", lambda: True)
    _, handle, newcomer = connect._who(resources, "mina")
    assert (handle, newcomer.handle, newcomer.tier) == ("mina", "mina", "archivist")
    with resources.pool.transaction() as conn:
        assert users.page(conn) == []
        ada = users.create(conn, "ada")
    assert connect._who(resources, "ada") == (ada.id, "ada", None)


def test_on_an_apps_database_nobody_is_made(resources, monkeypatch):
    monkeypatch.setattr(here, "is_own_database", lambda: False)
    with pytest.raises(UnknownUser):
        connect._who(resources, "mina")
