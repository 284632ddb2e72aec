"""A disconnect in the terminal: what would go is counted and asked about before it goes."""

import pytest
from typer.testing import CliRunner, Result

from cli import main
from cli.errors import CommandFailed
from db import jobs, users
from db.pool import Pool


@pytest.fixture
def pool(migrated_database_url, redis_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DISCOGS_OAUTH_ENCRYPTION_KEY", "11" * 32)
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    with pool.transaction() as conn:
        users.create(conn, "ada")
    yield pool
    pool.close()


def run(*arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(main.app_for(["disconnect"]), ["disconnect", "ada", *arguments], input=answers)


def kinds(pool) -> list[str]:
    with pool.transaction() as conn:
        return [job.kind for job in jobs.page(conn)]


def test_data_is_removed_only_after_a_yes(pool):
    assert "0 records and 0 wants from Discogs would be removed" in run("--remove-data", "--dry-run").stdout
    assert isinstance(run("--remove-data", answers="n\n").exception, CommandFailed)
    assert kinds(pool) == []
    assert "removes what came from Discogs." in run("--remove-data", answers="y\n").stdout
    assert kinds(pool) == ["forget_collection"]


def test_without_asking_for_it_nothing_is_removed(pool):
    assert run().stdout.strip() == "ada was not connected to Discogs. What was imported stays."
    assert run("--dry-run").exit_code == 2
    assert kinds(pool) == []
