"""One rule, four entry points: Python, SQL, HTTP and CLI refuse the same request with the same code and message."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from api.errors import ApiError
from api.meanings import in_our_words
from cli.main import app_for, in_words
from db.errors import EnqueueRefused
from workers.enqueue import enqueue, enqueue_many

NOBODY_KNOWN = UUID(int=7)
NEXT_YEAR = datetime.now(UTC) + timedelta(days=400)


@dataclass(frozen=True)
class Case:
    """A bad request. ``status`` is that of HTTP; ``for_cli`` are arguments if the command can say it."""

    said: dict[str, Any]
    code: str
    message: str
    status: int = 422
    user: str = "connected"
    by_pydantic: bool = False  # HTTP refuses the type before rekkrd.enqueue sees it
    has_sql: bool = True  # a type of the SQL function makes it impossible
    for_cli: list[str] = field(default_factory=list)


CASES = {
    "kind": Case({"kind": "bake"}, "RK001", "There is no such kind of job: bake"),
    "kind of the system": Case({"kind": "upkeep"}, "RK001", "There is no such kind of job: upkeep"),
    "arguments": Case({"arguments": {"page": 3}}, "RK002", "do not fit: page is not known"),
    "type of arguments": Case({"arguments": []}, "RK002", "must be of type object, not array", by_pydantic=True),
    "unknown user": Case(
        {}, "RK003", "There is no user 0000", status=404, user="unknown", for_cli=["import", "--user", "0000-nobody"]
    ),
    "not connected": Case(
        {}, "RK004", "has no Discogs account connected", status=409, user="bob", for_cli=["import", "--user", "bob"]
    ),
    "priority": Case({"priority": 1000}, "RK005", "priority must be an integer from -100 to 100"),
    "large priority": Case({"priority": 40_000}, "RK005", "priority must be an integer from -100 to 100"),
    "broken priority": Case({"priority": 1.5}, "RK005", "priority must be an integer", by_pydantic=True, has_sql=False),
    "run_at": Case({"run_at": NEXT_YEAR}, "RK005", "run_at must not be more than a year ahead"),
    "naive run_at": Case(
        {"run_at": NEXT_YEAR.replace(tzinfo=None)}, "RK005", "with a time zone", by_pydantic=True, has_sql=False
    ),
    "if_live": Case({"if_live": "bogus"}, "RK005", "if_live must be return or replace"),
}


@pytest.fixture
def user(ada, bob, connect, request):
    connect(ada)
    return {"connected": ada, "bob": bob, "unknown": NOBODY_KNOWN}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    return request.param


@pytest.fixture(autouse=True)
def _no_job(resources):
    yield
    with resources.pool.transaction() as conn:
        assert conn.execute("SELECT count(*) AS jobs FROM rekkrd.jobs").fetchone() == {"jobs": 0}


def given(case, user):
    return {"kind": "import_collection", "user_id": user[case.user], **case.said}


def test_python_refuses(case, user, resources):
    with resources.pool.transaction() as conn, pytest.raises(EnqueueRefused, match=case.message) as refused:
        enqueue(conn, **given(case, user))
    assert refused.value.code == case.code
    assert in_our_words(refused.value).status == case.status


def test_sql_refuses(case, user, migrated_database_url):
    if not case.has_sql:
        pytest.skip("the types of the SQL function do not let it through")
    said = {name: Jsonb(value) if name == "arguments" else value for name, value in given(case, user).items()}
    names = ", ".join(f"{name} => %({name})s" for name in said)
    with psycopg.connect(migrated_database_url) as conn, pytest.raises(psycopg.Error, match=case.message) as refused:
        conn.execute(f"SELECT rekkrd.enqueue({names})", said)
    assert refused.value.sqlstate == case.code


def test_an_sql_array_refuses(case, user, migrated_database_url):
    said = {
        name: value.isoformat() if isinstance(value, datetime) else str(value) if name == "user_id" else value
        for name, value in given(case, user).items()
    }
    with psycopg.connect(migrated_database_url) as conn, pytest.raises(psycopg.Error, match=case.message) as refused:
        conn.execute("SELECT rekkrd.enqueue_many(%s)", [Jsonb([said])])
    assert refused.value.sqlstate == case.code


def test_http_refuses(case, user, client, as_app):
    body = {"kind": "import_collection", **case.said}
    if "run_at" in body:
        body["run_at"] = body["run_at"].isoformat()
    answer = client.post("/api/jobs", json=body, headers=as_app(user[case.user]))
    assert answer.status_code == case.status
    message = answer.json()["error"]["message"]
    assert (next(iter(case.said)) if case.by_pydantic else case.message) in message


def test_the_command_line_refuses(case, user, monkeypatch, tmp_path):
    if not case.for_cli:
        pytest.skip("no command takes this")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app_for(case.for_cli), case.for_cli)
    refused = in_words(result.exception)
    assert refused.exit_code == 2
    assert case.message.removesuffix(" 0000") in str(refused)


def test_many_jobs_name_each_refused_one(user, resources):
    wrong = [given(case, user) for case in CASES.values()]
    from workers.enqueue import NewJob

    with resources.pool.transaction() as conn, pytest.raises(EnqueueRefused) as refused:
        enqueue_many(conn, [NewJob(**one) for one in wrong])
    said = str(refused.value).split("; ")
    assert len(said) == len(CASES)
    for place, (one, case) in enumerate(zip(said, CASES.values(), strict=True)):
        assert one.startswith(f"jobs.{place}: ")
        assert case.message in one


def test_every_error_has_its_http_status():
    for error in EnqueueRefused.__subclasses__():
        assert isinstance(in_our_words(error("m", "h")), ApiError)
        assert in_our_words(error("m", "h")).status in (404, 409, 422)
