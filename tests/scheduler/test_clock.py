"""A tick counts once, whoever makes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event, Thread

import pytest
from apscheduler.triggers.cron import CronTrigger

from actors.catalog import UPKEEP
from db import Connection, jobs
from db.errors import DatabaseAway
from db.pool import Pool
from scheduler import clock
from scheduler.clock import Clock, last_due, tick
from scheduler.timetable import TIMETABLE, Entry

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
        self.is_back.set()
        with super().transaction() as conn:
            yield conn


def test_two_schedulers_enqueue_a_tick_once(migrated_database_url: str) -> None:
    pool = Pool(migrated_database_url, size=4, timeout_seconds=5)
    together, made = Barrier(2), []

    def one(seconds: int) -> None:
        together.wait()
        made.append(tick(pool, TIMETABLE[0], NOON + timedelta(seconds=seconds)))

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
    assert tick(pool, TIMETABLE[0], NOON)
    assert not tick(pool, TIMETABLE[0], NOON + timedelta(minutes=3))
    pool.close()


def test_what_came_due_too_long_ago_is_let_be() -> None:
    yearly = CronTrigger(month=1, day=1, timezone="UTC")
    assert last_due(yearly, NOON) is None
    assert last_due(yearly, datetime(2027, 1, 1, 0, 9, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_tick_that_found_the_database_away_is_made_a_little_later(
    migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "AGAIN", timedelta(0))
    pool = AwayAtFirst(migrated_database_url, size=2, timeout_seconds=5)
    now = datetime.now(UTC)
    daily = Entry(
        "daily", "Came due this minute.", CronTrigger(hour=now.hour, minute=now.minute, timezone="UTC"), UPKEEP
    )
    ticking = Clock(pool, (daily,))
    ticking.start()
    ticking._tick(daily)
    assert pool.is_back.wait(10)
    ticking.stop()
    with pool.transaction() as conn:
        assert len(jobs.page(conn)) == 1
    pool.close()


def test_the_next_time_is_another_tick_and_a_live_job_stands_for_both(migrated_database_url: str) -> None:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    assert tick(pool, TIMETABLE[0], NOON)
    assert tick(pool, TIMETABLE[0], NOON + timedelta(minutes=10))
    with pool.transaction() as conn:
        assert len(jobs.page(conn)) == 1
    pool.close()


def test_every_entry_says_in_a_sentence_what_it_does() -> None:
    assert all(entry.sentence.endswith(".") for entry in TIMETABLE)
    assert len({entry.name for entry in TIMETABLE}) == len(TIMETABLE)


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
