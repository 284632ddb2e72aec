"""SQL functions: replaced on migrate when their file has changed, and never by an older release."""

from pathlib import Path

import psycopg
import pytest

from db import migrations
from db.errors import MigrationRefused

ONE = "CREATE OR REPLACE FUNCTION rekkrd.one() RETURNS integer LANGUAGE sql AS 'SELECT 1';\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Migrations, with functions in the folder beside them."""
    for name, text in {"migrations/0001_one.sql": "CREATE TABLE public.one (a int);", "functions/one.sql": ONE}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "migrations"


def value(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT rekkrd.one()").fetchone()
    assert row is not None
    return int(row[0])


def test_a_changed_function_is_replaced_once(database_url: str, folder: Path) -> None:
    assert migrations.migrate(database_url, folder=folder) == ["0001_one", migrations.FUNCTIONS]
    assert migrations.migrate(database_url, folder=folder) == []
    (folder.parent / "functions" / "one.sql").write_text(ONE.replace("SELECT 1", "SELECT 2"))
    assert migrations.pending(database_url, folder=folder) == [migrations.FUNCTIONS]
    assert migrations.migrate(database_url, folder=folder) == [migrations.FUNCTIONS]
    assert migrations.pending(database_url, folder=folder) == []
    assert value(database_url) == 2


def test_an_older_release_leaves_newer_functions_alone(database_url: str, folder: Path) -> None:
    migrations.migrate(database_url, folder=folder)
    (folder / "0001_one.sql").rename(folder / "0001_older.sql")
    (folder / "0001_older.sql").write_text("CREATE TABLE IF NOT EXISTS public.older (a int);")
    (folder.parent / "functions" / "one.sql").write_text(ONE.replace("SELECT 1", "SELECT 0"))
    migrations.migrate(database_url, folder=folder)
    assert value(database_url) == 1


def test_a_refused_function_changes_none(database_url: str, folder: Path) -> None:
    migrations.migrate(database_url, folder=folder)
    (folder.parent / "functions" / "one.sql").write_text(ONE.replace("SELECT 1", "SELECT 2"))
    (folder.parent / "functions" / "two.sql").write_text("CREATE OR REPLACE FUNCTION rekkrd.two() RETURNS nothing;")
    with pytest.raises(MigrationRefused, match="SQL functions were refused"):
        migrations.migrate(database_url, folder=folder)
    assert value(database_url) == 1


def test_nobody_may_call_a_new_function(database_url: str, folder: Path) -> None:
    migrations.migrate(database_url, folder=folder)
    with psycopg.connect(database_url) as conn:
        row = conn.execute(
            "SELECT count(*) FROM pg_proc, aclexplode(proacl) AS acl WHERE proname = 'one' AND acl.grantee = 0"
        ).fetchone()
    assert row == (0,)
