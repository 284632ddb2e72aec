"""A deploy without a pause: workers of two releases at one ledger, and each does what it can read."""

import sys
from pathlib import Path
from uuid import uuid4

import pytest

from db.jobs import Job
from tests.journeys.fleet import Fleet
from tests.journeys.released_worker import NEW, OLD, ONLY_NEW, TABLE, NewArguments, OldArguments
from tests.new_jobs import enqueue
from workers.kinds import Kind, Plain

pytestmark = pytest.mark.journey

RELEASED_WORKER = (sys.executable, str(Path(__file__).with_name("released_worker.py")))
PAGES = 40


def ask(fleet: Fleet, kind: Kind[Plain, Plain], arguments: Plain, times: int) -> list[Job]:
    with fleet.pool.transaction() as conn:
        return [enqueue(conn, kind, uuid4(), arguments).job for _ in range(times)]


def test_while_one_release_takes_the_place_of_another_nothing_is_lost_doubled_or_held_against_a_job(new_fleet):
    fleet = new_fleet()
    with fleet.pool.transaction() as conn:
        conn.execute(TABLE.encode())
    old, new = (fleet.launch(RELEASED_WORKER, TESTS_RELEASE=release) for release in ("old", "new"))
    for worker in (old, new):
        worker.wait_until_started()
    fleet.wait_until(lambda: len(fleet.rows("SELECT FROM rekkrd.workers")) == 2, "one gave no sign of life")
    asked = [
        *ask(fleet, OLD, OldArguments(pages=PAGES), 12),
        *ask(fleet, NEW, NewArguments(pages=PAGES, order="newest first"), 4),
        *ask(fleet, ONLY_NEW, NewArguments(pages=PAGES), 4),
    ]
    fleet.wait_until(lambda: bool(given_back(old)), "the older release met nothing that it cannot read")
    fleet.wait_until(lambda: bool(old.events("step_ended")), "the older release did nothing")
    assert old.terminate() == 0
    fleet.wait_until_over()
    found = fleet.rows(
        "SELECT id, kind, state, attempts, crashes, steps, error FROM rekkrd.jobs"
        " WHERE due_at < now() + interval '1 day'"
    )
    assert {(row["state"], row["attempts"], row["crashes"], row["error"]) for row in found} == {
        ("completed", 0, 0, None)
    }
    assert {row["id"] for row in found} >= {job.id for job in asked}
    effects = fleet.rows("SELECT job_id, count(*) AS pages, max(page) AS last FROM public.effects GROUP BY job_id")
    assert {row["job_id"]: (row["pages"], row["last"]) for row in effects} == {job.id: (PAGES, PAGES) for job in asked}
    assert fleet.rows("SELECT FROM rekkrd.attempts WHERE ended_as <> 'completed'") == []
    assert {line["kind"] for line in old.events("step_ended")} == {OLD.name}
    assert {line["kind"] for line in new.events("step_ended")} == {NEW.name, ONLY_NEW.name}


def given_back(worker) -> list[object]:
    return [line for line in worker.events("step_given_back") if line["error_class"] == "Misfit"]
