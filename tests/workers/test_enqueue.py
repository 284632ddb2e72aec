"""Enqueueing from Python: any psycopg connection, and the caller's transaction."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row, namedtuple_row, tuple_row

from db.errors import ArgumentsRefused, UnknownJobUser, UnknownKind
from workers.enqueue import NewJob, Origin, enqueue, enqueue_many

DOCUMENT = Path(__file__).parents[2] / "docs" / "enqueue.md"
JOBS = "SELECT count(*) FROM rekkrd.jobs"


@pytest.fixture
def user(migrated_database_url: str) -> UUID:
    """A connected user."""
    user_id = uuid4()
    with psycopg.connect(migrated_database_url) as conn:
        conn.execute("INSERT INTO public.profiles (id, handle) VALUES (%s, 'ada')", [user_id])
        conn.execute("INSERT INTO rekkrd.links (user_id) VALUES (%s)", [user_id])
    return user_id


def count(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute(JOBS).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("row_factory", [tuple_row, dict_row, namedtuple_row])
def test_any_row_factory(migrated_database_url: str, user: UUID, row_factory: Callable[..., object]) -> None:
    with psycopg.connect(migrated_database_url, row_factory=row_factory) as conn:
        first = enqueue(conn, "import_collection", user)
        again = enqueue(conn, "import_collection", str(user))
    assert (first.is_new, first.state, again.is_new, again.job_id) == (True, "pending", False, first.job_id)


def test_a_job_is_there_with_the_callers_commit(migrated_database_url: str, user: UUID) -> None:
    with psycopg.connect(migrated_database_url) as conn:
        enqueue(conn, "import_collection", user)
        assert count(migrated_database_url) == 0
        conn.commit()
    assert count(migrated_database_url) == 1


def test_autocommit_commits_at_once(migrated_database_url: str, user: UUID) -> None:
    with psycopg.connect(migrated_database_url, autocommit=True) as conn:
        enqueue(conn, "import_collection", user)
        assert count(migrated_database_url) == 1


def test_a_rollback_takes_the_job_back(migrated_database_url: str, user: UUID) -> None:
    with psycopg.connect(migrated_database_url) as conn:
        enqueue(conn, "import_collection", user)
        conn.rollback()
    assert count(migrated_database_url) == 0


def test_a_refusal_names_code_and_remedy(migrated_database_url: str, user: UUID) -> None:
    with psycopg.connect(migrated_database_url) as conn, pytest.raises(UnknownKind) as refused:
        enqueue(conn, "bake", user)
    assert (refused.value.code, str(refused.value)) == ("RK001", "There is no such kind of job: bake")
    assert "import_collection" in refused.value.hint


@pytest.mark.parametrize(
    "value", ["\0", "\ud800", float("nan"), object(), {1}], ids=["NUL", "surrogate", "nan", "object", "set"]
)
def test_arguments_that_are_no_json_are_refused(migrated_database_url: str, user: UUID, value: object) -> None:
    with psycopg.connect(migrated_database_url) as conn, pytest.raises(ArgumentsRefused):
        enqueue(conn, "push_collection", user, {"is_confirmed": value})


def test_kinds_of_the_system_need_no_user(migrated_database_url: str, user: UUID) -> None:
    with psycopg.connect(migrated_database_url) as conn:
        assert enqueue(conn, "upkeep", origin=Origin.AUTOMATIC).is_new
        with pytest.raises(UnknownJobUser):
            enqueue(conn, "import_collection", origin=Origin.OPERATOR)


def test_automatic_jobs_leave_out_disconnected_users(migrated_database_url: str, user: UUID) -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    wanted = [NewJob("import_wantlist", one, run_at=at) for one in (uuid4(), user)]
    with psycopg.connect(migrated_database_url) as conn:
        (made,) = enqueue_many(conn, wanted, origin=Origin.AUTOMATIC)
    assert (made.place, made.is_new) == (1, True)


def test_no_jobs_are_no_error(migrated_database_url: str) -> None:
    with psycopg.connect(migrated_database_url) as conn:
        assert enqueue_many(conn, []) == []


def test_the_example_of_the_document_works(
    migrated_database_url: str, user: UUID, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.setattr("sys.argv", ["example.py", str(user)])
    exec(compile(block, str(DOCUMENT), "exec"), {})
    assert capsys.readouterr().out.startswith("enqueued ")
    assert count(migrated_database_url) == 1
