"""Real servers for every test that asks: one pair a session (and a pytest-xdist worker), ended whatever ends pytest.

With TEST_DATABASE_URL the databases of tests are made on that PostgreSQL instead: 15 to 17, as a superuser.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import redis
from hypothesis import settings

from cli.servers import Servers, running
from tests.databases import Migrated, new_database

if TYPE_CHECKING:
    from db.jobs import Job

# `make test` draws the same examples every time, `make soak` others in every run. An example may take as long as it
# wants: no test asserts a wall time.
settings.register_profile("gate", derandomize=True, deadline=None, database=None)
settings.register_profile("soak", deadline=None, database=None, print_blob=True)
settings.load_profile("gate")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey, fast and not durable. Whoever stops or kills one starts it again before the test ends."""
    folder = Path(tempfile.mkdtemp(prefix="rekkrd-tests-"))
    folder.chmod(0o711)  # as root the servers run under another user, who must get in
    with running(folder, durable=False, keep=False) as servers:
        yield servers


@pytest.fixture(scope="session")
def _postgres_url(request: pytest.FixtureRequest) -> str:
    return os.environ.get("TEST_DATABASE_URL") or str(request.getfixturevalue("servers").postgres.url())


@pytest.fixture
def database_url(_postgres_url: str) -> Iterator[str]:
    """An empty database of the test's own."""
    with new_database(_postgres_url, "template0") as url:
        yield url


@pytest.fixture
def migrated_database_url(_migrated: Migrated) -> Iterator[str]:
    """A database in which every migration was applied, and nothing else is; nobody else's as long as the test runs."""
    with _migrated.lent() as url:
        yield url


@pytest.fixture(scope="session")
def _migrated(_postgres_url: str, _template: str) -> Iterator[Migrated]:
    with Migrated(_postgres_url, _template) as migrated:
        yield migrated


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """An empty Redis of the test's own: nothing else of this session uses it meanwhile."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.flushall()
        client.script_flush()
    return servers.redis_url


@pytest.fixture(scope="session")
def _template(_postgres_url: str) -> Iterator[str]:
    """Migrated once a session, then copied: a copy takes a fraction of the migrations' time."""
    from actors import publishing

    with new_database(_postgres_url, "template0") as url:
        publishing.bring_up_to_date(url)
        yield urlsplit(url).path.lstrip("/")


@pytest.fixture
def job_row() -> Callable[..., "Job"]:
    """Make a job's row without a database: what is not said is that of a collection's import, just enqueued."""
    from db.jobs import Job, State

    def make(at: datetime, **said: object) -> Job:
        row: dict[str, Any] = dict.fromkeys(field.name for field in fields(Job))
        row |= dict.fromkeys(("priority", "fence", "attempts", "crashes", "steps", "requests"), 0)
        row |= dict.fromkeys(("processed_records", "skipped_records"), 0)
        row |= {
            "id": UUID(int=7),
            "kind": "import_collection",
            "lane": "import",
            "queue": "import",
            "user_id": UUID(int=1),
            "args": {},
            "unique_key": "import_collection",
            "takes_token": True,
            "speaks_for_user": True,
            "state": State.PENDING,
            "created_at": at,
            "due_at": at,
            "is_executing": False,
            "checkpoint": {},
        }
        return Job(**{**row, **said})

    return make
