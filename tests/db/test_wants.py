"""Wants by their release; a missing one is marked, not removed."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from db import releases, sweeps, wants
from db.instances import Unseen
from db.releases import Release
from db.wants import KnownWant, Want
from tests import new_jobs
from tests.new_jobs import NewJob

WANT = Want(7, 3, "notes\n", datetime(2025, 1, 30, tzinfo=UTC))


@pytest.fixture
def sweep(conn, ada):
    releases.upsert(conn, [Release(n, None, "T", "A", None, [], [], [], (), (), "", "") for n in (7, 8)])
    job, _ = new_jobs.add(conn, NewJob("k", "import", ada, {}, unique_key=None, takes_token=True, speaks_for_user=True))
    return sweeps.start(conn, job_id=job.id, user_id=ada, swept="wantlist", nth_try=1, sort="added", sort_order="desc")


def test_a_want_comes_back_as_it_was_stored(conn, ada, sweep):
    wants.upsert(conn, ada, sweep, [WANT, WANT])
    found = wants.known(conn, ada, [7, 8])
    assert found == {7: KnownWant(WANT, sweep, is_missing=False, agreed=None, looked_at=found[7].looked_at)}


def test_what_a_sweep_did_not_see_is_counted_named_and_marked(conn, ada, sweep):
    wants.upsert(conn, ada, uuid4(), [WANT])
    wants.upsert(conn, ada, sweep, [replace(WANT, release_id=8)])
    assert wants.count_unseen(conn, ada, sweep) == Unseen(known=0, unseen=1)  # first seen after the sweep began
    assert [one.subject for one in wants.unseen(conn, ada, sweep, 10)] == [7]
    assert wants.mark_missing(conn, ada, sweep) == 1
    assert wants.count_present(conn, ada) == 1
    wants.upsert(conn, ada, sweep, [WANT])
    assert wants.count_present(conn, ada) == 2
