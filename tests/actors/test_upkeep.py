"""Upkeep clears what is older than the settings want kept."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from actors import upkeep as actor
from actors.catalog import UPKEEP, UpkeepCheckpoint
from actors.jobs import jobs_of
from db import usage
from db.pool import Pool
from db.usage import Use
from workers.kinds import Continue, Done, NoArguments, Progress, Step
from workers.settings import EngineSettings


def step(checkpoint: UpkeepCheckpoint | None = None) -> Step[NoArguments, UpkeepCheckpoint]:
    return Step(
        uuid4(), uuid4(), NoArguments(), checkpoint or UpkeepCheckpoint(), Progress(0), discogs=None, account=None
    )


@pytest.mark.parametrize(("kept_days", "left"), [("1", 1), ("3", 2)])
def test_single_minutes_of_usage_are_kept_as_long_as_the_settings_say(
    migrated_database_url: str, monkeypatch: pytest.MonkeyPatch, kept_days: str, left: int
) -> None:
    monkeypatch.setenv("REKKRD_USAGE_KEPT_DAYS", kept_days)
    (upkeep,) = [job for job in jobs_of(EngineSettings(_env_file=None)) if job.kind is UPKEEP]
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    pool = Pool(migrated_database_url, size=1, timeout_seconds=5)
    try:
        with pool.transaction() as conn:
            counts = {Use(now - timedelta(days=age), None, "import", "k", "GET /a"): 1 for age in (0, 2, 9)}
            usage.add(conn, uuid4(), counts)
            outcome = upkeep.store(conn, step(), None)
            assert len(usage.minutes(conn, now - timedelta(days=99), "lane")) == left
        assert f"{3 - left} minutes of usage cleared" in outcome.outcome
    finally:
        pool.close()


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
    migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REKKRD_JOBS_KEPT_DAYS", "7")
    monkeypatch.setenv("REKKRD_FAILED_KEPT_DAYS", "14")
    monkeypatch.setattr(actor, "PIECE", 2)
    (upkeep,) = [job for job in jobs_of(EngineSettings(_env_file=None)) if job.kind is UPKEEP]
    pool = Pool(migrated_database_url, size=1, timeout_seconds=5)
    checkpoint, steps = UpkeepCheckpoint(), 0
    try:
        with pool.transaction() as conn:
            conn.execute(ENDED)
        while True:
            with pool.transaction() as conn:
                outcome = upkeep.store(conn, step(checkpoint), None)
            steps += 1
            if isinstance(outcome, Done):
                break
            assert isinstance(outcome, Continue)
            assert not outcome.takes_token
            checkpoint = UpkeepCheckpoint.model_validate(outcome.checkpoint.model_dump(mode="json"))
        with pool.transaction() as conn:
            left = conn.execute("SELECT state FROM rekkrd.jobs ORDER BY state").fetchall()
    finally:
        pool.close()
    assert [row["state"] for row in left] == ["completed", "failed"]
    assert outcome.outcome.startswith("3 old jobs, ")
    assert steps == 3, "two pieces of two jobs that ended more than 7 days ago, and the rest"
