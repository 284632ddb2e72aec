"""What workers count: how steps and jobs end, take-overs and call-ups, once each and without a user."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from db import fleet
from db.jobs import State
from db.line import Expired
from db.pool import Pool
from workers.figures import JOB_BOUNDS, STEP_BOUNDS, Figures, result_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SELDOM = 3600.0  # the tests flush themselves


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def figures(pool: Pool) -> Figures:
    return Figures(pool, flush_seconds=SELDOM)


def told(pool: Pool, figures: Figures) -> dict[tuple[str, ...], float]:
    """Flush, and return what the ledger has: name and values of the labels, in their order, to the figure."""
    assert figures.flush()
    with pool.transaction() as conn:
        return {(one.name, *(one.labels[key] for key in sorted(one.labels))): one.value for one in fleet.tallies(conn)}


@pytest.mark.parametrize(
    ("ended", "result"),
    [
        ({"state": State.RUNNING, "steps": 1}, "stored"),
        ({"state": State.RUNNING, "attempts": 2}, "given_back"),
        ({"state": State.RETRYING, "attempts": 3}, "retried"),
        ({"state": State.RETRYING, "attempts": 2}, "given_back"),
        ({"state": State.COMPLETED, "steps": 1}, "completed"),
        ({"state": State.FAILED}, "failed"),
        ({"state": State.CANCELLED, "steps": 1}, "cancelled"),
    ],
)
def test_a_step_is_counted_by_how_it_ended(job_row, ended, result):
    was = job_row(NOON, state=State.RUNNING, attempts=2)
    assert result_of(was, job_row(NOON, **ended)) == result


def test_a_step_and_the_job_that_ends_with_it_are_counted_with_their_times(job_row, pool, figures):
    was = job_row(NOON, state=State.RUNNING, started_at=NOON)
    over = job_row(NOON, state=State.COMPLETED, steps=1, started_at=NOON, finished_at=NOON + timedelta(seconds=40))
    figures.step_ended(was, over, 0.3)
    figures.step_ended(was, job_row(NOON, state=State.RUNNING, steps=1), 0.25)
    assert told(pool, figures) == {
        ("steps", "import_collection", "completed"): 1,
        ("steps", "import_collection", "stored"): 1,
        ("step_seconds_bucket", "import_collection", "0.5"): 1,
        ("step_seconds_bucket", "import_collection", "0.25"): 1,
        ("step_seconds_sum", "import_collection"): 0.55,
        ("job_seconds_bucket", "import_collection", "import", "60", "completed"): 1,
        ("job_seconds_sum", "import_collection", "import", "completed"): 40,
    }


def test_a_retry_is_counted_by_its_error(job_row, pool, figures):
    was = job_row(NOON, state=State.RUNNING)
    figures.step_ended(was, job_row(NOON, state=State.RETRYING, attempts=1, error_class="Unavailable"), 61.0)
    seen = told(pool, figures)
    assert seen["retries", "Unavailable", "import_collection"] == 1
    assert seen["step_seconds_bucket", "import_collection", "+Inf"] == 1


def test_take_overs_and_what_they_end_are_counted(job_row, pool, figures):
    left, poison = job_row(NOON), job_row(NOON, state=State.FAILED, crashes=3, started_at=NOON, finished_at=NOON)
    figures.taken_over(Expired(left, "w", NOON, crashed=False), left)
    figures.taken_over(Expired(poison, "w", NOON, crashed=True), poison)
    figures.called_up("import", 3)
    figures.called_up("import", 0)
    assert told(pool, figures) == {
        ("take_overs", "false", "import_collection"): 1,
        ("take_overs", "true", "import_collection"): 1,
        ("job_seconds_bucket", "import_collection", "import", "1", "failed"): 1,
        ("job_seconds_sum", "import_collection", "import", "failed"): 0,
        ("call_ups", "import"): 3,
    }


def test_the_end_of_the_process_stores_what_was_counted_and_processes_add_up(pool, figures):
    for counted in (figures, Figures(pool, flush_seconds=SELDOM)):
        counted.called_up("import", 2)
        counted.close()
    assert told(pool, figures) == {("call_ups", "import"): 4}


def test_bounds_are_in_order():
    assert all(list(bounds) == sorted(set(bounds)) for bounds in (STEP_BOUNDS, JOB_BOUNDS))
