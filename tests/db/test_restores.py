"""A database that came back from a backup: no step of before writes, nothing is called missing, and once is enough."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST
from actors.operating import restoring
from db import Connection, jobs, line, operations, restores, steps, sweeps
from db.jobs import Job, State
from tests.new_jobs import enqueue


@pytest.fixture
def importing(conn: Connection, ada: UUID) -> Job:
    """An import in the middle of its walk, whose step was under way when the backup was made."""
    job = enqueue(conn, IMPORT_COLLECTION, ada).job
    sweep = sweeps.start(
        conn, job_id=job.id, user_id=ada, swept="collection", nth_try=1, sort="added", sort_order="desc"
    )
    conn.execute(
        "UPDATE rekkrd.jobs SET checkpoint = jsonb_build_object('stage', 'pages', 'sweep', %s::text, 'current_page', 6)"
        ", processed_records = 600, total_records = 1000, crashes = 1 WHERE id = %s",
        [str(sweep), job.id],
    )
    return claimed(conn, job)


def claimed(conn: Connection, job: Job, worker: str = "before:1:a") -> Job:
    conn.execute("UPDATE rekkrd.jobs SET called_until = now() + interval '10 s' WHERE id = %s", [job.id])
    row = steps.claim(conn, job.id, worker=worker, lease_seconds=10)
    assert row is not None
    return row


def found(conn: Connection, job: Job) -> Job:
    row = jobs.find(conn, job.id)
    assert row is not None
    return row


def test_a_step_of_before_writes_nothing_though_its_own_worker_claims_the_job_again(
    conn: Connection, importing: Job
) -> None:
    # The worker went on after the backup: it claimed the job some more times than this database knows of.
    from_another_life = replace(importing, fence=importing.fence + 1)
    restoring.note(conn, by="anna")
    again = claimed(conn, importing)
    assert again.leased_by == from_another_life.leased_by
    assert steps.lock(conn, from_another_life) is None
    assert steps.lock(conn, importing) is None
    assert steps.lock(conn, again) is not None


def test_a_job_that_only_waited_gets_a_fence_of_its_own_life_too(conn: Connection, ada: UUID) -> None:
    waiting = enqueue(conn, IMPORT_COLLECTION, ada).job
    noted = restoring.note(conn, by="anna")
    assert found(conn, waiting).fence == 0
    assert claimed(conn, waiting).fence > noted.fence > 10**12


def test_the_step_under_way_is_freed_and_no_crash_is_counted(conn: Connection, importing: Job) -> None:
    conn.execute("UPDATE rekkrd.jobs SET is_executing = true, leased_until = now() - interval '1 h'")
    conn.execute('UPDATE rekkrd.jobs SET checkpoint = \'{"stage": "linking_by_name"}\'')
    noted = restoring.note(conn, by="anna")
    assert (noted.leases, noted.walks, noted.jobs) == (1, 0, 1)
    freed = found(conn, importing)
    assert (freed.leased_by, freed.leased_until, freed.is_executing, freed.crashes) == (None, None, False, 1)
    assert freed.state is State.RUNNING
    assert line.take_back_expired(conn) == []


def test_a_walk_begins_anew_so_that_nothing_is_called_missing_for_an_old_page(
    conn: Connection, importing: Job, ada: UUID
) -> None:
    restoring.note(conn, by="anna")
    job = found(conn, importing)
    assert (job.checkpoint, job.processed_records, job.total_records) == ({}, 0, None)
    assert conn.execute("SELECT * FROM rekkrd.sweeps").fetchall() == []
    sweeps.start(conn, job_id=job.id, user_id=ada, swept="collection", nth_try=1, sort="added", sort_order="desc")


@pytest.mark.parametrize("checkpoint", ['{"stage": "linking_by_name", "after": 5}', "{}"])
def test_an_import_whose_walk_is_over_or_has_not_begun_stays_as_it_is(
    conn: Connection, importing: Job, checkpoint: str
) -> None:
    conn.execute("UPDATE rekkrd.jobs SET checkpoint = %s", [checkpoint])
    assert restoring.note(conn, by="anna").walks == 0
    assert found(conn, importing).processed_records == 600
    assert conn.execute("SELECT * FROM rekkrd.sweeps").rowcount == 1


def test_a_wantlist_is_walked_again_from_its_beginning_too(conn: Connection, ada: UUID) -> None:
    job = enqueue(conn, IMPORT_WANTLIST, ada).job
    conn.execute("UPDATE rekkrd.jobs SET checkpoint = '{\"current_page\": 2}'")  # its stage is the usual one
    assert restoring.note(conn, by="anna").walks == 1
    assert found(conn, job).checkpoint == {}


def test_who_was_asked_to_end_ends(conn: Connection, importing: Job) -> None:
    jobs.cancel(conn, importing.id)
    restoring.note(conn, by="anna")
    assert found(conn, importing).state is State.CANCELLED


def test_looking_changes_nothing(conn: Connection, importing: Job) -> None:
    before = found(conn, importing)
    uncertain = restoring.look(conn)
    assert (uncertain.jobs, uncertain.leases, uncertain.walks) == (1, 1, [importing.id])
    assert not uncertain.is_noted
    assert found(conn, importing) == before
    assert restores.last(conn) is None


def test_a_restore_is_noted_with_who_and_until_when_the_ledger_knew(conn: Connection, importing: Job) -> None:
    conn.execute("UPDATE rekkrd.jobs SET created_at = now() - interval '3 h'")
    noted = restoring.note(conn, by="anna")
    assert noted.noted_by == "anna"
    assert noted.known_until is not None
    assert datetime.now(UTC) - noted.known_until > timedelta(hours=2)
    assert restores.last(conn) == noted
    (act,) = operations.acts(conn)
    assert (act.action, act.made_by, act.jobs) == ("restored", "anna", 2)


def test_these_files_are_known_again_and_others_are_not(conn: Connection, migrated_database_url: str) -> None:
    restoring.note(conn, by="anna")
    assert restoring.look(conn).is_noted
    conn.execute("UPDATE rekkrd.restores SET body = '1.2.3.4'")  # as a dump of this, read in elsewhere, would have it
    assert not restoring.look(conn).is_noted


def test_a_second_restore_has_a_fence_beyond_the_first(conn: Connection, importing: Job) -> None:
    first = restoring.note(conn, by="anna")
    conn.execute("UPDATE rekkrd.restores SET fence = fence + 10^12")
    assert restoring.note(conn, by="anna").fence > first.fence + 10**12


def test_an_ordinary_role_may_note_a_restore(conn: Connection, migrated_database_url: str) -> None:
    with psycopg.connect(migrated_database_url, autocommit=True) as owner:
        owner.execute("CREATE ROLE rekkrd_test_app LOGIN PASSWORD 'x'")
        try:
            owner.execute("GRANT USAGE ON SCHEMA rekkrd TO rekkrd_test_app")
            owner.execute("GRANT ALL ON ALL TABLES IN SCHEMA rekkrd, public TO rekkrd_test_app")
            owner.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA rekkrd TO rekkrd_test_app")
            conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier("rekkrd_test_app")))
            restoring.note(conn, by="anna")
        finally:
            conn.execute("RESET ROLE")
            owner.execute("DROP OWNED BY rekkrd_test_app")
            owner.execute("DROP ROLE rekkrd_test_app")
