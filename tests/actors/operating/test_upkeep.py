"""Upkeep clears what is older than the settings want kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from actors.catalog import UPKEEP
from actors.checkpoints import UpkeepCheckpoint
from actors.jobs import jobs_of
from actors.operating import upkeep as actor
from db import Connection, usage, users
from db.pool import Pool
from db.usage import Use
from workers.kinds import Continue, Done, Job, NoArguments, Progress, Step
from workers.settings import EngineSettings


def step(checkpoint: UpkeepCheckpoint | None = None) -> Step[NoArguments, UpkeepCheckpoint]:
    return Step(
        uuid4(), uuid4(), NoArguments(), checkpoint or UpkeepCheckpoint(), Progress(0), discogs=None, account=None
    )


def upkeep() -> Job[Any, Any, Any]:
    (job,) = [job for job in jobs_of(EngineSettings(_env_file=None)) if job.kind is UPKEEP]
    return job


def run(pool: Pool, job: Job[Any, Any, Any]) -> tuple[str, int]:
    """Run all steps, each with the checkpoint as the ledger would give it; what was said, and how many there were."""
    checkpoint, steps = UpkeepCheckpoint(), 0
    while True:
        with pool.transaction() as conn:
            outcome = job.store(conn, step(checkpoint), None)
        steps += 1
        if isinstance(outcome, Done):
            return outcome.outcome, steps
        assert isinstance(outcome, Continue)
        assert not outcome.takes_token
        checkpoint = UpkeepCheckpoint.model_validate(outcome.checkpoint.model_dump(mode="json"))


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    opened = Pool(migrated_database_url, size=1, timeout_seconds=5)
    yield opened
    opened.close()


@pytest.mark.parametrize(("kept_days", "left"), [("1", 1), ("3", 2)])
def test_single_minutes_of_usage_are_kept_as_long_as_the_settings_say(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, kept_days: str, left: int
) -> None:
    monkeypatch.setenv("REKKRD_USAGE_KEPT_DAYS", kept_days)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    with pool.transaction() as conn:
        counts = {Use(now - timedelta(days=age), None, "import", "k", "GET /a"): 1 for age in (0, 2, 9)}
        usage.add(conn, uuid4(), counts)
    said, _ = run(pool, upkeep())
    with pool.transaction() as conn:
        assert len(usage.minutes(conn, now - timedelta(days=99), "lane")) == left
    assert f"{3 - left} minutes of usage cleared" in said


OLD_ROWS = {
    "turns": "INSERT INTO rekkrd.turns (lane, user_id, turn) SELECT 'import', gen_random_uuid(), n FROM {n}",
    "ticks": "INSERT INTO rekkrd.ticks (entry, due_at, made_at) SELECT n::text, {old}, {old} FROM {n}",
    "usage_minutes": "INSERT INTO rekkrd.usage_minutes (minute, lane, kind, endpoint, requests) "
    "SELECT date_trunc('minute', {old}), 'import', 'k', n::text, 1 FROM {n}",
    "usage_months": "INSERT INTO rekkrd.usage_months (month, lane, kind, endpoint, requests) "
    "SELECT date_trunc('month', {old}), 'import', 'k', n::text, 1 FROM {n}",
    "usage_flushes": "INSERT INTO rekkrd.usage_flushes (id, flushed_at) SELECT gen_random_uuid(), {old} FROM {n}",
    "idempotency": "INSERT INTO rekkrd.idempotency (scope, key, body_hash, made_at) "
    "SELECT '', n::text, '', {old} FROM {n}",
    "floor_days": "INSERT INTO rekkrd.floor_days (release_id, day, lowest_at, latest_at) "
    "SELECT n, {old}, {old}, {old} FROM {n}",
    "mails": "INSERT INTO rekkrd.mails (user_id, due_at, content, first_sent_at, sent_at, given_up_at) "
    "SELECT p.id, {old}, '{{}}', {old}, CASE WHEN n > 2 THEN {old} END, CASE WHEN n < 3 THEN {old} END "
    "FROM public.profiles AS p CROSS JOIN {n}",
    "workers": "INSERT INTO rekkrd.workers (name, host, pid, version, lanes, kinds, threads, busy, stuck, seen_at) "
    "SELECT n::text, 'h', 1, '1', '{{}}', '{{}}', 1, 0, 0, {old} FROM {n}",
    "lease_extensions": "INSERT INTO rekkrd.lease_extensions (job_id, worker, fence, leased_until) "
    "SELECT gen_random_uuid(), 'w', 1, {old} FROM {n}",
    "presence_sessions": "INSERT INTO rekkrd.presence_sessions (worker, backend_pid, backend_started_at, "
    "server_started_at, ended_at) SELECT n::text, 1, {old}, pg_postmaster_start_time(), {old} FROM {n}",
}


def test_each_table_is_cleared_piece_by_piece_and_one_a_transaction(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actor, "PIECE", 2)
    assert len(OLD_ROWS) == len(actor.TABLES)
    with pool.transaction() as conn:
        users.create(conn, "ada")
        for fill in OLD_ROWS.values():
            conn.execute(fill.format(old="now() - interval '3 years'", n="generate_series(1, 5) AS n").encode())
    checkpoint: UpkeepCheckpoint = UpkeepCheckpoint(table=0)
    job, pieces = upkeep(), []
    while True:
        with pool.transaction() as conn:
            before = rows(conn)
            outcome = job.store(conn, step(checkpoint), None)
            after = rows(conn)
        pieces.append({name: before[name] - after[name] for name in before if before[name] != after[name]})
        if isinstance(outcome, Done):
            break
        checkpoint = outcome.checkpoint
    assert pieces == [{name: gone} for name in OLD_ROWS for gone in (2, 2, 1)]
    assert outcome.outcome == "0 old jobs, 5 idle turns, 5 old ticks and 5 minutes of usage cleared."


def test_mails_are_kept_for_90_days_after_their_end_and_until_then_whatever_their_age(pool: Pool) -> None:
    with pool.transaction() as conn:
        user_id = users.create(conn, "ada").id
        conn.execute(
            "INSERT INTO rekkrd.mails (user_id, created_at, due_at, content, first_sent_at, sent_at, given_up_at)"
            " SELECT %s, m.made, m.made, '{}', m.made, m.sent, m.over"
            " FROM (SELECT now() - interval '1 year', now() - interval '91 days', now() - interval '89 days')"
            " AS t (made, old, late)"
            " CROSS JOIN LATERAL (VALUES (made, old, NULL), (made, NULL, old), (made, late, NULL), (made, NULL, late),"
            " (made, NULL, NULL)) AS m (made, sent, over)",
            [user_id],
        )
    run(pool, upkeep())
    with pool.transaction() as conn:
        left = conn.execute("SELECT coalesce(sent_at, given_up_at) < now() - interval '90 days' AS o FROM rekkrd.mails")
        assert [row["o"] for row in left.fetchall()] == [False, False, None]


def rows(conn: Connection) -> dict[str, int]:
    return {
        name: conn.execute(f"SELECT count(*) AS n FROM rekkrd.{name}".encode()).fetchone()["n"] for name in OLD_ROWS
    }


ENDED = """
    INSERT INTO rekkrd.jobs (
        kind, lane, queue, user_id, takes_token, speaks_for_user, state, started_at, finished_at, error_class, error
    )
    SELECT 'import_collection', 'import', 'import', gen_random_uuid(), true, true, ended.state, now(),
        now() - ended.days * interval '1 day', 'Unavailable', 'No.'
    FROM (
        VALUES ('completed', 8), ('cancelled', 8), ('failed', 8), ('failed', 15), ('completed', 6)
    ) AS ended (state, days)
"""


def test_jobs_are_cleared_as_long_after_their_end_as_the_settings_say_a_piece_a_step(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REKKRD_JOBS_KEPT_DAYS", "7")
    monkeypatch.setenv("REKKRD_FAILED_KEPT_DAYS", "14")
    monkeypatch.setattr(actor, "PIECE", 2)
    with pool.transaction() as conn:
        conn.execute(ENDED)
    said, steps = run(pool, upkeep())
    with pool.transaction() as conn:
        left = conn.execute("SELECT state FROM rekkrd.jobs ORDER BY state").fetchall()
    assert [row["state"] for row in left] == ["completed", "failed"]
    assert said.startswith("3 old jobs, ")
    assert steps == 3 + len(actor.TABLES), "two pieces of two jobs that ended more than 7 days ago, then none"
