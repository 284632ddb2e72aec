"""Migrations: once each, whoever starts with us, on an empty database and on the app's own."""

import threading
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from db import migrations
from db.errors import DatabaseAway, MigrationBlocked, MigrationRefused

BIG = 2**31 + 5

APP = """
CREATE TABLE profiles (id uuid PRIMARY KEY, username text, discogs_user_id integer, created_at timestamptz);
CREATE TABLE albums (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL REFERENCES profiles, title text NOT NULL,
    artist text, discogs_release_id integer, discogs_instance_id smallint
);
CREATE VIEW shelf WITH (security_invoker = true) AS SELECT id, title, discogs_release_id FROM albums;
COMMENT ON VIEW shelf IS 'what stands there';
COMMENT ON COLUMN shelf.title IS 'its name';
CREATE VIEW pressings AS SELECT discogs_release_id, count(*) AS copies FROM shelf GROUP BY 1;
GRANT SELECT ON shelf TO PUBLIC;
CREATE TABLE discogs_sync_log (
    id uuid PRIMARY KEY, user_id uuid, action text, discogs_release_id integer, album_id uuid, status text,
    details jsonb, created_at timestamptz
);
INSERT INTO profiles VALUES ('00000000-0000-0000-0000-0000000000aa', 'ada', 7, now());
INSERT INTO albums (user_id, title, discogs_release_id, discogs_instance_id)
SELECT id, 'Blue', 123, 5 FROM profiles;
"""


@pytest.fixture
def app_url(database_url: str) -> str:
    """A database as the app made it, before us: narrow ids, rows, views upon views, half a table of the plan."""
    with psycopg.connect(database_url) as conn:
        conn.execute(APP)
    return database_url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE public.one (a int);")
    (tmp_path / "0002_two.sql").write_text("CREATE TABLE public.two (a int);")
    return tmp_path


def columns(url: str, table: str) -> dict[str, str]:
    with psycopg.connect(url) as conn:
        rows = conn.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s", [table]
        ).fetchall()
    return dict(rows)


def test_the_second_run_has_nothing_to_do(database_url: str) -> None:
    names = migrations.pending(database_url)
    assert migrations.migrate(database_url) == names
    assert names == [*sorted(path.stem for path in migrations.FOLDER.glob("*.sql")), migrations.FUNCTIONS]
    assert migrations.migrate(database_url) == []
    assert migrations.pending(database_url) == []


