"""Waits of a job and a user's request for now: it ends a back-off and a later start, and no other wait."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from db import Connection, jobs, line, links
from db.jobs import Job, State
from db.links import Credentials
from db.sealing import Keys

LATER = "due_at = now() + interval '10 minutes'"
BACKOFF = (
    f"{LATER}, state = 'retrying', started_at = now(), attempts = 4, steps = 7, checkpoint = '{{\"page\": 8}}', "
    "error_class = 'Unavailable', error = 'Discogs is unavailable.'"
)


@pytest.fixture
def user(conn: Connection, keys: Keys, ada: UUID) -> UUID:
    with conn.transaction():
        links.connect(conn, keys, ada, username="ada", discogs_user_id=1, credentials=Credentials("oauth", "t", "s"))
    return ada


def asked(conn: Connection, user: UUID, **said: object) -> tuple[Job, bool]:
    given = {"kind": "push_collection", "user_id": user, **said}
    names = ", ".join(f"{name} => %({name})s" for name in given)
    row = conn.execute(f"SELECT job_id, is_new FROM rekkrd.enqueue({names})".encode(), given).fetchone()
    assert row is not None
    job = jobs.find(conn, row["job_id"])
    assert job is not None
    return job, row["is_new"]


def waiting(conn: Connection, user: UUID, change: str) -> Job:
    """Enqueue a job and let it wait."""
    first, _ = asked(conn, user, arguments=Jsonb({"is_confirmed": True}))
    conn.execute(f"UPDATE rekkrd.jobs SET {change}".encode())
    job = jobs.find(conn, first.id)
    assert job is not None
    return job


def test_a_request_ends_a_backoff_and_keeps_the_checkpoint(conn: Connection, user: UUID) -> None:
    before = waiting(conn, user, BACKOFF)
    after, is_new = asked(conn, user, priority=5)
    assert (after.id, is_new, after.state) == (before.id, False, State.RETRYING)
    assert after.due_at <= datetime.now(UTC)
    assert (after.checkpoint, after.steps, after.args) == (before.checkpoint, 7, {"is_confirmed": True})
    assert (after.priority, after.error) == (5, before.error)
    calls = line.call_up(conn, lane="import", takes_token=False, room=1, call_seconds=60)
    assert [call.job_id for call in calls] == [before.id]


def test_a_request_gives_new_attempts_but_not_a_clean_slate(conn: Connection, user: UUID) -> None:
    waiting(conn, user, BACKOFF)
    assert asked(conn, user)[0].attempts == 1, "0 would hide that a request may have been sent"


def test_a_request_for_later_leaves_a_backoff(conn: Connection, user: UUID) -> None:
    before = waiting(conn, user, BACKOFF)
    assert asked(conn, user, run_at=datetime.now(UTC) + timedelta(minutes=1))[0] == before


def test_an_automatic_request_leaves_a_backoff(conn: Connection, user: UUID) -> None:
    before = waiting(conn, user, BACKOFF)
    job = {"kind": "push_collection", "user_id": str(user)}
    conn.execute("SELECT rekkrd.enqueue_jobs(%s, 'automatic')", [Jsonb([job])])
    assert jobs.find(conn, before.id) == before


def test_a_request_brings_a_scheduled_job_forward(conn: Connection, user: UUID) -> None:
    before = waiting(conn, user, LATER)
    after, _ = asked(conn, user)
    assert after.id == before.id
    assert after.due_at <= datetime.now(UTC)


@pytest.mark.parametrize(
    "change",
    [
        f"{LATER}, state = 'running', started_at = now(), waits_for = 'Discogs asked us to wait'",
        f"{LATER}, state = 'running', started_at = now(), steps = 3",
        f"{LATER}, waits_for = 'the request budget (Redis) is out of reach'",
    ],
    ids=["cooldown", "delay of its kind", "snooze"],
)
def test_a_request_ends_no_other_wait(conn: Connection, user: UUID, change: str) -> None:
    before = waiting(conn, user, change)
    assert asked(conn, user)[0] == before
