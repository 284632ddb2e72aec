"""Strangers against everything: anon and authenticated, on a database that gives them all rights by default.

The catalogue is asked what exists, so that a table, view or function of a later migration cannot be forgotten.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from db import migrations

ADA, BEN = "00000000-0000-0000-0000-0000000000aa", "00000000-0000-0000-0000-0000000000bb"
STRANGERS = ("anon", "authenticated")
OWN_ROWS = {
    "discogs_import_jobs", "discogs_sync_log", "discogs_value_history", "discogs_price_alerts", "discogs_usage",
    "discogs_wantlist",
}  # fmt: skip
PRICES = "discogs_price_cache"  # shared by all users
SECRET = {"discogs_oauth_token", "discogs_oauth_secret"}
TOLD_BY_DISCOGS = SECRET | {"discogs_username", "discogs_user_id", "discogs_connected_at"}

SUPABASE = """
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO anon, authenticated;
ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO anon, authenticated;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO anon, authenticated;
GRANT USAGE ON SCHEMA public TO anon, authenticated;
"""
APP = """
CREATE TABLE profiles (id uuid PRIMARY KEY, username text, bio text);
CREATE TABLE albums (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL REFERENCES profiles);
GRANT SELECT ON profiles TO PUBLIC;
CREATE TABLE discogs_price_alerts (
    id uuid PRIMARY KEY, user_id uuid, discogs_release_id integer, target_price decimal, condition_minimum text,
    is_active boolean, last_checked_at timestamptz, triggered_at timestamptz
);
CREATE POLICY generous ON discogs_price_alerts USING (true);
"""
FILL = f"""
UPDATE profiles SET discogs_oauth_token = 'sealed', discogs_oauth_secret = 'sealed', discogs_user_id = 1;
INSERT INTO discogs_import_jobs (user_id) VALUES ('{ADA}'), ('{BEN}');
INSERT INTO discogs_sync_log (user_id, action, status) VALUES ('{ADA}', 'import', 'success'), ('{BEN}', 'import', 'success');
INSERT INTO discogs_value_history (user_id) VALUES ('{ADA}'), ('{BEN}');
INSERT INTO discogs_price_alerts (id, user_id, discogs_release_id, target_price)
VALUES ('{ADA}', '{ADA}', 1, 1), ('{BEN}', '{BEN}', 1, 1);
INSERT INTO discogs_usage (user_id, month) VALUES ('{ADA}', '2026-01-01'), ('{BEN}', '2026-01-01');
INSERT INTO discogs_wantlist (user_id, discogs_release_id) VALUES ('{ADA}', 1), ('{BEN}', 1);
INSERT INTO discogs_price_cache (discogs_release_id) VALUES (1);
"""  # noqa: E501  rows read better side by side


@pytest.fixture(params=["the app's tables are there", "an empty database"])
def url(request: pytest.FixtureRequest, database_url: str) -> str:
    is_app = request.param.startswith("the app")
    with psycopg.connect(database_url) as conn:
        for role in STRANGERS:
            conn.execute(f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END; $$")
        conn.execute(SUPABASE)
        if is_app:
            conn.execute(APP)
            conn.execute(f"INSERT INTO profiles VALUES ('{ADA}', 'ada', 'a'), ('{BEN}', 'ben', 'b')")
    migrations.migrate(database_url)
    with psycopg.connect(database_url) as conn:
        if not is_app:
            conn.execute(f"INSERT INTO public.profiles (id, handle) VALUES ('{ADA}', 'ada'), ('{BEN}', 'ben')")
        conn.execute("SET search_path TO public")
        conn.execute(FILL)
    return database_url


@contextmanager
def played(url: str, role: str, user: str | None = None) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as conn:
        claims = f'{{"sub": "{user}"}}' if user else ""
        conn.execute("SELECT set_config('request.jwt.claims', %s, false)", [claims])
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        yield conn


def relations(url: str) -> list[tuple[str, str]]:
    """Everything with rows in our schema, and what the plan has in public."""
    with psycopg.connect(url) as conn:
        return conn.execute("""
            SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
               AND (n.nspname = 'rekkrd' OR n.nspname = 'public' AND c.relname NOT IN ('profiles', 'albums'))
             ORDER BY 1, 2
        """).fetchall()


def may(conn: psycopg.Connection, statement: str, *names: str) -> bool:
    try:
        conn.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.errors.IntegrityError:
        return True  # let in, and stopped by something else
    return True


@pytest.mark.parametrize("role", STRANGERS)
def test_nobody_but_us_reads_or_writes_anything_but_own_rows(url: str, role: str) -> None:
    found = relations(url)
    assert len(found) > 15
    with played(url, role, ADA) as conn:
        for schema, table in found:
            is_own = role == "authenticated" and schema == "public" and table in {*OWN_ROWS, PRICES}
            name = f"{schema}.{table} as {role}"
            assert may(conn, "SELECT * FROM {}.{}", schema, table) == is_own, name
            assert not may(conn, "INSERT INTO {}.{} DEFAULT VALUES", schema, table), name
            assert not may(conn, "DELETE FROM {}.{}", schema, table), name
            assert not may(conn, "TRUNCATE {}.{}", schema, table), name
    with psycopg.connect(url) as conn:
        for schema, table in found:
            for privilege in ("INSERT", "UPDATE", "REFERENCES"):
                told = conn.execute(
                    "SELECT has_any_column_privilege(%s, %s::regclass, %s)", [role, f"{schema}.{table}", privilege]
                ).fetchone()
                assert told == (False,), f"{privilege} on {schema}.{table} as {role}"
            told = conn.execute(
                "SELECT has_table_privilege(%s, %s::regclass, 'TRIGGER, TRUNCATE')", [role, f"{schema}.{table}"]
            ).fetchone()
            assert told == (False,), f"TRIGGER or TRUNCATE on {schema}.{table} as {role}"


def test_a_user_reads_own_rows_and_no_others(url: str) -> None:
    for user, claims in ((ADA, ADA), (BEN, BEN), (None, None)):
        with played(url, "authenticated", claims) as conn:
            for table in OWN_ROWS:
                rows = conn.execute(sql.SQL("SELECT user_id::text FROM public.{}").format(sql.Identifier(table)))
                assert rows.fetchall() == ([(user,)] if user else []), table


def test_signed_in_users_read_prices_that_have_not_expired(url: str) -> None:
    for user, seen in ((ADA, [(1,)]), (None, [])):
        with played(url, "authenticated", user) as conn:
            assert conn.execute("SELECT discogs_release_id FROM public.discogs_price_cache").fetchall() == seen
    with psycopg.connect(url) as conn:
        conn.execute(
            "UPDATE public.discogs_price_cache "
            "SET fetched_at = now() - interval '2 h', expires_at = now() - interval '1 h'"
        )
    with played(url, "authenticated", ADA) as conn:
        assert conn.execute("SELECT FROM public.discogs_price_cache").rowcount == 0


@pytest.mark.parametrize("role", STRANGERS)
def test_no_function_of_ours_can_be_called(url: str, role: str) -> None:
    with psycopg.connect(url) as conn:
        open_ones = conn.execute(
            """
            SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
             WHERE n.nspname IN ('rekkrd', 'public')
               AND (has_function_privilege(%s, p.oid, 'EXECUTE') OR has_function_privilege('public', p.oid, 'EXECUTE'))
            """,
            [role],
        ).fetchall()
        reach = conn.execute(
            "SELECT has_schema_privilege(%s, 'rekkrd', 'USAGE'), has_schema_privilege(%s, 'rekkrd', 'CREATE')",
            [role, role],
        ).fetchone()
    assert open_ones == []
    assert reach == (False, False)


@pytest.mark.parametrize("role", STRANGERS)
def test_the_tokens_in_profiles_are_ours_and_the_rest_stays_as_it_was(url: str, role: str) -> None:
    with psycopg.connect(url) as conn:
        columns = [
            name
            for (name,) in conn.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = 'public.profiles'::regclass AND attnum > 0"
            )
        ]
        is_app = "bio" in columns

        def allowed(privilege: str) -> set[str]:
            return {
                name
                for name in columns
                if conn.execute(
                    "SELECT has_column_privilege(%s, 'public.profiles', %s, %s)", [role, name, privilege]
                ).fetchone()
                == (True,)
            }

        assert set(columns) > SECRET
        if is_app:
            assert allowed("SELECT") == set(columns) - SECRET
            assert allowed("UPDATE") == allowed("INSERT") == {"id", "username", "bio"}
        else:
            assert not allowed("SELECT") & SECRET
            assert allowed("UPDATE") == allowed("INSERT") == set()
    with played(url, role, ADA) as conn:
        for column in SECRET:
            assert not may(conn, "SELECT {} FROM public.profiles", column)
        for column in TOLD_BY_DISCOGS:
            assert not may(conn, "UPDATE public.profiles SET {} = NULL", column)
        assert not may(conn, "SELECT to_jsonb(p) FROM public.profiles AS p")


@pytest.mark.parametrize("url", ["an empty database"], indirect=True)
def test_on_tables_that_we_made_a_user_reads_own_rows_and_writes_none(url: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute(f"INSERT INTO public.albums (user_id) VALUES ('{ADA}'), ('{BEN}')")
    with played(url, "authenticated", ADA) as conn:
        assert conn.execute("SELECT handle FROM public.profiles").fetchall() == [("ada",)]
        assert conn.execute("SELECT user_id::text FROM public.albums").fetchall() == [(ADA,)]
        assert not may(conn, "DELETE FROM public.albums")
        assert not may(conn, "INSERT INTO public.profiles DEFAULT VALUES")
    with played(url, "anon") as conn:
        assert not may(conn, "SELECT id FROM public.profiles")
        assert not may(conn, "SELECT id FROM public.albums")


def test_a_right_that_comes_through_another_role_stops_the_migration(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        for role in ("anon", "authenticated", "rekkrd_test_reader"):
            conn.execute(f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END; $$")
        conn.execute("CREATE TABLE public.profiles (id uuid PRIMARY KEY)")
        conn.execute("GRANT SELECT ON public.profiles TO rekkrd_test_reader")
        conn.execute("GRANT rekkrd_test_reader TO authenticated")
        try:
            with pytest.raises(migrations.MigrationRefused, match="role authenticated could still read the tokens"):
                migrations.migrate(database_url)
        finally:
            conn.execute("DROP OWNED BY rekkrd_test_reader")
            conn.execute("DROP ROLE rekkrd_test_reader")