def test_of_two_that_start_at_once_each_migration_is_done_by_one(database_url: str) -> None:
    done: list[list[str]] = []
    threads = [threading.Thread(target=lambda: done.append(migrations.migrate(database_url))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(name for names in done for name in names) == sorted(
        [*(path.stem for path in migrations.FOLDER.glob("*.sql")), migrations.FUNCTIONS]
    )


def test_the_apps_own_tables_get_what_is_missing_and_keep_their_rows(app_url: str) -> None:
    migrations.migrate(app_url)
    assert columns(app_url, "profiles")["discogs_oauth_token"] == "text"
    assert columns(app_url, "profiles")["discogs_user_id"] == "bigint"
    assert columns(app_url, "discogs_sync_log")["discogs_release_id"] == "bigint"
    albums = columns(app_url, "albums")
    assert {albums[name] for name in albums if name.startswith("discogs_") and name.endswith("_id")} == {"bigint"}
    assert "pressing_country" in albums
    with psycopg.connect(app_url) as conn:
        conn.execute("UPDATE albums SET discogs_instance_id = %s", [BIG])
        assert conn.execute("SELECT title, discogs_release_id, discogs_instance_id FROM albums").fetchall() == [
            ("Blue", 123, BIG)
        ]
        assert conn.execute("SELECT handle, tier FROM rekkrd.users").fetchall() == [("ada", "collector")]


def test_the_apps_views_stand_again_as_they_were(app_url: str) -> None:
    told = """
        SELECT relnamespace::regnamespace::text, relname, reloptions, coalesce(relacl, acldefault('r', relowner))::text,
               obj_description(oid, 'pg_class'), col_description(oid, 2), pg_get_viewdef(oid)
          FROM pg_class WHERE relname IN ('shelf', 'pressings') ORDER BY relname
    """
    with psycopg.connect(app_url) as conn:
        before = conn.execute(told).fetchall()
    migrations.migrate(app_url)
    with psycopg.connect(app_url) as conn:
        assert conn.execute(told).fetchall() == before
        conn.execute("UPDATE albums SET discogs_release_id = %s", [BIG])
        assert conn.execute("SELECT discogs_release_id, copies FROM pressings").fetchall() == [(BIG, 1)]


def test_a_view_that_cannot_be_put_up_again_stops_us_with_its_name(app_url: str) -> None:
    with psycopg.connect(app_url) as conn:
        conn.execute("CREATE MATERIALIZED VIEW best AS SELECT discogs_release_id FROM albums")
    with pytest.raises(MigrationRefused, match=r"shown by public.best.*Drop what is named there"):
        migrations.migrate(app_url)
    assert columns(app_url, "albums")["discogs_release_id"] == "integer"


def test_tables_that_are_not_the_plans_stop_us_before_anything_changes(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        conn.execute("CREATE TABLE profiles (id bigint PRIMARY KEY)")
    with pytest.raises(MigrationRefused, match=r"profiles\.id is of type bigint.*must be uuid"):
        migrations.migrate(database_url)


def test_a_busy_table_ends_in_a_sentence_and_not_in_a_standstill(app_url: str) -> None:
    with psycopg.connect(app_url, application_name="the app") as busy:
        busy.execute("SELECT count(*) FROM albums")
        with pytest.raises(MigrationBlocked, match=r"0002_app waited 4 times 0\.1 s .*the app.* has held albums"):
            migrations.migrate(app_url, lock_seconds=0.1)
    assert migrations.pending(app_url)[0] == "0002_app"
    assert "discogs_notes" not in columns(app_url, "albums")
    assert migrations.migrate(app_url)[0] == "0002_app"


def test_an_applied_migration_is_never_edited(database_url: str, folder: Path) -> None:
    migrations.migrate(database_url, folder=folder)
    (folder / "0001_one.sql").write_text("CREATE TABLE public.one (a bigint);")
    with pytest.raises(MigrationRefused, match=r"0001_one was applied .* in another form"):
        migrations.migrate(database_url, folder=folder)


def test_a_database_ahead_of_the_code_is_fine(database_url: str, folder: Path) -> None:
    migrations.migrate(database_url, folder=folder)
    (folder / "0002_two.sql").unlink()
    assert migrations.migrate(database_url, folder=folder) == []
    assert migrations.ahead(database_url, folder=folder) == ["0002_two"]


def test_a_refused_migration_leaves_nothing_and_those_before_it_stay(database_url: str, folder: Path) -> None:
    (folder / "0003_three.sql").write_text("CREATE TABLE public.three (a int); SELECT 1 / 0;")
    with pytest.raises(MigrationRefused, match="0003_three was refused: division by zero"):
        migrations.migrate(database_url, folder=folder)
    assert columns(database_url, "two")
    assert not columns(database_url, "three")
    assert migrations.pending(database_url, folder=folder) == ["0003_three"]


def test_an_index_that_was_left_invalid_is_made_again(database_url: str, folder: Path) -> None:
    migrations.migrate(database_url, folder=folder)
    (folder / "0003_index.sql").write_text(
        "-- no transaction\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one_a ON public.one (a);\n"
    )
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("INSERT INTO one VALUES (1), (1)")
        with pytest.raises(MigrationRefused, match="could not create unique index"):
            migrations.migrate(database_url, folder=folder)
        conn.execute("TRUNCATE one")
        assert migrations.migrate(database_url, folder=folder) == ["0003_index"]
        assert conn.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'one_a'::regclass").fetchall() == [
            (True,)
        ]


def test_two_albums_for_one_copy_are_named_not_hidden(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        conn.execute("CREATE TABLE profiles (id uuid PRIMARY KEY)")
        conn.execute("CREATE TABLE albums (id uuid PRIMARY KEY, user_id uuid, discogs_instance_id bigint)")
        user = uuid4()
        conn.execute("INSERT INTO profiles VALUES (%s)", [user])
        conn.execute("INSERT INTO albums VALUES (%s, %s, 5), (%s, %s, 5)", [uuid4(), user, uuid4(), user])
    with pytest.raises(MigrationRefused, match=r"albums_one_per_instance.*discogs_instance_id\)=.* is duplicated"):
        migrations.migrate(database_url)


def test_a_server_that_is_not_there_may_be_tried_again() -> None:
    with pytest.raises(DatabaseAway):
        migrations.migrate("postgresql://nobody@127.0.0.1:1/nothing")


def test_who_waits_too_long_for_another_migrator_is_told(database_url: str) -> None:
    with psycopg.connect(database_url) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [migrations.LOCK])
        with pytest.raises(MigrationBlocked, match="Another process"):
            migrations.migrate(database_url, others_seconds=0)
