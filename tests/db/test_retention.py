"""Jobs that ended go after their time, and nothing else ever does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from db import retention
from db.retention import START

DAY = timedelta(days=1)
KEPT, FAILED_KEPT = 30 * DAY, 90 * DAY
ENDED = ("completed", "failed", "cancelled")
LIVE = ("pending", "running", "retrying")
AGES = st.sampled_from([0, 29, 31, 89, 91, 400])

ADD = """
    INSERT INTO rekkrd.jobs (
        id, kind, lane, queue, user_id, takes_token, speaks_for_user, state, created_at, due_at, started_at,
        finished_at, error_class, error, follows, awaited_key, leased_until, leased_by
    ) VALUES (
        %(id)s, 'import_collection', 'import', 'import', %(user)s, true, false, %(state)s,
        now() - %(age)s * interval '1 day', now(), now() - %(age)s * interval '1 day',
        CASE WHEN %(state)s IN ('completed', 'failed', 'cancelled') THEN now() - %(age)s * interval '1 day' END,
        'Unavailable', 'No.', %(follows)s, CASE WHEN %(follows)s::uuid IS NOT NULL THEN 'key' END,
        CASE WHEN %(is_leased)s THEN now() END, CASE WHEN %(is_leased)s THEN 'w' END
    )
"""
STORY = """
    INSERT INTO rekkrd.attempts (job_id, fence, step, nth, ended_as) VALUES (%(id)s, 1, 1, 1, 'completed');
    INSERT INTO rekkrd.job_log (job_id, fence, line, step, logged_at, level, event)
    VALUES (%(id)s, 1, 1, 1, now(), 'info', 'token_taken');
    INSERT INTO rekkrd.job_requests (job_id, endpoint, status, requests, seconds) VALUES (%(id)s, 'GET /', 200, 1, 1)
"""


@dataclass(frozen=True)
class Given:
    """A job as the ledger may have it. One that ended can have somebody behind it only by a mistake of ours."""

    state: str
    age: int
    is_followed: bool = False
    is_leased: bool = False

    @property
    def is_due(self) -> bool:
        kept = FAILED_KEPT if self.state == "failed" else KEPT
        return self.state in ENDED and self.age * DAY > kept and not self.is_followed


JOBS = st.lists(
    st.builds(Given, state=st.sampled_from(ENDED + LIVE), age=AGES, is_followed=st.booleans())
    | st.builds(Given, state=st.just("running"), age=AGES, is_leased=st.booleans()),
    max_size=12,
)


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(migrated_database_url, row_factory=dict_row) as conn:
        yield conn


def add(conn: psycopg.Connection, job: Given) -> UUID:
    row = {"id": uuid4(), "user": uuid4(), "state": job.state, "age": job.age, "is_leased": job.is_leased}
    conn.execute(ADD, row | {"follows": None})
    if job.is_followed:
        conn.execute(ADD, row | {"id": uuid4(), "state": "pending", "follows": row["id"]})
    return row["id"]


def clear(conn: psycopg.Connection, room: int) -> tuple[int, int]:
    """Clear piece by piece; how many went, and in how many pieces."""
    cleared, pieces, after = 0, 0, START
    while True:
        piece = retention.clear_ended(conn, kept=KEPT, failed_kept=FAILED_KEPT, after=after, room=room)
        if piece.last is None:
            return cleared, pieces
        cleared, pieces, after = cleared + piece.cleared, pieces + 1, piece.last


def rows(conn: psycopg.Connection) -> dict[UUID, str]:
    return {row["id"]: str(row) for row in conn.execute("SELECT * FROM rekkrd.jobs ORDER BY id")}


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(jobs=JOBS, room=st.integers(1, 4))
@example(jobs=[Given("failed", 31)] * 5 + [Given("completed", 31)], room=2)
@example(jobs=[Given("completed", 31)] * 5, room=2)
def test_what_was_kept_long_enough_goes_and_nothing_live_younger_or_followed_ever_does(
    conn: psycopg.Connection, jobs: list[Given], room: int
) -> None:
    conn.rollback()
    ids = {add(conn, job): job for job in jobs}
    before = rows(conn)
    gone = {job_id for job_id, job in ids.items() if job.is_due}
    cleared, _ = clear(conn, room)
    assert before.keys() - rows(conn).keys() == gone
    assert rows(conn) == {job_id: row for job_id, row in before.items() if job_id not in gone}
    assert cleared == len(gone)
    assert clear(conn, room)[0] == 0


def test_a_jobs_story_goes_with_it_and_the_collectors_history_stays(conn: psycopg.Connection) -> None:
    old, young = add(conn, Given("completed", 31)), add(conn, Given("completed", 29))
    for job_id in (old, young):
        for statement in STORY.split(";"):
            conn.execute(statement, {"id": job_id})
    conn.execute("INSERT INTO public.profiles (id) SELECT user_id FROM rekkrd.jobs")
    conn.execute(
        "INSERT INTO public.discogs_import_jobs (id, user_id, status) SELECT id, user_id, state FROM rekkrd.jobs"
    )
    conn.execute(
        "INSERT INTO public.discogs_sync_log (user_id, action, status) "
        "SELECT user_id, 'import', 'success' FROM rekkrd.jobs"
    )
    assert clear(conn, 10) == (1, 1)
    for table in ("attempts", "job_log", "job_requests"):
        assert [row["job_id"] for row in conn.execute(f"SELECT job_id FROM rekkrd.{table}")] == [young]
    for table in ("discogs_import_jobs", "discogs_sync_log"):
        assert conn.execute(f"SELECT count(*) AS rows FROM public.{table}").fetchone() == {"rows": 2}, table


def test_a_piece_looks_at_so_many_jobs_and_at_none_twice(conn: psycopg.Connection) -> None:
    for _ in range(7):  # one transaction: all of them ended at one time
        add(conn, Given("failed", 31))
    for _ in range(3):
        add(conn, Given("cancelled", 31))
    assert clear(conn, 4) == (3, 3)
    assert clear(conn, 4) == (0, 2)


def test_a_locked_job_is_kept_and_the_others_are_cleared(migrated_database_url: str, conn: psycopg.Connection) -> None:
    locked, _ = add(conn, Given("failed", 91)), add(conn, Given("failed", 92))
    conn.commit()
    with psycopg.connect(migrated_database_url) as operator:
        operator.execute("UPDATE rekkrd.jobs SET state = 'pending', finished_at = NULL WHERE id = %s", [locked])
        conn.execute("SET LOCAL lock_timeout = '1s'")
        assert clear(conn, 4) == (1, 1)
    assert rows(conn).keys() == {locked}
