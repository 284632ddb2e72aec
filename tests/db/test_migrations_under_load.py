"""Migrations while the service goes on: nobody waits longer than he was told, and what was cut off is mended."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import psycopg
import pytest

from db import line, migrations, steps
from db.errors import DatabaseAway, DatabaseError
from db.pool import Pool
from db.steps import Counts
from tests import new_jobs
from tests.new_jobs import NewJob

INDEX = """-- no transaction
-- An index on a table that everybody writes.

CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_under_load ON rekkrd.jobs (requests);
"""
COLUMN = "-- A column on it.\n\nALTER TABLE rekkrd.jobs ADD COLUMN under_load integer;\n"
IMPATIENT = "5s"  # longer than a migration may wait for a table, and shorter than this test holds one

WAITING = """
    SELECT pid FROM pg_stat_activity
    WHERE query LIKE {} AND query LIKE '%under_load%' AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
"""
CONCURRENT, ALTERING = WAITING.format("'%INDEX CONCURRENTLY%'"), WAITING.format("'%ADD COLUMN%'")


@dataclass
class Service:
    """Doors that enqueue and workers that claim and complete, each in threads that end at the first error."""

    pool: Pool
    done: int = 0
    errors: list[DatabaseError] = field(default_factory=list)
    end: Event = field(default_factory=Event)

    def run(self, turn: Callable[[], None]) -> None:
        while not self.end.is_set():
            try:
                turn()
            except DatabaseError as error:
                self.errors.append(error)
                return

    def enqueue(self) -> None:
        with self.pool.transaction() as conn:
            conn.execute(f"SET LOCAL lock_timeout = '{IMPATIENT}'")
            new_jobs.add(conn, NewJob("k", "import", uuid4(), {}, None, takes_token=True, speaks_for_user=False))

    def work(self) -> None:
        with self.pool.transaction() as conn:
            conn.execute(f"SET LOCAL lock_timeout = '{IMPATIENT}'")
            for call in line.call_up(conn, lane="import", takes_token=True, room=2, call_seconds=10):
                job = steps.claim(conn, call.job_id, worker="w", lease_seconds=10)
                if job is not None:
                    steps.complete(conn, job, Counts(1, None, 0, 0), outcome="Done.")
                    self.done += 1

    def goes_on(self) -> None:
        """Return when ten more jobs are done: whatever happens meanwhile holds nobody up."""
        wanted = self.done + 10
        wait_until(lambda: self.done >= wanted or bool(self.errors))
        assert self.errors == []


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@pytest.fixture
def service(migrated_database_url: str) -> Iterator[Service]:
    pool = Pool(migrated_database_url, size=4, timeout_seconds=20)
    service = Service(pool)
    threads = [Thread(target=service.run, args=[turn]) for turn in (service.enqueue, service.work, service.work)]
    for thread in threads:
        thread.start()
    try:
        yield service
        service.goes_on()
    finally:
        service.end.set()
        for thread in threads:
            thread.join()
        pool.close()


@pytest.fixture
def watcher(migrated_database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(migrated_database_url, autocommit=True) as conn:
        yield conn


def validity(conn: psycopg.Connection) -> list[tuple[bool]]:
    return conn.execute(
        "SELECT i.indisvalid FROM pg_index AS i WHERE i.indexrelid = to_regclass('rekkrd.jobs_under_load')"
    ).fetchall()


def test_an_index_is_made_while_everybody_goes_on_and_an_old_transaction_is_waited_for(
    migrated_database_url: str, service: Service, watcher: psycopg.Connection, tmp_path: Path
) -> None:
    (tmp_path / "0900_index.sql").write_text(INDEX)
    with ThreadPoolExecutor(1) as another, psycopg.connect(migrated_database_url) as old:
        old.execute("LOCK TABLE rekkrd.jobs IN ROW EXCLUSIVE MODE")
        made = another.submit(migrations.migrate, migrated_database_url, folder=tmp_path, lock_seconds=0.1)
        wait_until(lambda: watcher.execute(f"{CONCURRENT} AND now() - query_start > interval '1 second'").rowcount > 0)
        service.goes_on()
        assert validity(watcher) == [(False,)]
        old.rollback()
        assert made.result() == ["0900_index"]
    assert validity(watcher) == [(True,)]


def test_an_index_whose_making_was_cut_off_is_made_anew_by_the_next_run(
    migrated_database_url: str, service: Service, watcher: psycopg.Connection, tmp_path: Path
) -> None:
    (tmp_path / "0900_index.sql").write_text(INDEX)
    with ThreadPoolExecutor(1) as another, psycopg.connect(migrated_database_url) as old:
        old.execute("LOCK TABLE rekkrd.jobs IN ROW EXCLUSIVE MODE")
        cut_off = another.submit(migrations.migrate, migrated_database_url, folder=tmp_path)
        wait_until(lambda: watcher.execute(CONCURRENT).rowcount > 0)
        watcher.execute(CONCURRENT.replace("SELECT pid", "SELECT pg_terminate_backend(pid)"))
        with pytest.raises(DatabaseAway):
            cut_off.result()
        assert validity(watcher) == [(False,)]
        old.rollback()
    service.goes_on()
    assert migrations.migrate(migrated_database_url, folder=tmp_path) == ["0900_index"]
    assert validity(watcher) == [(True,)]


def test_a_busy_table_is_waited_for_again_and_nobody_waits_behind_us_for_long(
    migrated_database_url: str, service: Service, watcher: psycopg.Connection, tmp_path: Path
) -> None:
    (tmp_path / "0900_column.sql").write_text(COLUMN)
    with ThreadPoolExecutor(1) as another, psycopg.connect(migrated_database_url) as reader:
        reader.execute("SELECT FROM rekkrd.jobs LIMIT 1")
        changed = another.submit(migrations.migrate, migrated_database_url, folder=tmp_path, lock_seconds=0.5)
        for _ in range(2):
            wait_until(lambda: watcher.execute(ALTERING).rowcount > 0)
            wait_until(lambda: watcher.execute(ALTERING).rowcount == 0)
            service.goes_on()
        assert not changed.done()
        reader.rollback()
        assert changed.result() == ["0900_column"]
