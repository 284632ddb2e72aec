"""What every other test relies on."""

import psycopg
import pytest
import redis


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_finds_an_empty_database_and_an_empty_redis(database_url: str, redis_url: str, turn: str) -> None:
    with psycopg.connect(database_url) as conn, redis.Redis.from_url(redis_url) as client:
        assert conn.execute("SELECT count(*) FROM pg_class WHERE relname = 'left_behind'").fetchone() == (0,)
        assert client.dbsize() == 0
        conn.execute("CREATE TABLE left_behind ()")
        client.set("left", turn)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_finds_a_migrated_database_without_rows_of_others(migrated_database_url: str, turn: str) -> None:
    with psycopg.connect(migrated_database_url) as conn:
        assert conn.execute("SELECT count(*) FROM public.profiles").fetchone() == (0,)
        conn.execute("INSERT INTO public.profiles (handle, email) VALUES (%s, 'a@example.org')", [turn])
