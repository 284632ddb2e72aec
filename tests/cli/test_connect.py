"""Connecting from the terminal: who is new is nobody yet, and on an app's database nobody is made at all."""

from types import SimpleNamespace
from uuid import UUID

import pytest

from actors.errors import VerifierRefused
from cli import connect, here
from cli.errors import NotFound
from db import users
from db.pool import open_pool
from db.settings import DatabaseSettings

ADA = UUID(int=1)


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
    with pytest.raises(NotFound, match="no user 'mina'"):
        connect._who(resources, "mina")


def test_mistyped_code_is_asked_for_again(monkeypatch):
    codes, tried = iter(["WRONG", "RIGHT"]), []

    def finish(_resources, _user_id, _begun, code, *, newcomer):
        tried.append(code)
        if code != "RIGHT":
            raise VerifierRefused("wrong", "again")
        return newcomer

    monkeypatch.setattr(connect.at_terminal, "finish", finish)
    monkeypatch.setattr(connect, "_asked", lambda _: next(codes))
    assert connect._finish(None, ADA, None, "Code: ", "connected") == "connected"
    assert tried == ["WRONG", "RIGHT"]


def test_third_wrong_code_ends_the_sign_in(monkeypatch):
    codes = iter(["A", "B", "C", "D"])

    def finish(*_, **__):
        raise VerifierRefused("wrong", "again")

    monkeypatch.setattr(connect.at_terminal, "finish", finish)
    monkeypatch.setattr(connect, "_asked", lambda _: next(codes))
    with pytest.raises(VerifierRefused):
        connect._finish(None, ADA, None, "Code: ", None)
    assert next(codes) == "D"
