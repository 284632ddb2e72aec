"""Real servers for every test that asks: one pair a session (and a pytest-xdist worker), ended whatever ends pytest."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis
from psycopg import sql

from cli.servers import Servers, running

TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey, fast and not durable. Whoever stops or kills one starts it again before the test ends."""
    folder = Path(tempfile.mkdtemp(prefix="rekkrd-tests-"))
    folder.chmod(0o711)  # as root the servers run under another user, who must get in
    with running(folder, durable=False, keep=False) as servers:
        yield servers


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """An empty database of the test's own."""
    with _new_database(servers, "template0") as url:
        yield url


@pytest.fixture
def migrated_database_url(servers: Servers, _template: str) -> Iterator[str]:
    """A database of the test's own in which every migration was applied."""
    with _new_database(servers, _template) as url:
        yield url


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """An empty Redis of the test's own: nothing else of this session uses it meanwhile."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.flushall()
        client.script_flush()
    return servers.redis_url


@pytest.fixture(scope="session")
def _template(servers: Servers) -> str:
    """Migrated once a session, then copied: a copy takes a fraction of the migrations' time."""
    from db import migrations  # a test that asks for no database runs though this room may be broken

    _execute(servers, sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(TEMPLATE)))
    migrations.migrate(servers.postgres.url(TEMPLATE))
    return TEMPLATE


@contextmanager
def _new_database(servers: Servers, template: str) -> Iterator[str]:
    name, source = f"test_{uuid4().hex[:12]}", sql.Identifier(template)
    _execute(servers, sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log").format(sql.Identifier(name), source))
    yield servers.postgres.url(name)
    _execute(servers, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _execute(servers: Servers, statement: sql.Composed) -> None:
    with psycopg.connect(servers.postgres.url(), autocommit=True) as conn:
        conn.execute(statement)
