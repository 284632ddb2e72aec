"""Importing from the terminal: what it would cost, and who stops watching ends the watching, not the work."""

from types import SimpleNamespace

import pytest
import typer

from actors.catalog import IMPORT_COLLECTION
from cli import importing
from cli.errors import CommandFailed
from db import users
from db.pool import open_pool
from db.settings import DatabaseSettings
from workers.settings import Settings


def test_an_estimate_for_somebody_not_connected_says_so_instead_of_unknown(migrated_database_url, capsys):
    pool = open_pool(DatabaseSettings(database_url=migrated_database_url))
    with pool.transaction() as conn:
        users.create(conn, "ada")
    here = SimpleNamespace(pool=pool, settings=Settings(env_file=None))
    with pytest.raises(CommandFailed, match="no Discogs account connected") as refused:
        importing._say_estimate(here, "ada", [IMPORT_COLLECTION])
    pool.close()
    assert "rekkrd connect ada" in refused.value.next_step
    assert capsys.readouterr().out == ""


def test_ctrl_c_says_that_the_import_goes_on_and_how_to_look_again(monkeypatch, capsys, job):
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "watch", interrupted)
    monkeypatch.setattr(importing, "looker", lambda *_: None)
    with pytest.raises(typer.Exit) as ended:
        importing.watch_started(None, [importing.Started(job(), is_new=True)])
    assert ended.value.exit_code == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert "The jobs go on." in err
    assert "rekkrd jobs show 3f2a9c1e  (import collection)" in err
