"""A walk over all pages, and what spoils it."""

import psycopg
import pytest

from db import sweeps
from tests import new_jobs
from tests.new_jobs import NewJob


@pytest.fixture
def begin(conn, ada):
    def _begin(nth_try=1, job=None):
        job = job or new_job(conn, ada)
        return sweeps.start(
            conn, job_id=job, user_id=ada, swept="collection", nth_try=nth_try, sort="added", sort_order="desc"
        )

    return _begin


def new_job(conn, user_id):
    job, _ = new_jobs.add(
        conn, NewJob("k", "import", user_id, {}, unique_key=None, takes_token=True, speaks_for_user=True)
    )
    return job.id


def test_the_first_page_says_how_many_there_are(conn, begin):
    sweep_id = begin()
    assert sweeps.find(conn, sweep_id).items is None
    sweeps.count_page(conn, sweep_id, items=150, newly_seen=100)
    sweep = sweeps.count_page(conn, sweep_id, items=150, newly_seen=50)
    assert (sweep.items, sweep.seen, sweep.is_whole, sweep.nth_try) == (150, 150, True, 1)


def test_a_page_that_counts_otherwise_spoils_the_sweep_for_good(conn, begin):
    sweep_id = begin()
    for items in (150, 151, 150):
        sweep = sweeps.count_page(conn, sweep_id, items=items, newly_seen=1)
    assert (sweep.items, sweep.is_whole) == (150, False)


def test_a_page_that_is_not_whole_spoils_the_sweep(conn, begin):
    assert not sweeps.count_page(conn, begin(), items=1, newly_seen=1, is_whole=False).is_whole
    assert not sweeps.spoil(conn, begin()).is_whole


def test_a_sweep_ends_once(conn, begin):
    sweep_id = begin()
    assert sweeps.finish(conn, sweep_id, "changed")
    assert not sweeps.finish(conn, sweep_id, "complete")
    assert sweeps.find(conn, sweep_id).outcome == "changed"


def test_a_new_job_abandons_the_walks_of_earlier_ones(conn, begin):
    first, second = begin(), begin()
    assert (sweeps.find(conn, first).outcome, sweeps.find(conn, second).outcome) == ("abandoned", None)


def test_a_try_of_a_job_is_one_sweep(conn, ada, begin):
    job = new_job(conn, ada)
    begin(1, job)
    begin(2, job)
    with pytest.raises(psycopg.errors.UniqueViolation):
        begin(2, job)
