"""What is kept of a job besides its row: attempts, lines, requests; bounded, and gone with the job."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from db import Connection, jobs, line, steps, story
from db.jobs import Job
from db.steps import Counts
from db.story import Asked, EndedAs, Line
from tests import new_jobs
from tests.new_jobs import NewJob

COUNTS = Counts(requests=1, total=9, processed=1, skipped=0)
WHY = {"requests": 1, "error_class": "Unavailable", "error": "502", "detail": "status 502"}
CLAIM = """
    UPDATE rekkrd.jobs SET called_until = now() + interval '1 minute', due_at = now() - interval '1 second'
     WHERE id = %s
"""


@pytest.fixture
def claimed(conn: Connection) -> Callable[..., Job]:
    """Claim a step of a new job, or of that one."""

    def claim(job_id: UUID | None = None, *, takes_token: bool = False) -> Job:
        if job_id is None:
            new = NewJob("count", "import", uuid4(), {}, None, takes_token=takes_token, speaks_for_user=False)
            job_id = new_jobs.add(conn, new)[0].id
        conn.execute(CLAIM, [job_id])
        job = steps.claim(conn, job_id, worker="ada", lease_seconds=60)
        assert job is not None
        return job

    return claim


def retried(conn: Connection, was: Job) -> Job:
    return steps.retry_later(conn, was, after_seconds=0.0, **WHY)


def completed(conn: Connection, was: Job) -> Job:
    return steps.complete(conn, was, COUNTS, outcome="all in")


def failed(conn: Connection, was: Job) -> Job:
    return steps.fail(conn, was, **WHY)


def given_back(conn: Connection, was: Job) -> Job:
    return steps.give_back(conn, was, requests=0, after_seconds=0.0, waits_for=None)


def advanced(conn: Connection, was: Job) -> Job:
    return steps.advance(conn, was, COUNTS, checkpoint={}, takes_token=False, after_seconds=None)


def expire(conn: Connection, job: Job) -> line.Expired:
    conn.execute("UPDATE rekkrd.jobs SET leased_until = now() - interval '1 s' WHERE id = %s", [job.id])
    (expired,) = line.take_back_expired(conn)
    story.end_crashed(conn, expired)
    return expired


@pytest.mark.parametrize(
    ("end", "has_failed", "ended_as", "error"),
    [
        (retried, True, EndedAs.RETRIED, "502"),
        (failed, True, EndedAs.FAILED, "502"),
        (completed, False, EndedAs.COMPLETED, None),
    ],
)
def test_an_attempt_is_kept_with_its_times_its_worker_and_its_end(
    conn: Connection, claimed: Callable[..., Job], end: Callable[..., Job], has_failed: bool, ended_as: str, error: str
) -> None:
    was = claimed()
    assert story.end_attempt(conn, was, end(conn, was), requests=1, has_failed=has_failed)
    (kept,) = story.attempts(conn, was.id)
    assert (kept.ended_as, kept.error, kept.step, kept.nth, kept.requests) == (ended_as, error, 1, 1, 1)
    assert (kept.worker, kept.began_at, kept.fence) == ("ada", was.claimed_at, was.fence)
    assert kept.began_at is not None
    assert kept.began_at <= kept.ended_at
    assert (kept.error_class, kept.error_detail) == (("Unavailable", "status 502") if error else (None, None))


@pytest.mark.parametrize("end", [advanced, given_back])
def test_a_step_after_which_the_job_goes_on_leaves_no_attempt(
    conn: Connection, claimed: Callable[..., Job], end: Callable[..., Job]
) -> None:
    was = claimed()
    assert not story.end_attempt(conn, was, end(conn, was), requests=1, has_failed=False)
    assert story.attempts(conn, was.id) == []


def test_a_job_that_was_asked_to_end_has_its_last_attempt_without_an_earlier_ones_error(
    conn: Connection, claimed: Callable[..., Job]
) -> None:
    first = claimed()
    story.end_attempt(conn, first, retried(conn, first), requests=1, has_failed=True)
    second = claimed(first.id)
    jobs.cancel(conn, second.id)
    story.end_attempt(conn, second, given_back(conn, second), requests=0, has_failed=False)
    assert [(one.ended_as, one.nth, one.error) for one in story.attempts(conn, first.id)] == [
        ("retried", 1, "502"),
        ("cancelled", 2, None),
    ]


def test_a_worker_that_died_is_named_with_what_it_died_in(conn: Connection, claimed: Callable[..., Job]) -> None:
    was = claimed()
    expire(conn, was)
    expire(conn, claimed(was.id))
    died = [(one.ended_as, one.worker, one.nth, one.began_at, one.requests) for one in story.attempts(conn, was.id)]
    assert died[0] == ("crashed", "ada", 1, was.claimed_at, None)
    assert died[1][:3] == ("crashed", "ada", 2)


def test_a_worker_that_died_waiting_for_its_token_left_before_it_began(
    conn: Connection, claimed: Callable[..., Job]
) -> None:
    was = claimed(takes_token=True)
    expire(conn, was)
    (kept,) = story.attempts(conn, was.id)
    assert (kept.ended_as, kept.nth) == ("left", 1)


def test_what_gives_a_job_up_between_two_claims_has_its_word_after_the_attempts(
    conn: Connection, claimed: Callable[..., Job]
) -> None:
    expired = expire(conn, claimed())
    for sentence in ("It died.", "It died again."):
        ended = steps.fail(conn, expired.job, requests=0, error_class="Poison", error=sentence, detail=None)
        story.end_attempt(conn, expired.job, ended, requests=0, has_failed=True)
        conn.execute("UPDATE rekkrd.jobs SET state = 'pending', finished_at = NULL")  # retried, and not claimed since
    kept = story.attempts(conn, expired.job.id)
    assert [(one.ended_as, one.worker, one.error) for one in kept] == [
        ("crashed", "ada", None),
        ("failed", None, "It died again."),
    ]


def test_only_the_newest_attempts_are_kept(
    conn: Connection, claimed: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "MOST_ATTEMPTS", 3)
    was = claimed()
    for _ in range(5):
        story.end_attempt(conn, was, retried(conn, was), requests=1, has_failed=True)
        was = claimed(was.id)
    assert [one.nth for one in story.attempts(conn, was.id)] == [3, 4, 5]


def said(*events: str) -> list[Line]:
    return [Line(datetime.now(UTC), "info", event, {"page": 61}) for event in events]


def test_lines_come_back_in_their_order_and_the_newest_stay(
    conn: Connection, claimed: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "MOST_LINES", 4)
    was = claimed()
    for events in (("a", "b"), ("c",), ("d", "e", "f")):
        story.add_lines(conn, was, said(*events))
        was = claimed(given_back(conn, was).id)
    assert [one.event for one in story.log(conn, was.id)] == ["c", "d", "e", "f"]
    assert [one.event for one in story.log(conn, was.id, newest=2)] == ["e", "f"]
    (last,) = story.log(conn, was.id, newest=1)
    assert (last.step, last.level, last.worker, last.facts) == (1, "info", "ada", {"page": 61})


def test_a_step_that_says_more_than_is_kept_is_kept_whole(
    conn: Connection, claimed: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "MOST_LINES", 2)
    was = claimed()
    story.add_lines(conn, was, said("a"))
    was = claimed(given_back(conn, was).id)
    story.add_lines(conn, was, said("b", "c", "d"))
    assert [one.event for one in story.log(conn, was.id)] == ["b", "c", "d"]


def test_requests_are_counted_by_endpoint_and_answer(conn: Connection, claimed: Callable[..., Job]) -> None:
    was = claimed()
    story.add_requests(conn, was.id, [Asked("GET /a", 200, 0.5), Asked("GET /b", 404, 0.1), Asked("GET /a", None, 4.0)])
    story.add_requests(conn, was.id, [Asked("GET /a", 200, 1.5)])
    first, second = story.requests_by_endpoint(conn, was.id)
    assert (first.endpoint, first.requests, first.by_status, first.mean_seconds) == (
        "GET /a",
        3,
        {None: 1, 200: 2},
        2.0,
    )
    assert (second.endpoint, second.by_status) == ("GET /b", {404: 1})


def test_nothing_to_keep_asks_the_database_nothing(claimed: Callable[..., Job]) -> None:
    was = claimed()
    story.add_lines(None, was, [])  # type: ignore[arg-type]  # it would break
    story.add_requests(None, was.id, [])  # type: ignore[arg-type]
    assert not story.end_attempt(None, was, was, requests=0, has_failed=False)  # type: ignore[arg-type]


def test_a_job_that_goes_takes_its_story_along(conn: Connection, claimed: Callable[..., Job]) -> None:
    was = claimed()
    story.add_lines(conn, was, said("a"))
    story.add_requests(conn, was.id, [Asked("GET /a", 200, 0.5)])
    story.end_attempt(conn, was, completed(conn, was), requests=1, has_failed=False)
    conn.execute("DELETE FROM rekkrd.jobs")
    for table in (b"attempts", b"job_log", b"job_requests"):
        assert conn.execute(b"SELECT count(*) FROM rekkrd." + table).fetchone() == {"count": 0}


def test_a_release_that_knows_no_claimed_at_ends_and_claims_steps_beside_us(
    conn: Connection, claimed: Callable[..., Job]
) -> None:
    was = claimed()
    assert was.claimed_at is not None
    conn.execute("UPDATE rekkrd.jobs SET leased_until = NULL, leased_by = NULL, is_executing = false")  # as it ends one
    conn.execute("UPDATE rekkrd.jobs SET leased_until = now(), leased_by = 'old', fence = fence + 1")  # and claims one
    assert jobs.find(conn, was.id) is not None


@pytest.mark.parametrize("end", [advanced, given_back, completed, failed, retried])
def test_a_step_that_ended_is_no_longer_claimed(
    conn: Connection, claimed: Callable[..., Job], end: Callable[..., Job]
) -> None:
    assert end(conn, claimed()).claimed_at is None
