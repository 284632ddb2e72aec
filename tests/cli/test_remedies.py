"""Each message that names a remedy: the remedy is carried out, and works."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from actors import publishing
from api.settings import ApiSettings
from cli import main, up
from cli.errors import BrokenKey, NotFound
from cli.place import Place, development_key
from cli.production import missing, remedy
from cli.servers import running_postgres
from cli.servers.errors import ServersFailed
from db import migrations, users
from db.pool import Pool
from workers.errors import NotConfigured
from workers.resources import open_resources
from workers.settings import Settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "operating.md"


@pytest.mark.parametrize("content", ["", "\n", "half a key"])
def test_a_broken_key_file_is_restored(tmp_path, content):
    place = Place(tmp_path)
    key, is_new = development_key(place)
    assert is_new
    place.key.write_text(content)
    with pytest.raises(BrokenKey) as refused:
        development_key(place)
    assert "Restore the file from a backup" in (refused.value.next_step or "")
    place.key.write_text(key + "\n")
    assert development_key(place) == (key, False)


def test_a_lost_key_file_is_removed_for_a_new_key(tmp_path):
    place = Place(tmp_path)
    place.key.write_text("")
    place.key.unlink()
    assert development_key(place)[1] is True


def test_without_a_key_no_new_one_is_the_first_advice(monkeypatch, migrated_database_url, redis_url):
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.delenv("DISCOGS_OAUTH_ENCRYPTION_KEY", raising=False)
    with pytest.raises(NotConfigured) as refused, open_resources(Settings(env_file=None)):
        pass
    assert "Set the key with which stored tokens were encrypted" in str(refused.value)


def test_a_data_folder_without_its_version_is_refused_and_mended(tmp_path):
    tmp_path.chmod(0o711)
    with running_postgres(tmp_path) as server:
        data = server.data
    version = (data / "PG_VERSION").read_text()
    (data / "PG_VERSION").unlink()
    with pytest.raises(ServersFailed) as refused, running_postgres(tmp_path):
        pass
    assert "holds files but no PG_VERSION" in str(refused.value)
    assert not (data.parent / "data.draft").exists()
    (data / "PG_VERSION").write_text(version)
    (data / "PG_VERSION").chmod(0o644)
    with running_postgres(tmp_path):
        pass
    (data / "PG_VERSION").unlink()
    data.rename(data.with_name("data.away"))
    with running_postgres(tmp_path):
        pass


def test_production_advises_to_remove_a_simulated_discogs(monkeypatch):
    monkeypatch.setenv("REKKRD_ENV", "production")
    monkeypatch.setenv("DISCOGS_API_URL", "http://127.0.0.1:8060")
    (line,) = [one for one in missing(Settings(env_file=None), ApiSettings(_env_file=None)) if "DISCOGS_API_URL" in one]
    assert remedy(line) == "Remove DISCOGS_API_URL from the environment and .env of every process."
    monkeypatch.delenv("DISCOGS_API_URL")
    assert not any("DISCOGS_API_URL" in one for one in missing(Settings(env_file=None)))
    assert remedy("RESEND_API_KEY  x") == "Set RESEND_API_KEY in every process."


def test_the_first_user_of_a_shared_database_is_made_as_documented(
    migrated_database_url, redis_url, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DISCOGS_OAUTH_ENCRYPTION_KEY", "11" * 32)
    refused = CliRunner().invoke(main.app_for(["connect"]), ["connect", "ada"]).exception
    assert isinstance(refused, NotFound)
    assert "The first user" in (refused.next_step or "")
    section = DOCUMENT.read_text().split("## The first user", 1)[1]
    statement = re.search(r"```sql\n(.*?)```", section, re.DOTALL)
    assert statement is not None
    pool = Pool(migrated_database_url, size=1, timeout_seconds=5)
    try:
        with pool.transaction() as conn:
            conn.execute(statement.group(1).encode())
            assert users.find(conn, "ada").tier == "archivist"
    finally:
        pool.close()


def test_a_fresh_database_counts_its_migrations_only(database_url, monkeypatch):
    said = []
    monkeypatch.setattr(up, "tell", lambda name, text: said.append((name, text)))
    database = SimpleNamespace(migration_url=lambda: database_url, migration_lock_seconds=5.0)
    up._migrate(SimpleNamespace(database=database))
    assert said == [("database", f"{len(migrations.known())} migrations applied")]
    assert publishing.pending(database_url) == []
