"""The line: who is called up next, and that nobody waits longer than fair turns make it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from db import jobs, line, steps
from db.jobs import State
from db.pool import Pool
from db.steps import Counts
from tests import new_jobs
from tests.new_jobs import NewJob


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=4, timeout_seconds=5)
    yield pool
    pool.close()


def add(pool: Pool, user: UUID, *, lane: str = "import", speaks: bool = False, **more: object) -> UUID:
    new = NewJob(
        kind="count",
        lane=lane,
        user_id=user,
        args={},
        unique_key=None,
        takes_token=True,
        speaks_for_user=speaks,
        **more,  # type: ignore[arg-type]
    )
    with pool.transaction() as conn:
        return new_jobs.add(conn, new)[0].id


def call(pool: Pool, room: int = 1, lane: str = "import") -> list[UUID]:
    with pool.transaction() as conn:
        calls = line.call_up(conn, lane=lane, takes_token=True, room=room, call_seconds=600)
    return [one.job_id for one in calls]


def take_step(pool: Pool, job_id: UUID, *, last: bool = False) -> None:
    """Claim and end one step, as a worker would."""
    with pool.transaction() as conn:
        job = steps.claim(conn, job_id, worker="w", lease_seconds=10)
    assert job is not None
    with pool.transaction() as conn:
        locked = steps.lock(conn, job)
        assert locked is not None
        counts = Counts(requests=1, total=None, processed=job.steps + 1, skipped=0)
        if last:
            steps.complete(conn, locked, counts, outcome="done")
        else:
            steps.advance(conn, locked, counts, checkpoint={}, takes_token=True, after_seconds=None)


def test_a_users_steps_go_by_age(pool: Pool) -> None:
    user = uuid4()
    first, second = add(pool, user), add(pool, user)
    assert call(pool) == [first]
    assert call(pool) == [second]


def test_a_called_step_is_not_called_again(pool: Pool) -> None:
    add(pool, uuid4())
    assert len(call(pool, room=5)) == 1
    assert call(pool, room=5) == []


def test_users_take_turns_whatever_they_brought(pool: Pool) -> None:
    crowd, single = uuid4(), uuid4()
    many = [add(pool, crowd) for _ in range(50)]
    few = [add(pool, single) for _ in range(3)]
    order = [job for _ in range(8) for job in call(pool)]
    assert [job for job in order if job in few] == few
    assert max(order.index(job) for job in few) <= 2 * len(few) - 1
    assert [job for job in order if job in many] == many[: len(order) - len(few)]


def test_one_call_up_of_many_keeps_the_same_order(pool: Pool) -> None:
    crowd, single = uuid4(), uuid4()
    many = [add(pool, crowd) for _ in range(10)]
    few = [add(pool, single) for _ in range(2)]
    assert set(call(pool, room=4)) == {*many[:2], *few}


def test_a_newcomer_starts_at_the_present_turn_and_not_with_saved_up_credit(pool: Pool) -> None:
    old = uuid4()
    for _ in range(20):
        add(pool, old)
    for _ in range(10):
        call(pool)
    late = uuid4()
    for _ in range(10):
        add(pool, late)
    following = [job for _ in range(6) for job in call(pool)]
    with pool.transaction() as conn:
        owners = [jobs.find(conn, job).user_id for job in following]  # type: ignore[union-attr]
    # The newcomer begins at the turn called up last, one before the other's next; then they alternate.
    assert owners[0] == late
    assert owners.count(old) in {2, 3}


def test_one_conversation_a_user_step_by_step(pool: Pool) -> None:
    user = uuid4()
    sweep, push = add(pool, user, speaks=True), add(pool, user, speaks=True)
    assert call(pool, room=5) == [sweep]
    take_step(pool, sweep, last=True)
    assert call(pool, room=5) == [push]


def test_a_second_conversation_cannot_be_claimed_even_if_it_was_called(pool: Pool, migrated_database_url: str) -> None:
    user = uuid4()
    sweep, push = add(pool, user, speaks=True), add(pool, user, speaks=True)
    with psycopg.connect(migrated_database_url) as conn:
        conn.execute("UPDATE rekkrd.jobs SET called_until = now() + interval '1 minute'")
    with pool.transaction() as conn:
        assert steps.claim(conn, sweep, worker="a", lease_seconds=10) is not None
    with pool.transaction() as conn:
        assert steps.claim(conn, push, worker="b", lease_seconds=10) is None
    with pool.transaction() as conn:
        assert jobs.find(conn, push).called_until is None  # type: ignore[union-attr]


def test_what_is_due_later_is_not_called(pool: Pool) -> None:
    add(pool, uuid4(), run_at=datetime.now(UTC) + timedelta(hours=1))
    assert call(pool) == []


def test_priority_goes_before_age_within_a_user(pool: Pool) -> None:
    user = uuid4()
    add(pool, user)
    urgent = add(pool, user, priority=5)
    assert call(pool) == [urgent]


def test_two_dispatchers_at_one_lane_do_not_call_twice(pool: Pool) -> None:
    add(pool, uuid4())
    with pool.transaction() as one, pool.transaction() as two:
        first = line.call_up(one, lane="import", takes_token=True, room=5, call_seconds=600)
        second = line.call_up(two, lane="import", takes_token=True, room=5, call_seconds=600)
    assert (len(first), len(second)) == (1, 0)


def test_a_job_being_enqueued_does_not_stop_the_line(pool: Pool) -> None:
    waiting = add(pool, uuid4())
    with pool.transaction() as conn:
        new = NewJob("count", "import", uuid4(), {}, None, takes_token=True, speaks_for_user=False)
        new_jobs.add(conn, new)
        assert call(pool, room=5) == [waiting]


def test_upkeep_beside_a_job_being_enqueued_leaves_it_its_turn(pool: Pool) -> None:
    user = uuid4()
    over = add(pool, user)
    with pool.transaction() as conn:
        jobs.cancel(conn, over)
    with pool.transaction() as app:
        new = NewJob("count", "import", user, {}, None, takes_token=True, speaks_for_user=False)
        enqueued, _ = new_jobs.add(app, new)
        with pool.transaction() as upkeep:
            assert line.forget_idle_turns(upkeep, room=9) == 0
    assert call(pool) == [enqueued.id]


def test_upkeep_clears_only_idle_turns(pool: Pool) -> None:
    over, live = add(pool, uuid4()), add(pool, uuid4())
    with pool.transaction() as conn:
        jobs.cancel(conn, over)
        assert line.forget_idle_turns(conn, room=9) == 1
        assert line.forget_idle_turns(conn, room=9) == 0
    assert call(pool) == [live]


def test_a_conversation_under_way_holds_up_neither_other_work_nor_other_users(pool: Pool) -> None:
    user = uuid4()
    sweep = add(pool, user, speaks=True)
    assert call(pool) == [sweep]
    with pool.transaction() as conn:
        assert steps.claim(conn, sweep, worker="w", lease_seconds=100) is not None
    add(pool, user, speaks=True)
    silent, other = add(pool, user), add(pool, uuid4())
    assert sorted([*call(pool), *call(pool)]) == sorted([silent, other])


def test_an_expired_lease_is_taken_back_once_and_moves_the_fence(pool: Pool, migrated_database_url: str) -> None:
    job_id = add(pool, uuid4())
    call(pool)
    with pool.transaction() as conn:
        job = steps.claim(conn, job_id, worker="slept", lease_seconds=10)
    assert job is not None
    with pool.transaction() as conn:
        steps.mark_executing(conn, job)
    with psycopg.connect(migrated_database_url) as conn:
        conn.execute("UPDATE rekkrd.jobs SET leased_until = now() - interval '1 second'")
    with pool.transaction() as conn:
        (expired,) = line.take_back_expired(conn)
    assert (expired.left_by, expired.crashed, expired.job.crashes) == ("slept", True, 1)
    with pool.transaction() as conn:
        assert line.take_back_expired(conn) == []
        assert steps.lock(conn, job) is None


def test_a_worker_that_died_waiting_for_its_token_does_not_incriminate_the_job(
    pool: Pool, migrated_database_url: str
) -> None:
    job_id = add(pool, uuid4())
    call(pool)
    with pool.transaction() as conn:
        steps.claim(conn, job_id, worker="died", lease_seconds=10)
    with psycopg.connect(migrated_database_url) as conn:
        conn.execute("UPDATE rekkrd.jobs SET leased_until = now() - interval '1 second'")
    with pool.transaction() as conn:
        (expired,) = line.take_back_expired(conn)
    assert (expired.crashed, expired.job.crashes) == (False, 0)


def test_the_place_in_the_line_counts_fair_turns(pool: Pool) -> None:
    crowd, single = uuid4(), uuid4()
    many = [add(pool, crowd) for _ in range(10)]
    mine = add(pool, single)
    with pool.transaction() as conn:
        places = line.count_ahead(conn, [*many, mine])
        assert {places[many[0]], places[mine]} == {0, 1}
        assert places[many[9]] == 10


def test_what_comes_before_a_job_is_counted_so_far_and_no_further(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(6):
        add(pool, uuid4())
    many = [add(pool, UUID(int=2**128 - 1)) for _ in range(6)]
    with pool.transaction() as conn:
        assert line.count_ahead(conn, [many[0], many[3]]) == {many[0]: 6, many[3]: 9}
        monkeypatch.setattr(line, "MOST_AHEAD", 4)
        assert line.count_ahead(conn, [many[0], many[3]]) == {many[0]: 4, many[3]: 4}


def test_many_jobs_hear_the_same_places_together_as_one_by_one(pool: Pool) -> None:
    people = [uuid4() for _ in range(7)]
    ids = [add(pool, user) for number, user in enumerate(people) for _ in range(1 + number * number % 5)]
    for _ in range(4):
        call(pool, room=3)  # turns differ now
    with pool.transaction() as conn:
        together = line.count_ahead(conn, ids)
        alone = {one: place for each in ids for one, place in line.count_ahead(conn, [each]).items()}
    assert together == alone
    assert together.keys() == set(ids)
    assert len(set(together.values())) > len(people)


def test_fifty_users_finish_when_fair_turns_make_it(pool: Pool) -> None:
    whale, minnows = uuid4(), [uuid4() for _ in range(20)]
    add(pool, whale)
    left = {add(pool, user): 3 for user in minnows}
    taken = 0
    while left:
        (job_id,) = call(pool)
        is_last = left.get(job_id) == 1
        take_step(pool, job_id, last=is_last)
        taken += 1
        if job_id in left:
            left[job_id] -= 1
            if is_last:
                del left[job_id]
    assert taken <= 3 * (len(minnows) + 1)
    with pool.transaction() as conn:
        assert len(jobs.page(conn, state=State.COMPLETED, room=100)) == len(minnows)


def test_what_was_called_up_waits_until_it_has_its_token(pool: Pool) -> None:
    for _ in range(3):
        add(pool, uuid4())
    called = call(pool, room=2)
    with pool.transaction() as conn:
        assert line.count_waiting(conn) == {"import": 2}
        job = steps.claim(conn, called[0], worker="w", lease_seconds=10)
        assert line.count_waiting(conn) == {"import": 2}
        assert job is not None
        steps.mark_executing(conn, job)
        assert line.count_waiting(conn) == {"import": 1}
