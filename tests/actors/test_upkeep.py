"""Upkeep clears what is older than the settings want kept."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from actors.catalog import UPKEEP
from actors.jobs import jobs_of
from db import usage
from db.pool import Pool
from db.usage import Use
from workers.settings import EngineSettings


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
            outcome = upkeep.store(conn, None, None)
            assert len(usage.minutes(conn, now - timedelta(days=99), "lane")) == left
        assert f"{3 - left} minutes of usage cleared" in outcome.outcome
    finally:
        pool.close()
