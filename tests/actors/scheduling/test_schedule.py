"""Ticks made, missed, made by hand, and paused: the ledger says it, and every scheduler obeys."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from actors.errors import PauseRefused
from actors.scheduling import schedule
from actors.scheduling.timetable import TIMETABLE, EntryName, entry_of
from db import Connection, operations, ticks
from db.pool import Pool

UPKEEP, NIGHTLY = entry_of(EntryName.UPKEEP), entry_of(EntryName.NIGHTLY_SYNC)
HOURLY = replace(UPKEEP, every=timedelta(hours=1), lateness=timedelta(hours=12))
DAILY = replace(UPKEEP, every=timedelta(days=1), lateness=timedelta(hours=12))
NOON = datetime(2026, 11, 23, 12, 0, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[Connection]:
    pool = Pool(migrated_database_url, size=1, timeout_seconds=5)
    with pool.transaction() as opened:
        yield opened
    pool.close()


def test_what_was_missed_within_the_lateness_is_made_up_for_once(conn):
    assert schedule.tick(conn, HOURLY, NOON - 8 * HOUR) is not None
    made = schedule.tick(conn, HOURLY, NOON)
    assert made == schedule.Made(NOON.replace(second=0), missed=7, skipped=0)
    assert schedule.tick(conn, HOURLY, NOON + HOUR / 2) is None


def test_what_lies_further_back_is_skipped_and_said(conn):
    schedule.tick(conn, HOURLY, NOON - 20 * HOUR)
    made = schedule.tick(conn, HOURLY, NOON)
    assert made is not None
    assert (made.missed, made.skipped) == (19, 7)
    (seen,) = schedule.planned(conn, NOON, [HOURLY])
    assert (seen.last.missed, seen.last.skipped, seen.lately.skipped) == (19, 7, 7)


@pytest.mark.parametrize(("late", "is_made"), [(12 * HOUR, True), (12 * HOUR + timedelta(seconds=1), False)])
def test_a_daily_entry_is_made_up_for_twelve_hours_later_and_no_longer(conn, late, is_made):
    midnight = NOON.replace(hour=0, second=0)
    schedule.tick(conn, DAILY, midnight - timedelta(days=3))
    made = schedule.tick(conn, DAILY, midnight + late)
    assert made == (schedule.Made(midnight, missed=2, skipped=2) if is_made else None)


def test_runs_in_the_future_do_not_stop_a_task(conn):
    schedule.tick(conn, HOURLY, NOON - 2 * HOUR)
    ticks.make(conn, HOURLY.name, NOON + timedelta(days=365))
    made = schedule.tick(conn, HOURLY, NOON)
    assert made == schedule.Made(NOON.replace(second=0), missed=1, skipped=0)
    (seen,) = schedule.planned(conn, NOON + HOUR / 2, [HOURLY])
    assert (seen.last.due_at, seen.next_at) == (made.due_at, made.due_at + HOUR)
    assert schedule.run(conn, HOURLY, by="anna", now=NOON + HOUR / 2) is False  # the live job stands for it
    (seen,) = schedule.planned(conn, NOON + HOUR, [HOURLY])
    assert seen.last.made_by == "anna"


@pytest.mark.parametrize("entry", TIMETABLE, ids=lambda entry: entry.name.value)
def test_task_that_never_ran_is_due_at_once(conn, entry):
    (never,) = schedule.planned(conn, NOON, [entry])
    assert never.next_at == NOON
    made = schedule.tick(conn, entry, NOON)
    assert made is not None
    assert (made.missed, made.skipped) == (0, 0)
    assert schedule.tick(conn, entry, NOON) is None


def test_a_paused_entry_makes_no_tick_and_is_made_up_for_when_it_goes_on(conn):
    schedule.tick(conn, HOURLY, NOON - 2 * HOUR)
    schedule.pause(conn, HOURLY, until=datetime.now(UTC) + HOUR, reason=" a sale ", by="anna")
    assert schedule.tick(conn, HOURLY, NOON) is None
    assert schedule.tick(conn, NIGHTLY, NOON) is not None
    (seen,) = schedule.planned(conn, NOON, [HOURLY])
    assert (seen.pause.reason, seen.pause.made_by, seen.overdue) == ("a sale", "anna", 2)
    assert seen.next_at == seen.pause.paused_until
    assert schedule.resume(conn, HOURLY, by="ben")
    assert not schedule.resume(conn, HOURLY, by="ben")
    assert schedule.tick(conn, HOURLY, NOON) == schedule.Made(NOON.replace(second=0), missed=1, skipped=0)
    assert [(act.action, act.made_by) for act in operations.acts(conn)] == [("resumed", "ben"), ("paused", "anna")]


def test_a_pause_that_nobody_means_is_refused(conn):
    for until, reason in ((datetime.now(UTC) - HOUR, "why"), (datetime.now(UTC) + HOUR, " ")):
        with pytest.raises(PauseRefused):
            schedule.pause(conn, UPKEEP, until=until, reason=reason, by="anna")
    assert operations.acts(conn) == []


def test_a_run_by_hand_happens_once_a_moment_paused_or_not_and_is_remembered(conn):
    schedule.pause(conn, UPKEEP, until=datetime.now(UTC) + HOUR, reason="a sale", by="anna")
    assert schedule.run(conn, UPKEEP, by="anna", now=NOON)
    assert not schedule.run(conn, UPKEEP, by="anna", now=NOON + timedelta(milliseconds=900))
    (seen,) = schedule.planned(conn, NOON, [UPKEEP])
    assert (seen.last.made_by, seen.last.enqueued, seen.last.job_state, seen.lately.ticks) == ("anna", 1, "pending", 1)
    assert not schedule.run(conn, UPKEEP, by="anna", now=NOON + HOUR), "the live job stands for it"
    assert [act.action for act in operations.acts(conn)] == ["ran", "ran", "paused"]


def test_a_clock_makes_no_tick_for_what_was_run_by_hand_since_it_came_due(conn):
    schedule.run(conn, HOURLY, by="anna", now=NOON + HOUR / 2)
    assert schedule.tick(conn, HOURLY, NOON + HOUR / 2) is None
    assert schedule.tick(conn, HOURLY, NOON + HOUR) is not None


def test_an_entry_says_when_it_runs_next_and_what_is_overdue(conn):
    (never,) = schedule.planned(conn, NOON, [HOURLY])
    assert (never.last, never.overdue, never.next_at) == (None, 0, NOON)
    schedule.tick(conn, HOURLY, NOON)
    (seen,) = schedule.planned(conn, NOON + HOUR / 2, [HOURLY])
    assert (seen.overdue, seen.next_at) == (0, NOON.replace(second=0) + HOUR)
    (late,) = schedule.planned(conn, NOON + 3 * HOUR, [HOURLY])
    assert (late.overdue, late.next_at) == (3, NOON + 3 * HOUR)
