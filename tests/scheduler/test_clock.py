"""A tick counts once, whoever makes it."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

from db import jobs
from db.pool import Pool
from scheduler.clock import tick
from scheduler.timetable import TIMETABLE

NOON = datetime(2026, 11, 23, 12, 0, 7, tzinfo=UTC)


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


def test_the_next_minute_is_another_tick_and_a_live_job_stands_for_both(migrated_database_url: str) -> None:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    assert tick(pool, TIMETABLE[0], NOON)
    assert tick(pool, TIMETABLE[0], NOON + timedelta(minutes=1))
    with pool.transaction() as conn:
        assert len(jobs.page(conn)) == 1
    pool.close()


def test_every_entry_says_in_a_sentence_what_it_does() -> None:
    assert all(entry.sentence.endswith(".") for entry in TIMETABLE)
    assert len({entry.name for entry in TIMETABLE}) == len(TIMETABLE)
