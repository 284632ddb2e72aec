"""The timetable in the terminal: what recurs, an entry run now, paused and resumed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from actors.scheduling.schedule import Planned
from actors.scheduling.timetable import EntryName, entry_of
from cli import main, schedule
from db import entry_pauses, jobs, operations
from db.entry_pauses import EntryPause
from db.pool import Pool
from db.ticks import Sums, Tick

NIGHTLY = entry_of(EntryName.NIGHTLY_SYNC)
DAY = timedelta(days=1)


@pytest.fixture
def pool(migrated_database_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.app_for(["schedule"]), ["schedule", *arguments])


def test_an_entry_is_paused_and_resumed_and_both_are_remembered(pool):
    told = run("pause", "upkeep", "--for", "30m", "--reason", "the shop has a sale")
    assert "upkeep is paused until" in told.stdout
    assert "the shop has a sale" in run().stdout
    assert run("resume", "upkeep").stdout.strip() == "upkeep goes on."
    assert run("resume", "upkeep").stdout.strip() == "upkeep is not paused."
    with pool.transaction() as conn:
        assert [act.action for act in operations.acts(conn)] == ["resumed", "paused"]


def test_an_entry_runs_now_and_a_live_job_stands_for_the_next(pool):
    first = run("run", "nightly_sync").stdout
    with pool.transaction() as conn:
        (job,) = jobs.page(conn)
    assert f"nightly_sync runs as job {str(job.id)[:8]}." in first
    assert f"nightly_sync runs already: job {str(job.id)[:8]}." in run("run", "nightly_sync").stdout
    with pool.transaction() as conn:
        assert len(jobs.page(conn)) == 1


@pytest.mark.parametrize(
    "wrong",
    [("run", "attic"), ("pause", "attic", "--for", "1h", "--reason", "x"), ("resume", "attic")],
)
def test_an_entry_that_is_none_is_told(pool, wrong):
    told = run(*wrong)
    assert told.exit_code != 0
    assert "attic is no entry" in told.output


def test_a_pause_that_nobody_means_changes_nothing(pool):
    assert run("pause", "upkeep", "--for", "30d", "--reason", "x").exit_code != 0
    with pool.transaction() as conn:
        assert entry_pauses.holding(conn) == {}


def test_programs_read_it_as_json(pool):
    run("run", "upkeep")
    upkeep, nightly, *_ = json.loads(run("--json").stdout)["entries"]
    assert (upkeep["name"], upkeep["last"]["enqueued"], upkeep["last"]["job_state"]) == ("upkeep", 1, "pending")
    assert (nightly["last"], nightly["every_seconds"], nightly["lateness_seconds"]) == (None, 600, 43200)


def test_the_schedule_fits_into_80_columns_and_says_what_was_skipped(drawn, now):
    last = Tick(NIGHTLY.name, now - 2 * DAY, now, None, UUID(int=1), 1_234_567, 30, 18, "completed", "x.")
    pause = EntryPause("nightly_sync", now, now + 3 * DAY, "the shop has a sale", "anna")
    held = Planned(NIGHTLY, now + 3 * DAY, last, 48, Sums(24, 1_234_567, 30, 18), pause)
    alone = replace(held, pause=None, lately=Sums())
    lines = drawn(schedule.picture([held, alone], now))
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    for said in (
        "1,234,567",
        "in 3 d",
        "2 d ago",
        "by anna: the shop has a sale.",
        "nightly_sync missed 30 times: 12 made up for at once, 18 skipped as more than 12 h 00 min late.",
        "nightly_sync came due 48 times and no scheduler ran: start `rekkrd scheduler`.",
        NIGHTLY.sentence,
    ):
        assert said in text


def test_an_entry_that_is_well_has_no_trouble():
    now = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
    last = Tick(NIGHTLY.name, now - timedelta(minutes=5), now, None, UUID(int=1), 1, 0, 0, "completed", "x.")
    assert schedule.trouble(Planned(NIGHTLY, now, last, 0, Sums(24, 24), None), now) == []
