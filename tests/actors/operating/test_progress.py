"""What a person is told about a job, in every place where it can stand."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from actors.operating.pace import Pace
from actors.operating.progress import Surroundings, tell, views
from db import jobs, users
from db.fleet import Worker
from db.gates import Hold
from db.jobs import State
from db.pauses import Pause
from db.pool import Pool
from services.operations.facts import System
from tests.new_jobs import NewJob, add
from workers.limiter.settings import LimiterSettings
from workers.redis_probe import RedisHealth, RedisState

NOW = datetime(2026, 11, 23, 3, 13, 0, tzinfo=UTC)
ONE_A_SECOND = Pace(60, 60.0, LimiterSettings().shares)


@pytest.fixture
def job(job_row):
    """Make a job's row; what is not said is that of a collection's import behind page 61."""
    under_way = {
        "state": State.RUNNING,
        "started_at": NOW - timedelta(seconds=122),
        "fence": 64,
        "steps": 64,
        "requests": 64,
        "checkpoint": {"stage": "pages", "current_page": 61},
        "total_records": 10_343,
        "processed_records": 6_100,
        "due_at": NOW,
    }
    return lambda **said: job_row(NOW - timedelta(seconds=130), **{**under_way, **said})


def worker(seen_ago):
    return Worker(
        "vm:2891:a1b2c3", "vm", 2891, "1+a", ["import"], ["import_collection"], 8, 1, 0, seen_ago, seen_ago, None,
        started_at=NOW - timedelta(hours=1), seen_at=NOW - timedelta(seconds=seen_ago), seen_ago=seen_ago,
    )  # fmt: skip


def told(row, zone=UTC, gate=None, brake=None, pause=None, workers=(), redis=RedisState.UP, **around):
    system = System(
        NOW,
        redis=RedisHealth(redis),
        holds=[hold for hold in (gate, brake) if hold is not None],
        pauses={} if pause is None else {pause.lane: pause},
        workers=workers,
    )
    return tell(row, Surroundings(system, **around), ONE_A_SECOND, zone)


def test_a_step_under_way_waits_for_nothing_and_says_its_page_rate_and_end(job):
    view = told(job(leased_until=NOW + timedelta(seconds=10), leased_by="w", is_executing=True), ahead=0)
    assert view.waits_for is None
    assert (view.page, view.pages, view.requests_left) == (61, 104, 43)
    assert view.records_per_second == 50.0
    assert view.ends_at == NOW + timedelta(seconds=43)
    assert view.sentence == "Page 62 of 104, 43 s to go."


def test_a_closed_gate_says_why_until_when_and_what_is_safe(job):
    gate = Hold(
        "discogs-api", "throttled", 0.0, "Discogs asked us to wait", NOW, NOW + timedelta(seconds=70), None, 0.0, 70.0
    )
    view = told(job(), ahead=0, gate=gate)
    assert view.waits_for == (
        "Discogs asked us to wait (HTTP 429). Continues at 03:14:10 UTC at the earliest. Page 61 of 104 is stored."
    )
    assert view.going_on_at == gate.closed_until
    assert view.ends_at == NOW + timedelta(seconds=70 + 43)


def brake(share):
    return Hold(
        "discogs-api", "operator", share, "the app moves house", NOW, NOW + timedelta(minutes=20), "anna", 0.0, 70.0
    )


def test_an_operators_pause_says_whose_it_is(job):
    assert told(job(), ahead=0, gate=brake(0.0)).waits_for == (
        "Requests to Discogs are paused by anna: the app moves house. Continues at 03:33:00 UTC at the earliest. "
        "Page 61 of 104 is stored."
    )


def test_a_paused_lane_says_why_until_when_and_what_is_safe(job):
    pause = Pause("import", NOW, NOW + timedelta(minutes=20), "the shop has a sale", "anna")
    view = told(job(), ahead=0, pause=pause)
    assert view.waits_for == (
        "Queue import is paused by anna: the shop has a sale. Continues at 03:33:00 UTC at the earliest. "
        "Page 61 of 104 is stored."
    )
    assert (view.going_on_at, view.place_in_lane) == (pause.paused_until, None)
    assert view.ends_at == pause.paused_until + timedelta(seconds=43)
    under_way = job(leased_until=NOW + timedelta(seconds=10), leased_by="w", is_executing=True)
    assert told(under_way, ahead=0, pause=pause).waits_for is None


def test_a_brake_that_leaves_a_share_makes_everything_slower_and_says_so(job):
    view = told(job(), ahead=2, brake=brake(0.25), users_by_lane={"import": 1})
    assert view.waits_for == (
        "3rd in queue import, about 12 s. "
        "25% of the rate limit is left until 03:33:00 UTC by anna: the app moves house."
    )
    assert view.ends_at == NOW + timedelta(seconds=4 * 43)


def test_a_reader_elsewhere_is_told_times_by_the_clock_there(job):
    gate = Hold(
        "discogs-api", "throttled", 0.0, "Discogs asked us to wait", NOW, NOW + timedelta(seconds=70), None, 0.0, 70.0
    )
    assert "Continues at 04:14:10 at the earliest." in told(job(), ZoneInfo("Europe/Berlin"), gate=gate).waits_for


def test_a_place_in_the_line_is_said_with_its_time(job):
    view = told(job(), ahead=2, users_by_lane={"import": 3})
    assert view.waits_for == "3rd in queue import, about 3 s."
    assert view.place_in_lane == 3


def test_a_job_that_takes_anothers_place_waits_for_its_end(job):
    view = told(job(follows=UUID("3f2a" + "0" * 28)), ahead=2)
    assert view.waits_for == "Waits for job 3f2a0000 to end, whose place it takes."


def test_more_users_in_the_lane_make_the_end_later(job):
    assert told(job(), ahead=0, users_by_lane={"import": 3}).ends_at == NOW + timedelta(seconds=3 * 43)


def test_another_step_of_the_account_is_named(job):
    assert told(job(), ahead=0, speaking=job(kind="import_wantlist")).waits_for == (
        "Takes turns with import wantlist of the same account."
    )


def test_a_failed_attempt_says_why_and_when_the_next_one_comes(job):
    row = job(state=State.RETRYING, error="Discogs answered 502", attempts=2, due_at=NOW + timedelta(seconds=20))
    assert told(row, ahead=0, workers=[worker(0.0)]).waits_for == (
        "Discogs answered 502. Attempt 3 is next. Continues at 03:13:20 UTC at the earliest. Page 61 of 104 is stored."
    )


def test_behind_more_than_are_counted_nobody_is_promised_a_place(job_row):
    view = told(job_row(NOW), ahead=1_000)
    assert view.waits_for == "After more than 1,000 others in queue import, in more than 17 min."
    assert view.place_in_lane is None


def test_a_step_without_its_token_waits_for_it(job):
    row = job(leased_until=NOW + timedelta(seconds=10), leased_by="w")
    assert told(row, ahead=0).waits_for == "Waits for its permit, about 1 s."


def test_a_cancelled_step_under_way_ends_first(job):
    row = job(leased_until=NOW + timedelta(seconds=10), leased_by="w", cancel_requested_at=NOW)
    assert told(row).waits_for == "Ends after its present step."


def test_a_delayed_job_says_when_it_begins(job):
    row = job(state=State.PENDING, started_at=None, steps=0, due_at=NOW + timedelta(days=1), checkpoint={})
    assert told(row).waits_for == "No worker is running. Not due yet."
    assert (
        told(row, workers=[worker(0.0)]).waits_for == "Not due yet. Starts at 2026-11-24 03:13:00 UTC at the earliest."
    )


def test_a_database_whose_clock_is_a_little_ahead_delays_nothing(job):
    row = job(state=State.PENDING, started_at=None, steps=0, due_at=NOW + timedelta(milliseconds=300), checkpoint={})
    view = told(row, ahead=0)
    assert (view.waits_for, view.going_on_at) == ("1st in queue import, about 1 s.", None)


def test_due_work_without_a_worker_says_so_and_has_no_eta(job):
    view = told(job(due_at=NOW - timedelta(seconds=15)), ahead=0)
    assert view.waits_for == "No worker is running. Page 61 of 104 is stored."
    assert (view.ends_at, view.seconds_left, view.place_in_lane, view.going_on_at) == (None, None, None, None)
    assert view.sentence == "Page 62 of 104. No worker is running. Page 61 of 104 is stored."


def test_an_expired_lease_names_the_silent_worker(job):
    silent = worker(seen_ago=59.0)
    row = job(leased_until=NOW - timedelta(seconds=49), leased_by=silent.name, is_executing=True)
    view = told(row, ahead=0, workers=[silent])
    assert view.waits_for == (
        "Worker vm:2891 has sent no heartbeat since 03:12:01 UTC; no worker is running. Page 61 of 104 is stored."
    )
    assert (view.ends_at, view.is_waiting) == (None, True)


def test_nothing_is_dispatched_while_redis_hangs(job):
    dispatched = job(called_until=NOW + timedelta(seconds=5), due_at=NOW)
    assert told(dispatched, ahead=0).waits_for == "Dispatched to a worker."
    view = told(dispatched, ahead=0, redis=RedisState.HUNG)
    assert view.waits_for == (
        "Redis does not answer, so no step starts and no request is sent to Discogs. Page 61 of 104 is stored."
    )
    assert view.ends_at is None


def test_two_causes_are_both_said_with_the_latest_end(job):
    gate = Hold("discogs-api", "blocked", 0.0, "x", NOW, NOW + timedelta(minutes=9), None, 0.0, 540.0)
    pause = Pause("import", NOW, NOW + timedelta(minutes=30), "the shop has a sale", "anna")
    view = told(job(due_at=NOW), ahead=0, gate=gate, pause=pause)
    assert view.waits_for == (
        "Discogs blocks our requests (HTTP 403); a probe is sent every 10 minutes. "
        "Queue import is paused by anna: the shop has a sale. Continues at 03:43:00 UTC at the earliest. "
        "Page 61 of 104 is stored."
    )
    assert view.going_on_at == pause.paused_until
    assert view.ends_at == pause.paused_until + timedelta(seconds=43)


def test_a_running_step_waits_for_nothing_but_delays_the_end(job):
    gate = Hold("discogs-api", "blocked", 0.0, "x", NOW, NOW + timedelta(minutes=9), None, 0.0, 540.0)
    row = job(leased_until=NOW + timedelta(seconds=9), leased_by="vm:1:a", is_executing=True)
    view = told(row, ahead=0, gate=gate)
    assert (view.waits_for, view.is_waiting) == (None, False)
    assert view.ends_at == gate.closed_until + timedelta(seconds=43)


def test_before_the_first_page_nobody_knows_the_end(job):
    view = told(job(total_records=None, checkpoint={"stage": "folders"}, processed_records=0), ahead=0)
    assert view.requests_left is None
    assert view.ends_at is None
    assert view.records_per_second is None


def test_before_the_first_page_what_the_connection_knows_says_the_end(job):
    row = job(total_records=None, checkpoint={"stage": "folders"}, processed_records=0)
    assert told(row, ahead=0, expected=1_001).requests_left == 2 + 11
    wants = job(kind="import_wantlist", total_records=None, checkpoint={}, processed_records=0)
    view = told(wants, ahead=0, expected=0)
    assert (view.requests_left, view.ends_at) == (1, NOW + timedelta(seconds=1))


def test_a_jobs_own_total_outranks_what_the_connection_knows(job):
    assert told(job(), expected=5).requests_left == 43


def test_linking_costs_no_request(job):
    assert told(job(checkpoint={"stage": "linking_by_name", "current_page": 104})).requests_left == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"state": State.COMPLETED, "outcome": "10,343 records are here."}, "10,343 records are here."),
        ({"state": State.FAILED, "error": "Connect again.", "error_class": "Unauthorised"}, "Connect again."),
        ({"state": State.CANCELLED}, "Cancelled. Page 61 of 104 is stored."),
    ],
)
def test_a_job_that_is_over_says_how_it_ended(changes, sentence, job):
    view = told(job(finished_at=NOW, **changes))
    assert view.sentence == sentence
    assert (view.waits_for, view.ends_at, view.requests_left) == (None, None, 0)


def test_background_work_takes_its_share_of_the_pace():
    assert ONE_A_SECOND.seconds_per_step("import", {"import": 1, "background": 1}) == pytest.approx(4 / 3)
    assert ONE_A_SECOND.seconds_per_step("import", {"import": 1, "interactive": 4}) == 1.0


@pytest.mark.parametrize("kind", ["import_collection", "import_wantlist"])
def test_asking_who_we_are_in_doubt_costs_one_request_before_the_page_comes_again(kind, job):
    doubted = {"stage": "identity", "current_page": 61, "is_doubted": True}
    assert told(job(kind=kind, checkpoint=doubted)).requests_left == 1 + 43


def test_an_import_that_knows_its_total_and_has_begun_anew_counts_what_comes_before_the_pages(job):
    assert told(job(checkpoint={"stage": "identity"})).requests_left == 3 + 104


def test_a_page_of_jobs_asks_no_more_than_one_job_does(migrated_database_url):
    pool = Pool(migrated_database_url, size=1, timeout_seconds=5)
    with pool.transaction() as conn:
        for number in range(30):
            mina = users.create(conn, f"mina{number}").id
            add(conn, NewJob("import_wantlist", "import", mina, {}, None, takes_token=True, speaks_for_user=True))
    with pool.transaction() as conn:
        page = jobs.page(conn, room=30)
        asked, up = [], RedisHealth(RedisState.UP)

        class Counted:
            def execute(self, statement, *values):
                asked.append(statement)
                return conn.execute(statement, *values)

        (alone,) = views(Counted(), page[:1], pace=ONE_A_SECOND, redis=up)
        for_one = len(asked)
        together = views(Counted(), page, pace=ONE_A_SECOND, redis=up)
        assert len(asked) == 2 * for_one
    pool.close()
    assert together[0].place_in_lane == alone.place_in_lane
    assert sorted(view.place_in_lane for view in together) == list(range(1, 31))
