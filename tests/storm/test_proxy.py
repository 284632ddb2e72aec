"""The proxy loses replies, not requests: what was asked for was done."""

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.storm.proxy import before_postgres, before_redis


def test_a_commit_whose_reply_is_lost_has_happened(migrated_database_url):
    with before_postgres(migrated_database_url) as (proxy, url):
        with psycopg.connect(url) as conn:
            conn.execute("CREATE TABLE kept (number int)")
            conn.commit()
            conn.execute("INSERT INTO kept VALUES (1)")
            proxy.lose(1, b"COMMIT")
            with pytest.raises(psycopg.OperationalError):
                conn.commit()
        with psycopg.connect(url) as conn:
            assert conn.execute("SELECT number FROM kept").fetchall() == [(1,)]
    assert proxy.lost == 1


def test_a_push_whose_reply_is_lost_has_happened(redis_url):
    with (
        before_redis(redis_url) as (proxy, url),
        redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as client,
    ):
        client.rpush("kept", 1)
        proxy.lose(1)
        with pytest.raises(redis.ConnectionError):
            client.rpush("kept", 2)
        assert client.llen("kept") == 2
    assert proxy.lost == 1
