"""What operators do to many jobs at once: each once, none lost, none beside another of its key."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from db import Connection, jobs, line, operations, steps
from db.errors import DatabaseBusy
from db.jobs import State
from db.operations import LIVE, OVER, Choice
from db.pool import Pool
from db.steps import Counts
from tests import new_jobs
from tests.new_jobs import NewJob


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=4, timeout_seconds=5)
    yield pool
    pool.close()


def add(pool: Pool, user: UUID, *, kind: str = "count", key: str | None = None) -> UUID:
    new = NewJob(
        kind=kind,
        lane="import",
        user_id=user,
        args={},
        unique_key=key,
        takes_token=True,
        speaks_for_user=False,
    )
    with pool.transaction() as conn:
        return new_jobs.add(conn, new)[0].id


def fail(pool: Pool, job_id: UUID, error_class: str = "Unavailable") -> UUID:
    """Let the job end badly behind its second page, after an attempt."""
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.jobs SET called_until = now() + interval '1 minute' WHERE id = %s", [job_id])
        job = steps.claim(conn, job_id, worker="w", lease_seconds=10)
        assert job is not None
        counts = Counts(requests=1, total=9, processed=2, skipped=0)
        steps.advance(conn, job, counts, checkpoint={"current_page": 2}, takes_token=True, after_seconds=None)
        steps.fail(conn, job, requests=1, error_class=error_class, error="It failed.", detail=None)
    return job_id


def find(pool: Pool, job_id: UUID) -> jobs.Job:
    with pool.transaction() as conn:
        job = jobs.find(conn, job_id)
    assert job is not None
    return job


def retry(pool: Pool, *job_ids: UUID) -> list[UUID]:
    with pool.transaction() as conn:
        return operations.retry(conn, job_ids)


def test_a_retried_job_goes_on_where_its_checkpoint_stands(pool: Pool) -> None:
    job_id = fail(pool, add(pool, uuid4()))
    assert retry(pool, job_id) == [job_id]
    job = find(pool, job_id)
    assert (job.state, job.checkpoint, job.processed_records) == (State.PENDING, {"current_page": 2}, 2)
    assert (job.attempts, job.error, job.finished_at) == (0, None, None)
    assert retry(pool, job_id) == [], "again is the same as once"


def test_a_retried_job_is_called_up_although_its_user_left_the_line(pool: Pool) -> None:
    job_id = fail(pool, add(pool, uuid4()))
    with pool.transaction() as conn:
        assert line.forget_idle_turns(conn, room=9) == 1
    retry(pool, job_id)
    with pool.transaction() as conn:
        calls = line.call_up(conn, lane="import", takes_token=True, room=9, call_seconds=10)
    assert [call.job_id for call in calls] == [job_id]


def test_a_live_job_that_comes_this_moment_stands_for_the_failed_one_and_the_others_go_on(pool: Pool) -> None:
    user = uuid4()
    failed, other = fail(pool, add(pool, user, key="import")), fail(pool, add(pool, uuid4(), key="import"))
    with ThreadPoolExecutor(1) as threads:
        with pool.transaction() as app:
            new_jobs.add(app, NewJob("count", "import", user, {}, "import", takes_token=True, speaks_for_user=False))
            retried = threads.submit(retry, pool, failed, other)
            while not waits_for_a_lock(pool):
                assert not retried.done()
        assert retried.result() == [other]
    assert [find(pool, one).state for one in (failed, other)] == [State.FAILED, State.PENDING]


def waits_for_a_lock(pool: Pool) -> bool:
    with pool.transaction() as conn:
        waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return bool(conn.execute(waiting).rowcount)


def test_a_live_job_of_the_same_key_stands_for_the_failed_one(pool: Pool) -> None:
    user = uuid4()
    failed = fail(pool, add(pool, user, key="import"))
    add(pool, user, key="import")
    assert retry(pool, failed) == []
    assert find(pool, failed).state is State.FAILED


def test_of_several_failed_ones_of_a_key_the_newest_goes_on(pool: Pool) -> None:
    user = uuid4()
    older, newer = (fail(pool, add(pool, user, key="import")) for _ in range(2))
    keyless = [fail(pool, add(pool, user)) for _ in range(2)]
    assert set(retry(pool, older, newer, *keyless)) == {newer, *keyless}


def test_what_is_completed_or_live_is_left_alone(pool: Pool) -> None:
    live = add(pool, uuid4())
    done = add(pool, uuid4())
    with pool.transaction() as conn:
        conn.execute(
            "UPDATE rekkrd.jobs SET state = 'completed', started_at = now(), finished_at = now() WHERE id = %s", [done]
        )
    assert retry(pool, live, done) == []


def test_many_are_cancelled_at_once_and_those_with_a_step_under_way_after_it(pool: Pool) -> None:
    waiting, under_way, over = add(pool, uuid4()), add(pool, uuid4()), fail(pool, add(pool, uuid4()))
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.jobs SET called_until = now() + interval '1 minute' WHERE id = %s", [under_way])
        job = steps.claim(conn, under_way, worker="w", lease_seconds=10)
        assert job is not None
        done = operations.cancel(conn, [waiting, under_way, over, uuid4()])
    assert set(done) == {waiting, under_way}
    assert [find(pool, one).state for one in (waiting, under_way, over)] == ["cancelled", "running", "failed"]
    assert find(pool, under_way).cancel_requested_at is not None


def test_who_watches_hears_of_each_and_the_plans_rows_follow(pool: Pool, migrated_database_url: str) -> None:
    with pool.transaction() as conn:
        users = [
            row["id"]
            for row in conn.execute("INSERT INTO public.profiles SELECT FROM generate_series(1, 3) RETURNING id")
        ]
        ids = [
            new_jobs.add(
                conn,
                NewJob(
                    "import_collection",
                    "import",
                    user,
                    {},
                    "k",
                    takes_token=True,
                    speaks_for_user=True,
                    has_import_row=True,
                ),
            )[0].id
            for user in users
        ]
    with psycopg.connect(migrated_database_url, autocommit=True) as watcher:
        watcher.execute("LISTEN rekkrd_job; LISTEN rekkrd_line")
        for act, status in ((operations.cancel, "cancelled"), (operations.retry, "pending")):
            with pool.transaction() as conn:
                assert set(act(conn, ids)) == set(ids)
                rows = conn.execute("SELECT id, status FROM public.discogs_import_jobs").fetchall()
            assert [row["status"] for row in rows] == [status] * 3
            heard = {(one.channel, one.payload) for one in watcher.notifies(timeout=5, stop_after=3)}
            assert {("rekkrd_job", str(one)) for one in ids} <= heard | {
                (one.channel, one.payload) for one in watcher.notifies(timeout=0.2)
            }


def test_who_stood_behind_cancelled_jobs_comes_into_the_line(pool: Pool) -> None:
    user = uuid4()
    first = add(pool, user, key="k")
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.jobs SET called_until = now() + interval '1 minute' WHERE id = %s", [first])
        steps.claim(conn, first, worker="w", lease_seconds=10)
        new = NewJob("count", "import", user, {}, "k", takes_token=True, speaks_for_user=False, if_live="replace")
        behind = new_jobs.add(conn, new)[0].id
        conn.execute("UPDATE rekkrd.jobs SET leased_until = NULL, leased_by = NULL WHERE id = %s", [first])
    with pool.transaction() as conn:
        operations.cancel(conn, [first])
    follower = find(pool, behind)
    assert (follower.state, follower.follows, follower.unique_key) == (State.PENDING, None, "k")


def test_who_stands_behind_a_job_is_cancelled_with_it(pool: Pool) -> None:
    user = uuid4()
    first = add(pool, user, key="k")
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.jobs SET called_until = now() + interval '1 minute' WHERE id = %s", [first])
        steps.claim(conn, first, worker="w", lease_seconds=10)
        new = NewJob("count", "import", user, {}, "k", takes_token=True, speaks_for_user=False, if_live="replace")
        behind = new_jobs.add(conn, new)[0].id
        assert set(operations.cancel(conn, [behind, first])) == {first, behind}
    assert [find(pool, one).state for one in (first, behind)] == ["running", "cancelled"]


def test_only_what_is_over_is_removed_with_its_story(pool: Pool) -> None:
    live, over = add(pool, uuid4()), fail(pool, add(pool, uuid4()))
    with pool.transaction() as conn:
        conn.execute(
            "INSERT INTO rekkrd.attempts (job_id, fence, step, nth, ended_as) VALUES (%s, 9, 1, 1, 'left')", [over]
        )
        assert operations.remove(conn, [live, over, uuid4()]) == [over]
        assert operations.remove(conn, [live, over]) == []
        assert conn.execute("SELECT count(*) AS rows FROM rekkrd.attempts").fetchone() == {"rows": 0}
    assert find(pool, live).state is State.PENDING


def test_a_job_that_another_stands_behind_is_not_removed(pool: Pool) -> None:
    over, behind = fail(pool, add(pool, uuid4())), add(pool, uuid4())
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.jobs SET follows = %s, awaited_key = 'k' WHERE id = %s", [over, behind])
        assert operations.remove(conn, [over]) == []


def test_a_piece_that_lost_a_deadlock_is_done_again_and_not_for_ever(pool: Pool) -> None:
    tried: list[int] = []

    def do(_: Connection) -> int:
        tried.append(len(tried))
        if len(tried) < 3:
            raise DatabaseBusy("deadlock detected")
        return 7

    assert operations.in_piece(pool, do) == 7
    with pytest.raises(DatabaseBusy):
        operations.in_piece(pool, never)


def test_a_deadlock_with_a_worker_is_lost_and_the_piece_done_again(pool: Pool, migrated_database_url: str) -> None:
    low, high = sorted(add(pool, uuid4()) for _ in range(2))
    lock = "SELECT FROM rekkrd.jobs WHERE id = %s FOR UPDATE"
    with ThreadPoolExecutor(1) as another, psycopg.connect(migrated_database_url) as worker:
        worker.execute("SET deadlock_timeout = '1min'")  # it is the other one that finds out, and loses
        worker.execute(lock, [high])
        done = another.submit(operations.in_piece, pool, lambda conn: operations.cancel(conn, [high, low]))
        while not worker.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
            assert not done.done()
        worker.execute(lock, [low])
        worker.commit()
        assert set(done.result()) == {low, high}


def never(_: Connection) -> None:
    raise DatabaseBusy("deadlock detected")


def test_a_choice_is_all_that_have_everything_in_common(pool: Pool) -> None:
    ada, ben = uuid4(), uuid4()
    mine = fail(pool, add(pool, ada))
    fail(pool, add(pool, ben))
    fail(pool, add(pool, ada, kind="other"))
    fail(pool, add(pool, ada), "Poison")
    live = add(pool, ada)
    now = datetime.now(UTC)
    wanted = Choice((State.FAILED,), kind="count", user_id=ada, error_class="Unavailable")
    too_new = Choice((State.FAILED,), older_than=now - timedelta(hours=1))
    with pool.transaction() as conn:
        assert [job_id for _, job_id in operations.chosen(conn, wanted, after=None, room=9)] == [mine]
        assert operations.count(conn, wanted) == 1
        assert operations.count(conn, too_new) == 0
        assert operations.count(conn, Choice(OVER, newer_than=now - timedelta(hours=1))) == 4
        assert operations.count(conn, Choice(LIVE, user_id=ada)) == 1
        assert [job_id for _, job_id in operations.chosen(conn, Choice((State.PENDING,)), after=None, room=9)] == [live]


def test_a_choice_comes_in_pieces_without_gap_or_twin(pool: Pool) -> None:
    expected = [fail(pool, add(pool, uuid4())) for _ in range(7)]
    choice, came, after = Choice((State.FAILED,)), [], None
    with pool.transaction() as conn:
        while piece := operations.chosen(conn, choice, after=after, room=3):
            came += [job_id for _, job_id in piece]
            after = piece[-1]
    assert came == expected


def test_failures_alike_are_one_group_with_its_newest(pool: Pool) -> None:
    for _ in range(3):
        newest = fail(pool, add(pool, uuid4()))
    fail(pool, add(pool, uuid4()), "Poison")
    with pool.transaction() as conn:
        groups = operations.failure_groups(conn)
    assert [(group.error_class, group.kind, group.jobs) for group in groups] == [
        ("Unavailable", "count", 3),
        ("Poison", "count", 1),
    ]
    assert (groups[0].newest_id, groups[0].error) == (newest, "It failed.")


def test_what_operators_did_is_told_newest_first(pool: Pool) -> None:
    choice = Choice((State.FAILED,), kind="count")
    with pool.transaction() as conn:
        for number in range(3):
            operations.audit(conn, by="anna", action="retry", target=choice.as_plain(), jobs=number)
        acts = operations.acts(conn, room=2)
        rest = operations.acts(conn, before=acts[-1].id)
    assert [act.jobs for act in acts] == [2, 1]
    assert [act.jobs for act in rest] == [0]
    assert (acts[0].made_by, acts[0].target) == ("anna", {"states": ["failed"], "kind": "count"})
