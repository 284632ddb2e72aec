"""The leases of one process, while a step of theirs hangs past its deadline."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from unittest.mock import MagicMock
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from db import steps
from db.jobs import Job
from db.pool import Pool
from db.steps import Renewal
from workers.leases import LeaseKeeper

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def keeper() -> LeaseKeeper:
    """A keeper that does not renew, so it needs no database."""
    pool = Pool("postgresql://nowhere.invalid", size=1, timeout_seconds=1)
    pool.close()
    return LeaseKeeper(pool, worker="here", lease_seconds=10, step_deadline_seconds=0)


def test_a_late_thread_leaves_the_lease_of_the_step_after_it(keeper: LeaseKeeper, job_row: Callable[..., Job]) -> None:
    late = ExitStack()
    late.enter_context(keeper.hold(job_row(NOW, fence=1)))
    with keeper.hold(job_row(NOW, fence=2)) as lease:
        late.close()
        keeper.release_waiters()
        assert lease.stop.is_set()


def test_each_step_that_hangs_is_counted_also_when_its_job_went_on(
    keeper: LeaseKeeper, job_row: Callable[..., Job]
) -> None:
    with keeper.hold(job_row(NOW, fence=1)), keeper.hold(job_row(NOW, fence=2)):
        assert keeper.stuck == 2
    assert keeper.stuck == 0


def test_a_step_that_was_just_stored_is_not_reported_lost(
    keeper: LeaseKeeper, job_row: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row has no lease any more, and its thread has not yet returned from the commit."""
    monkeypatch.setattr(keeper, "_step_deadline_seconds", 60)
    stored, lost = job_row(NOW, fence=4), job_row(NOW, id=UUID(int=8), fence=4)
    rows = [Renewal(stored.id, 4, False, False), Renewal(lost.id, 5, True, False)]
    monkeypatch.setattr(steps, "renew", lambda *_, **__: rows)
    with keeper.hold(stored) as first, keeper.hold(lost) as second, capture_logs() as logs:
        keeper.renew_in(MagicMock())
    assert (first.is_lost, second.is_lost) == (False, True)
    assert [(line["event"], line["job_id"]) for line in logs] == [("lease_lost", str(lost.id))]
