"""An export into a file: whole or not there, and for its owner alone."""

import json

import pytest
from typer.testing import CliRunner, Result

from actors.accounts import export as exporting
from cli import main
from cli.errors import CommandFailed
from db import users
from db.errors import DatabaseAway
from db.pool import Pool


@pytest.fixture
def folder(migrated_database_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    pool = Pool(migrated_database_url, size=1, timeout_seconds=5)
    with pool.transaction() as conn:
        users.create(conn, "ada")
    pool.close()
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.app_for(["export"]), ["export", *arguments])


def test_the_file_is_whole_and_its_owners(folder):
    assert "out.jsonl has the Discogs data of ada" in run("ada", "out.jsonl").stdout
    lines = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert (lines[0]["type"], lines[-1]["type"]) == ("export", "end")
    assert (folder / "out.jsonl").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["out.jsonl"]


def test_what_is_there_stays_and_what_broke_off_is_not_there(folder, monkeypatch):
    (folder / "mine").write_text("mine")
    assert isinstance(run("ada", "mine").exception, CommandFailed)
    assert (folder / "mine").read_text() == "mine"
    assert isinstance(run("ada", "nowhere/out").exception, CommandFailed)

    def broken(pool, user_id):
        yield b"{}\n"
        raise DatabaseAway("away")

    monkeypatch.setattr(exporting, "lines", broken)
    assert isinstance(run("ada", "out").exception, DatabaseAway)
    assert [path.name for path in folder.iterdir()] == ["mine"]
