"""The ledger's rows: enqueued once, cancelled in time, and the plan's import row always in step."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Connection, jobs, line, steps
from db.jobs import Job, State
from db.pool import Pool
from db.steps import Counts
from tests import new_jobs
from tests.new_jobs import NewJob


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=4, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def user(migrated_database_url: str) -> UUID:
    with psycopg.connect(migrated_database_url) as conn:
        row = conn.execute("INSERT INTO public.profiles (handle) VALUES ('ada') RETURNING id").fetchone()
        assert row is not None
        return UUID(str(row[0]))


def new_import(user: UUID, unique: str | None = "import") -> NewJob:
    return NewJob(
        kind="import_collection",
        lane="import",
        user_id=user,
        args={},
        unique_key=unique,
        takes_token=True,
        speaks_for_user=True,
        has_import_row=True,
    )


def test_a_second_request_returns_the_first_while_it_lives(pool: Pool, user: UUID) -> None:
    with pool.transaction() as conn:
        first, was_new = new_jobs.add(conn, new_import(user))
        again, is_new = new_jobs.add(conn, new_import(user))
    assert (was_new.is_new, is_new.is_new, again.id) == (True, False, first.id)
    with pool.transaction() as conn:
        jobs.cancel(conn, first.id)
        third, is_new = new_jobs.add(conn, new_import(user))
    assert is_new.is_new
    assert third.id != first.id


def soon(user: UUID, hours: float | None, **said: object) -> NewJob:
    run_at = None if hours is None else datetime.now(UTC) + timedelta(hours=hours)
    return replace(new_import(user), run_at=run_at, **said)


def test_a_job_that_waits_for_later_is_brought_forward_by_who_asks_now(pool: Pool, user: UUID) -> None:
    with pool.transaction() as conn:
        first, _ = new_jobs.add(conn, soon(user, 3, priority=-1))
        for later in (soon(user, 4, args={"is_confirmed": False}, priority=-5), soon(user, 3.5)):
            new_jobs.add(conn, later)
        still = jobs.find(conn, first.id)
        assert still is not None
        assert (still.due_at, still.priority, still.args) == (first.due_at, -1, {})
        again, added = new_jobs.add(conn, soon(user, None, args={"is_confirmed": True}))
    assert (again.id, added.is_new, added.replaced) == (first.id, False, None)
    assert again.due_at < datetime.now(UTC)
    assert (again.priority, again.args) == (0, {"is_confirmed": True})
    with pool.transaction() as conn:
        calls = line.call_up(conn, lane="import", takes_token=True, room=1, call_seconds=60)
    assert [call.job_id for call in calls] == [first.id]


def test_of_many_who_ask_the_earliest_counts(pool: Pool, user: UUID) -> None:
    with pool.transaction() as conn:
        first, _ = new_jobs.add(conn, soon(user, 5))
        new_jobs.add_many(conn, [soon(user, 3), soon(user, 1), soon(user, 2)])
        found = jobs.find(conn, first.id)
    assert found is not None
    assert timedelta(minutes=59) < found.due_at - datetime.now(UTC) <= timedelta(hours=1)


@pytest.mark.parametrize(
    "change",
    [
        "steps = 1",
        "attempts = 1, state = 'retrying', started_at = now(), error_class = 'Unavailable', error = 'Discogs is away.'",
        "waits_for = 'Discogs rests.'",
        "state = 'running', started_at = now(), leased_until = now(), leased_by = 'x'",
    ],
)
def test_a_job_that_has_begun_or_must_wait_is_not_brought_forward(pool: Pool, user: UUID, change: str) -> None:
    with pool.transaction() as conn:
        first, _ = new_jobs.add(conn, soon(user, 3))
        conn.execute(f"UPDATE rekkrd.jobs SET {change}")
        again, _ = new_jobs.add(conn, soon(user, None))
    assert (again.id, again.due_at) == (first.id, first.due_at)


def test_what_is_rolled_back_was_never_enqueued(pool: Pool, user: UUID) -> None:
    with pytest.raises(RuntimeError), pool.transaction() as conn:
        new_jobs.add(conn, new_import(user))
        raise RuntimeError
    with pool.transaction() as conn:
        assert jobs.page(conn) == []


def test_two_jobs_of_one_transaction_keep_their_order(pool: Pool, user: UUID) -> None:
    with pool.transaction() as conn:
        made = [new_jobs.add(conn, NewJob(**no_row(user)))[0].id for _ in range(5)]
    with pool.transaction() as conn:
        assert [job.id for job in reversed(jobs.page(conn))] == made
        calls = line.call_up(conn, lane="import", takes_token=True, room=1, call_seconds=60)
    assert [call.job_id for call in calls] == made[:1]


def test_cancelling_waits_for_the_step_that_is_under_way(pool: Pool, user: UUID) -> None:
    with pool.transaction() as conn:
        job, _ = new_jobs.add(conn, new_import(user))
    claimed = claim(pool, job)
    with pool.transaction() as conn:
        asked = jobs.cancel(conn, job.id)
    assert asked is not None
    assert asked.state is State.RUNNING
    with pool.transaction() as conn:
        assert steps.renew(conn, worker="w", leases=[(job.id, claimed.fence)], lease_seconds=10)[0].is_cancelled
    with pool.transaction() as conn:
        locked = steps.lock(conn, claimed)
        assert locked is not None
        ended = steps.advance(
            conn, locked, Counts(1, 9, 3, 0), checkpoint={"current_page": 1}, takes_token=True, after_seconds=None
        )
    assert (ended.state, ended.processed_records) == (State.CANCELLED, 3)
    with pool.transaction() as conn:
        assert jobs.cancel(conn, job.id) is None


def test_cancelling_meets_a_step_that_ends_this_moment(pool: Pool, user: UUID) -> None:
    with pool.transaction() as conn:
        job, _ = new_jobs.add(conn, new_import(user))
    claimed = claim(pool, job)
    cancelled: list[Job | None] = []

    def cancel() -> None:
        with pool.transaction() as conn:
            cancelled.append(jobs.cancel(conn, job.id))

    canceller = threading.Thread(target=cancel)
    with pool.transaction() as watching, pool.transaction() as conn:
        locked = steps.lock(conn, claimed)
        assert locked is not None
        counts = Counts(1, 9, 3, 0)
        steps.advance(conn, locked, counts, checkpoint={}, takes_token=True, after_seconds=None)
        canceller.start()
        while not watching.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall():
            pass  # until the canceller waits for the row; what it read is older than the step's end
    canceller.join(timeout=30)
    with pool.transaction() as conn:
        found = jobs.find(conn, job.id)
    assert found is not None
    assert found.state is State.CANCELLED
    assert cancelled == [found]


def test_all_that_speaks_for_an_account_is_cancelled_whatever_it_does(pool: Pool, user: UUID) -> None:
    with pool.transaction() as conn:
        retrying, under_way, waiting = (new_jobs.add(conn, new_import(user, None))[0] for _ in range(3))
        silent, _ = new_jobs.add(conn, replace(new_import(user, None), speaks_for_user=False))
        elsewhere, _ = new_jobs.add(conn, replace(new_import(uuid4(), None), has_import_row=False))
    failed = claim(pool, retrying)
    with pool.transaction() as conn:
        steps.retry_later(conn, failed, requests=1, after_seconds=60, error_class="E", error="e", detail=None)
    claim(pool, under_way)
    with pool.transaction() as conn:
        ended = {one.id: one.state for one in jobs.cancel_conversation(conn, user)}
    assert ended == {
        waiting.id: State.CANCELLED,
        under_way.id: State.RUNNING,
        retrying.id: State.CANCELLED,
    }
    with pool.transaction() as conn:
        kept = [jobs.find(conn, one.id) for one in (silent, elsewhere)]
    assert [one and one.state for one in kept] == [State.PENDING, State.PENDING]


@pytest.mark.parametrize("end", [jobs.cancel_conversation, jobs.end_conversation])
def test_whoever_cancels_locks_who_stands_behind_a_job_after_it(
    pool: Pool, user: UUID, end: Callable[[Connection, UUID], object]
) -> None:
    with pool.transaction() as conn:
        behind, first = sorted(new_jobs.add(conn, new_import(user, None))[0].id for _ in range(2))
        conn.execute("UPDATE rekkrd.jobs SET follows = %s WHERE id = %s", [first, behind])

    def cancelled() -> None:
        with pool.transaction() as conn:
            end(conn, user)

    with ThreadPoolExecutor(1) as threads:
        with pool.transaction() as conn:
            conn.execute("SELECT FROM rekkrd.jobs WHERE id = %s FOR UPDATE", [first])
            ending = threads.submit(cancelled)
            while not waits_for_a_lock(pool):
                assert not ending.done()
            conn.execute("SELECT FROM rekkrd.jobs WHERE id = %s FOR UPDATE NOWAIT", [behind])
        ending.result()


def waits_for_a_lock(pool: Pool) -> bool:
    waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with pool.transaction() as conn:
        return bool(conn.execute(waiting).rowcount)


def test_what_is_forgotten_ends_at_once_and_its_step_stores_nothing_any_more(pool: Pool, user: UUID) -> None:
    with pool.transaction() as conn:
        under_way, waiting = (new_jobs.add(conn, new_import(user, None))[0] for _ in range(2))
    step = claim(pool, under_way)
    with pool.transaction() as conn:
        ended = {one.id: one for one in jobs.end_conversation(conn, user)}
    assert {one.id: one.state for one in ended.values()} == dict.fromkeys([under_way.id, waiting.id], State.CANCELLED)
    assert ended[under_way.id].fence == step.fence + 1
    with pool.transaction() as conn:
        assert steps.lock(conn, step) is None


def test_pages_of_jobs_are_whole_and_newest_first(pool: Pool) -> None:
    with pool.transaction() as conn:
        made = [new_jobs.add(conn, NewJob(**no_row(uuid4())))[0].id for _ in range(7)]
    seen: list[UUID] = []
    below: Job | None = None
    with pool.transaction() as conn:
        while found := jobs.page(conn, below=below, room=3):
            seen += [job.id for job in found]
            below = found[-1]
    assert sorted(seen) == sorted(made)
    assert len(seen) == 7


def no_row(user: UUID) -> dict[str, object]:
    return {
        "kind": "count",
        "lane": "import",
        "user_id": user,
        "args": {},
        "unique_key": None,
        "takes_token": True,
        "speaks_for_user": False,
    }


def claim(pool: Pool, job: Job) -> Job:
    with pool.transaction() as conn:
        line.call_up(conn, lane="import", takes_token=True, room=9, call_seconds=60)
        claimed = steps.claim(conn, job.id, worker="w", lease_seconds=60)
    assert claimed is not None
    return claimed


@pytest.mark.parametrize(("last", "page"), [({"current_page": 3}, 3), (None, 2)])
def test_completion_stores_the_last_checkpoint(
    pool: Pool, user: UUID, last: dict[str, object] | None, page: int
) -> None:
    counts = Counts(requests=1, total=230, processed=200, skipped=0)
    with pool.transaction() as conn:
        job, _ = new_jobs.add(conn, new_import(user, None))
    first = claim(pool, job)
    with pool.transaction() as conn:
        steps.advance(conn, first, counts, checkpoint={"current_page": 2}, takes_token=True, after_seconds=None)
    second = claim(pool, job)
    with pool.transaction() as conn:
        steps.complete(conn, second, counts, outcome="all in", checkpoint=last)
        row = conn.execute("SELECT current_page FROM public.discogs_import_jobs WHERE id = %s", (job.id,)).fetchone()
    assert row == {"current_page": page}


Deed = st.sampled_from(["claim", "advance", "retry", "give_back", "fail", "complete", "cancel"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(Deed, min_size=1, max_size=12))
def test_the_plans_import_row_tells_the_same_as_the_job_after_every_transition(
    pool: Pool, user: UUID, deeds: list[str]
) -> None:
    with pool.transaction() as conn:
        job, _ = new_jobs.add(conn, new_import(user, None))
    assert_in_step(pool, job.id)
    under_way: Job | None = None
    page = 0
    for deed in deeds:
        with pool.transaction() as conn:
            present = jobs.find(conn, job.id)
            assert present is not None
            if deed == "cancel":
                jobs.cancel(conn, job.id)
            elif deed == "claim" and present.state.is_live and present.leased_until is None:
                conn.execute(
                    "UPDATE rekkrd.jobs SET called_until = now() + interval '1 minute' WHERE id = %s", (job.id,)
                )
                under_way = steps.claim(conn, job.id, worker="w", lease_seconds=60)
            elif under_way is not None and (locked := steps.lock(conn, under_way)) is not None:
                page += 1
                end_step(conn, locked, deed, page)
                under_way = None
        assert_in_step(pool, job.id)


def end_step(conn: psycopg.Connection[dict[str, object]], locked: Job, deed: str, page: int) -> None:
    counts = Counts(requests=1, total=100, processed=page, skipped=page // 2)
    if deed == "advance":
        steps.advance(conn, locked, counts, checkpoint={"current_page": page}, takes_token=True, after_seconds=None)
    elif deed == "retry":
        steps.retry_later(
            conn, locked, requests=1, after_seconds=0, error_class="Unavailable", error="502", detail=None
        )
    elif deed == "fail":
        steps.fail(conn, locked, requests=1, error_class="Gone", error="gone", detail=None)
    elif deed == "complete":
        steps.complete(conn, locked, counts, outcome="all in", checkpoint={"current_page": page + 1})
    else:
        steps.give_back(conn, locked, requests=0, after_seconds=0, waits_for=None)


def assert_in_step(pool: Pool, job_id: UUID) -> None:
    with pool.transaction() as conn:
        job = jobs.find(conn, job_id)
        assert job is not None
        row = conn.execute("SELECT * FROM public.discogs_import_jobs WHERE id = %s", (job_id,)).fetchone()
    assert row is not None
    assert row["status"] == ("running" if job.state is State.RETRYING else job.state)
    assert row["error"] == job.error
    assert row["total_records"] == job.total_records
    assert row["processed_records"] == job.processed_records
    assert row["skipped_records"] == job.skipped_records
    assert row["current_page"] == job.checkpoint.get("current_page", 0)
    assert row["started_at"] == job.started_at
    assert row["completed_at"] == job.finished_at
