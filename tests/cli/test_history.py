"""History in the terminal."""

import json

import pytest
from typer.testing import CliRunner, Result

from cli import main
from cli.errors import CommandFailed
from db import sync_log, users
from db.pool import Pool
from db.sync_log import Line


@pytest.fixture
def pool(migrated_database_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    with pool.transaction() as conn:
        ada = users.create(conn, "ada").id
        sync_log.add(conn, ada, [Line("import", 77, None, "success", {"change": "created"})] * 2)
    yield pool
    pool.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.app_for(["history"]), ["history", *arguments])


def test_what_happened_is_told_and_more_is_named(pool):
    said = run("ada", "--limit", "1").stdout
    assert "Came over from Discogs." in said
    cursor = said.split("--cursor ")[1].split()[0]
    assert "More" not in run("ada", "--limit", "1", "--cursor", cursor).stdout
    assert run("ada", "--release", "78").stdout.strip() == "Nothing happened."
    assert run("ada", "--older", "1h").stdout.strip() == "Nothing happened."
    assert len(json.loads(run("ada", "--newer", "1h", "--json").stdout)["lines"]) == 2


def test_what_is_no_action_and_no_line_is_told(pool):
    assert run("ada", "--action", "look").exit_code == 2
    assert isinstance(run("ada", "--cursor", "0" * 32).exception, CommandFailed)
