"""Alarms: told once, again each hour, and once more when the trouble is over; by one scheduler, whoever lives."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from actors.catalog import IMPORT_COLLECTION
from actors.operating.alarms import TELLING_SECONDS, Decision, Message, Trouble, Watch, decide
from db import alarms, fleet, usage, users
from db.alarms import Raised
from db.errors import DatabaseAway
from db.fleet import SignOfLife
from db.pool import Pool
from db.usage import Use
from tests.new_jobs import enqueue
from workers.settings import EngineSettings

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TROUBLE = Trouble("failed_jobs", "7 jobs failed.", ["Look: `rekkrd jobs failures`"])
LANES = ["interactive", "import", "background"]
SIGN = SignOfLife("here:1:a", "here", 1, "1+a", LANES, ["upkeep"], 8, 0, 0, 0.1, 0.1, 2.0)


def known(*, raised: float, seen: float = 0.0, told: float | None = 0.0) -> Raised:
    """A trouble by how many minutes ago what happened."""
    ago = [None if minutes is None else NOW - timedelta(minutes=minutes) for minutes in (raised, seen, told)]
    return Raised("failed_jobs", "7 jobs failed.", *ago)


def texts(messages: "list[Message]") -> list[str]:
    return [message.text for message in messages]


def test_a_trouble_is_told_when_it_comes_and_not_again_for_an_hour():
    assert texts(decide([TROUBLE], [], NOW).messages) == ["*Alarm:* 7 jobs failed.\n• Look: `rekkrd jobs failures`"]
    assert decide([TROUBLE], [known(raised=59, told=59)], NOW).messages == []
    (still,) = decide([TROUBLE], [known(raised=60, told=60)], NOW).messages
    assert still.text.startswith("*Still, since 11:00 UTC:*")


def test_one_that_needs_patience_is_told_when_it_lasted():
    slow = Trouble("failed_jobs", "No worker.", patience=timedelta(minutes=5))
    assert decide([slow], [], NOW).messages == []
    assert decide([slow], [known(raised=4, told=None)], NOW).messages == []
    assert len(decide([slow], [known(raised=5, told=None)], NOW).messages) == 1


def test_a_recovery_is_told_once_and_only_after_some_quiet():
    assert decide([], [known(raised=20, seen=4, told=20)], NOW) == decide([], [], NOW)
    over = decide([], [known(raised=20, seen=5, told=20)], NOW)
    assert [message.is_last for message in over.messages] == [True]
    assert over.forgotten == []
    assert texts(over.messages) == ["*Over:* 7 jobs failed. It lasted 15 minutes, until 11:55 UTC."]


def test_one_that_was_never_told_goes_in_silence():
    assert decide([], [known(raised=20, seen=6, told=None)], NOW) == Decision([], ["failed_jobs"])


def test_what_another_tells_of_this_moment_is_left_to_that_one():
    busy = replace(known(raised=20, seen=6, told=20), is_being_told=True)
    assert decide([], [busy], NOW) == Decision([], [])
    assert decide([TROUBLE], [replace(busy, told_at=None)], NOW) == Decision([], [])


def test_what_a_collector_wrote_is_no_markup():
    (message,) = decide([Trouble("failed_jobs", "No folder <!channel> & co.")], [], NOW).messages
    assert "&lt;!channel&gt; &amp; co." in message.text


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    opened = Pool(migrated_database_url, size=3, timeout_seconds=5)
    yield opened
    opened.close()


def fail(pool: Pool, jobs: int) -> None:
    with pool.transaction() as conn:
        fleet.keep(conn, SIGN)
        for _ in range(jobs):
            job = enqueue(conn, IMPORT_COLLECTION, users.create(conn, uuid4().hex).id).job.id
            conn.execute(
                "UPDATE rekkrd.jobs SET state = 'failed', finished_at = now(), error_class = 'Unavailable', "
                "error = 'Discogs answered 502.' WHERE id = %s",
                [job],
            )


def test_failures_alike_are_one_message_with_what_to_do_and_below_the_threshold_none(pool):
    told: list[str] = []
    watch = Watch(pool, EngineSettings(_env_file=None, alarm_failed_jobs=3), lambda text: told.append(text) is None)
    fail(pool, 2)
    watch.look()
    assert told == []
    fail(pool, 1)
    watch.look()
    watch.look()
    (text,) = told
    assert "3 jobs failed in the last 10 minutes." in text
    assert "3 x import collection, Unavailable: Discogs answered 502." in text


def test_two_schedulers_tell_once(pool):
    told: list[str] = []
    fail(pool, 5)
    for _ in range(2):
        Watch(pool, EngineSettings(_env_file=None), lambda text: told.append(text) is None).look()
    assert len(told) == 1


def test_while_one_looks_another_does_not(pool):
    told: list[str] = []
    fail(pool, 5)
    with pool.transaction() as conn:
        assert alarms.hold(conn)
        Watch(pool, EngineSettings(_env_file=None), lambda text: told.append(text) is None).look()
    assert told == []


def test_nothing_is_told_while_a_transaction_is_open_and_who_looks_meanwhile_tells_nothing(pool):
    told: list[str] = []

    def tell(text: str) -> bool:
        told.append(text)
        with pool.transaction() as conn:
            (open_ones,) = conn.execute(
                "SELECT count(*) AS open FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in%'"
            )
            assert open_ones["open"] == 0
        other.look()
        return True

    watch, other = (Watch(pool, EngineSettings(_env_file=None), tell) for _ in range(2))
    fail(pool, 5)
    watch.look()
    assert len(told) == 1


class Died(BaseException):
    """The scheduler died."""


def test_who_dies_while_telling_leaves_it_to_the_next_look_after_a_while(pool):
    fail(pool, 5)

    def die(_: str) -> bool:
        raise Died

    with pytest.raises(Died):
        Watch(pool, EngineSettings(_env_file=None), die).look()
    told: list[str] = []
    watch = Watch(pool, EngineSettings(_env_file=None), lambda text: told.append(text) is None)
    watch.look()
    assert told == [], "it may be telling still"
    with pool.transaction() as conn:
        conn.execute(
            "UPDATE rekkrd.alarms SET telling_until = telling_until - make_interval(secs => %s)", [TELLING_SECONDS]
        )
    watch.look()
    watch.look()
    assert len(told) == 1


def test_what_did_not_arrive_is_told_with_the_next_look(pool):
    fail(pool, 5)
    arrives = iter([False, True, True])
    told: list[bool] = []
    watch = Watch(pool, EngineSettings(_env_file=None), lambda _: told.append(next(arrives)) or told[-1])
    for _ in range(3):
        watch.look()
    assert told == [False, True]


def test_no_worker_is_an_alarm_after_five_minutes_and_a_worker_ends_it(pool):
    told: list[str] = []
    watch = Watch(pool, EngineSettings(_env_file=None), lambda text: told.append(text) is None)
    watch.look()
    assert told == []
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.alarms SET raised_at = now() - interval '6 minutes'")
    watch.look()
    assert "No worker takes work in interactive, import, background." in told[0]
    with pool.transaction() as conn:
        fleet.keep(conn, SIGN)
        conn.execute("UPDATE rekkrd.alarms SET seen_at = now() - interval '6 minutes'")
    watch.look()
    assert told[1].startswith("*Over:*")


class Away:
    """A pool whose database is away."""

    def transaction(self) -> None:
        raise DatabaseAway("connection refused")


def test_a_database_that_stays_away_is_told_after_three_looks_and_its_return(pool):
    told: list[str] = []
    watch = Watch(Away(), EngineSettings(_env_file=None), lambda text: told.append(text) is None)
    for _ in range(4):
        watch.look()
    assert [text.splitlines()[0] for text in told] == [
        "*Alarm:* The database is out of reach: no job is taken, and none goes on."
    ]
    watch._pool = pool
    watch.look()
    assert told[1:] == ["*Over:* The database answers again."]


@pytest.fixture
def looked(pool):
    """Look for troubles; return what operators were told since the last look. A live worker is there."""
    told: list[str] = []
    watch = Watch(pool, EngineSettings(_env_file=None), lambda text: told.append(text) is None)
    with pool.transaction() as conn:
        fleet.keep(conn, SIGN)

    def look() -> list[str]:
        told.clear()
        watch.look()
        return list(told)

    return look


def answer(pool: Pool, *, failed: int = 0, well: int = 0, kind: str = "door") -> None:
    """Count requests of this minute."""
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    counts = {Use(minute, None, "import", kind, "GET /a", has_failed=True): failed} if failed else {}
    if well:
        counts[Use(minute, None, "import", kind, "GET /a")] = well
    with pool.transaction() as conn:
        usage.add(conn, uuid4(), counts)


def pass_minutes(pool: Pool, minutes: int) -> None:
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.usage_minutes SET minute = minute - make_interval(mins => %s)", [minutes])
        conn.execute("UPDATE rekkrd.alarms SET seen_at = seen_at - make_interval(mins => %s)", [minutes])


def test_discogs_outage_is_told_from_jobs_and_api_calls(pool, looked):
    answer(pool, failed=7, kind="import_collection")
    assert looked() == []
    answer(pool, failed=3, kind="door")
    (text,) = looked()
    assert "*Alarm:* Discogs fails 10 of 10 requests (5xx or no answer, last 5 minutes)." in text
    assert "rekkrd jobs --state retrying" in text
    assert looked() == []


def test_few_failed_requests_are_no_outage(pool, looked):
    answer(pool, failed=9, well=10)
    assert looked() == []


def test_outage_lasts_while_back_off_sends_nothing(pool, looked):
    answer(pool, failed=75)
    assert len(looked()) == 1
    pass_minutes(pool, 6)
    assert looked() == []
    pass_minutes(pool, 6)
    answer(pool, failed=1)
    assert looked() == []


def test_outage_is_over_when_requests_succeed(pool, looked):
    answer(pool, failed=75)
    assert len(looked()) == 1
    pass_minutes(pool, 6)
    answer(pool, well=3)
    (text,) = looked()
    assert text.startswith("*Over:* Discogs fails 75 of 75 requests")


def test_jobs_that_retry_without_progress_are_told(pool, looked):
    with pool.transaction() as conn:
        for _ in range(5):
            job = enqueue(conn, IMPORT_COLLECTION, users.create(conn, uuid4().hex).id).job.id
            conn.execute(
                "UPDATE rekkrd.jobs SET state = 'retrying', started_at = now(), attempts = 5, error = 'x',"
                " error_class = 'Unavailable' WHERE id = %s",
                [job],
            )
    (text,) = looked()
    assert "5 jobs retry without progress" in text
