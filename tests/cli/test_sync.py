"""Sync settings in the terminal."""

import json

import pytest
from typer.testing import CliRunner, Result

from cli import main
from db import sync_settings, users
from db.pool import Pool


@pytest.fixture
def pool(migrated_database_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.app_for(["sync"]), ["sync", "settings", *arguments])


def test_settings_are_changed_where_an_option_says_so(pool):
    with pool.transaction() as conn:
        ada = users.create(conn, "ada", tier="archivist").id
    assert "while no Discogs account is connected" in run("ada").stdout
    assert run("ada", "--no-auto", "--frequency", "weekly").stdout.startswith("Nothing is synced of its own.")
    said = json.loads(run("ada", "--auto", "--json").stdout)
    assert (said["is_auto"], said["frequency"], said["is_in_effect"]) == (True, "weekly", False)
    with pool.transaction() as conn:
        assert sync_settings.of_user(conn, ada).frequency == "weekly"


def test_a_direction_is_kept_and_what_goes_out_waits_for_a_first_yes(pool):
    with pool.transaction() as conn:
        ada = users.create(conn, "ada", tier="archivist").id
        conn.execute("INSERT INTO rekkrd.links (user_id, state) VALUES (%s, 'connected')", [ada])
    assert "first yes" not in " ".join(run("ada", "--direction", "in").stdout.split())
    said = run("ada", "--direction", "both").stdout
    assert "goes out, every night" in " ".join(said.split())
    assert "waits for a first yes" in " ".join(said.split())
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.links SET push_confirmed_at = now()")
    assert "first yes" not in " ".join(run("ada").stdout.split())
    assert run("ada", "--direction", "sideways").exit_code == 2


def test_a_frequency_that_is_none_changes_nothing(pool):
    with pool.transaction() as conn:
        ada = users.create(conn, "ada").id
    assert run("ada", "--frequency", "hourly").exit_code == 2
    with pool.transaction() as conn:
        assert sync_settings.of_user(conn, ada).changed_at is None
