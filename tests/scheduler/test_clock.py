"""A tick counts once, whoever makes it, and what was missed is made up for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event, Thread

import pytest
from time_machine import TimeMachineFixture

from actors.scheduling import schedule
from actors.scheduling.timetable import TIMETABLE, Entry, EntryName, entry_of
from db import Connection, jobs, ticks
from db.errors import DatabaseAway
from db.pool import Pool
from scheduler import clock
from scheduler.clock import Clock, tick

UPKEEP = entry_of(EntryName.UPKEEP)
NOON = datetime(2026, 11, 23, 12, 0, 7, tzinfo=UTC)


class AwayAtFirst(Pool):
    """The first transaction finds the database away."""

    def __init__(self, url: str, *, size: int, timeout_seconds: float) -> None:
        super().__init__(url, size=size, timeout_seconds=timeout_seconds)
        self.is_tried, self.is_back = False, Event()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        if not self.is_tried:
            self.is_tried = True
            raise DatabaseAway("away")
        with super().transaction() as conn:
            yield conn
        self.is_back.set()


def ran(pool: AwayAtFirst, at: datetime) -> None:
    """Let every entry have run at this time, and the pool be as new."""
    pool.is_tried = True
    with pool.transaction() as conn:
        for entry in TIMETABLE:
            ticks.make(conn, entry.name, at)
    pool.is_back.clear()


def test_two_schedulers_enqueue_a_tick_once(migrated_database_url: str) -> None:
    pool = Pool(migrated_database_url, size=4, timeout_seconds=5)
    together, made = Barrier(2), []

    def one(seconds: int) -> None:
        together.wait()
        made.append(tick(pool, UPKEEP, NOON + timedelta(seconds=seconds)))

    threads = [Thread(target=one, args=(seconds,)) for seconds in (0, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pool.transaction() as conn:
        assert len(jobs.page(conn)) == 1
    assert sorted(made) == [False, True]
    pool.close()


def test_a_late_scheduler_makes_no_second_tick(migrated_database_url: str) -> None:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    assert tick(pool, UPKEEP, NOON)
    assert not tick(pool, UPKEEP, NOON + timedelta(minutes=3))
    pool.close()


def test_a_tick_that_found_the_database_away_is_made_a_little_later(
    migrated_database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(clock, "MAKE_UP_SECONDS", 0.02)
    pool = AwayAtFirst(migrated_database_url, size=2, timeout_seconds=5)
    ran(pool, datetime.now(UTC) - timedelta(hours=1))
    pool.is_tried = False
    ticking = Clock(pool, (UPKEEP,))
    ticking.start()
    assert pool.is_back.wait(10)
    ticking.stop()
    assert "tick_postponed" in capsys.readouterr().out
    with pool.transaction() as conn:
        assert len(jobs.page(conn)) == 1
    pool.close()


def test_a_clock_that_starts_makes_up_for_what_was_missed_while_none_ran(migrated_database_url: str) -> None:
    pool = AwayAtFirst(migrated_database_url, size=2, timeout_seconds=5)
    at = datetime.now(UTC) - timedelta(hours=11)
    ran(pool, at)
    ticking = Clock(pool)
    ticking.start()
    assert pool.is_back.wait(10)
    ticking.stop()
    with pool.transaction() as conn:
        newest = ticks.newest(conn, ticks.now(conn))["upkeep"]
    assert newest.due_at > at
    assert 64 <= newest.missed <= 66
    pool.close()


def test_clock_on_a_fresh_database_runs_tasks_at_once(migrated_database_url: str) -> None:
    pool = AwayAtFirst(migrated_database_url, size=2, timeout_seconds=5)
    pool.is_tried = True
    yearly = replace(UPKEEP, every=timedelta(days=365), lateness=timedelta(days=365))
    ticking = Clock(pool, (yearly,))
    ticking.start()
    assert pool.is_back.wait(10)
    ticking.stop()
    with pool.transaction() as conn:
        assert set(ticks.newest(conn, ticks.now(conn))) == {UPKEEP.name}
    pool.close()


def test_database_clock_decides_which_run_is_due(migrated_database_url: str, time_machine: TimeMachineFixture) -> None:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    with pool.transaction() as conn:
        before = ticks.now(conn)
    time_machine.move_to(before + timedelta(days=365))
    assert tick(pool, UPKEEP)
    with pool.transaction() as conn:
        due_at = conn.execute("SELECT due_at FROM rekkrd.ticks").fetchone()["due_at"]
    assert due_at <= before + UPKEEP.every
    pool.close()


def test_a_paused_entry_is_paused_for_every_scheduler(migrated_database_url: str) -> None:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    with pool.transaction() as conn:
        schedule.pause(conn, UPKEEP, until=datetime.now(UTC) + timedelta(hours=1), reason="a sale", by="anna")
    assert not tick(pool, UPKEEP, NOON)
    pool.close()


def test_what_is_skipped_is_logged(migrated_database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    tick(pool, UPKEEP, NOON - timedelta(hours=2))
    assert "ticks_skipped" not in capsys.readouterr().out
    tick(pool, UPKEEP, NOON)
    said = capsys.readouterr().out
    assert "ticks_skipped" in said
    assert "skipped=10" in said
    pool.close()


def test_the_next_time_is_another_tick_and_a_live_job_stands_for_both(migrated_database_url: str) -> None:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    assert tick(pool, UPKEEP, NOON)
    assert tick(pool, UPKEEP, NOON + timedelta(minutes=10))
    with pool.transaction() as conn:
        assert len(jobs.page(conn)) == 1
    pool.close()


def test_a_watch_that_breaks_is_looked_through_again(
    migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "WATCH_SECONDS", 0.02)
    looks, has_looked_again = [], Event()

    def watch() -> None:
        looks.append(None)
        if len(looks) > 1:
            has_looked_again.set()
        raise ValueError("nobody foresaw this")

    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    running = Clock(pool, watch=watch)
    running.start()
    try:
        assert has_looked_again.wait(20)
    finally:
        running.stop()
        pool.close()


class Broken(Entry):
    """An entry that nobody foresaw."""

    def last_due(self, now: datetime) -> datetime:
        raise ValueError(f"There is no time at {now}.")


def test_an_entry_that_breaks_leaves_the_others_to_be_made_up_for(
    migrated_database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pool = AwayAtFirst(migrated_database_url, size=2, timeout_seconds=5)
    ran(pool, datetime.now(UTC) - timedelta(hours=1))
    broken = entry_of(EntryName.NIGHTLY_SYNC)
    ticking = Clock(pool, (Broken(*(getattr(broken, field.name) for field in fields(Entry))), UPKEEP))
    ticking.start()
    assert pool.is_back.wait(10)
    ticking.stop()
    assert "tick_failed" in capsys.readouterr().out
    pool.close()
