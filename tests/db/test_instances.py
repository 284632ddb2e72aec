"""Copies by their instance; a missing one is marked, not removed."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from db import instances, releases, sweeps
from db.instances import Copy, Unseen
from db.releases import Release
from tests import new_jobs
from tests.new_jobs import NewJob

BIG = 3_000_000_001  # beyond 2³¹
WHEN = datetime(2021, 12, 21, 23, 43, 46, tzinfo=UTC)
COPY = Copy(BIG, 7, 1, 0, WHEN, "NM", None, "n\n", [{"field_id": 4, "value": "x"}])


@pytest.fixture
def sweep(conn, ada):
    releases.upsert(conn, [Release(7, None, "T", "A", None, [], [], [], (), (), "", "")])
    return begin(conn, ada, 1)


def begin(conn, user_id, nth_try):
    job, _ = new_jobs.add(
        conn,
        NewJob("k", "import", user_id, {}, unique_key="only", takes_token=True, speaks_for_user=True),
    )
    return sweeps.start(
        conn, job_id=job.id, user_id=user_id, swept="collection", nth_try=nth_try, sort="added", sort_order="desc"
    )


def test_a_copy_comes_back_as_it_was_stored(conn, ada, sweep):
    instances.upsert(conn, ada, sweep, [COPY])
    assert instances.known(conn, ada, [BIG, 1]) == {BIG: instances.KnownCopy(COPY, sweep, is_missing=False)}


def test_two_copies_of_one_release_are_two_rows_and_one_twice_on_a_page_is_one(conn, ada, sweep):
    instances.upsert(conn, ada, sweep, [COPY, COPY, replace(COPY, instance_id=2)])
    assert instances.count_present(conn, ada) == 2


def test_copies_of_another_collector_are_not_ours(conn, ada, sweep):
    instances.upsert(conn, ada, sweep, [COPY])
    assert instances.known(conn, uuid4(), [BIG]) == {}


def test_what_a_sweep_did_not_see_is_counted_named_and_marked(conn, ada, sweep):
    instances.upsert(conn, ada, sweep, [replace(COPY, instance_id=number) for number in range(5)])
    later = begin(conn, ada, 2)
    instances.upsert(conn, ada, later, [replace(COPY, instance_id=number) for number in (0, 1, 2, 9)])
    assert instances.count_unseen(conn, ada, later) == Unseen(known=5, unseen=2)
    assert [one.subject for one in instances.unseen(conn, ada, later, 10)] == [4, 3]
    assert instances.mark_missing(conn, ada, later) == 2
    assert instances.count_present(conn, ada) == 4
    lines = conn.execute("SELECT * FROM discogs_sync_log").fetchall()
    assert {line["details"]["instance_id"] for line in lines} == {3, 4}
    assert {line["details"]["change"] for line in lines} == {"missing"}


def test_a_missing_copy_that_is_seen_again_is_back(conn, ada, sweep):
    instances.upsert(conn, ada, sweep, [COPY])
    instances.mark_missing(conn, ada, uuid4())
    assert instances.known(conn, ada, [BIG])[BIG].is_missing
    instances.upsert(conn, ada, sweep, [COPY])
    assert not instances.known(conn, ada, [BIG])[BIG].is_missing


def test_a_collector_without_copies_misses_none(conn, ada, sweep):
    assert instances.count_unseen(conn, ada, sweep) == Unseen(0, 0)
