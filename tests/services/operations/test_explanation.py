"""The explanation of waiting work, over every combination of trouble."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from db.fleet import Worker
from db.gates import Hold
from db.pauses import Pause
from db.system import ExpiredLease
from services.operations.causes import Code, Facts, Wait
from services.operations.explanation import explain, merged, sentence
from services.operations.facts import DatabaseState, System
from workers.redis_probe import RedisHealth, RedisState

NOW = datetime(2026, 11, 23, 23, 24, 0, tzinfo=UTC)
SILENT_SINCE = datetime(2026, 11, 23, 23, 23, 1, tzinfo=UTC)
BREAKER_UNTIL = NOW + timedelta(minutes=9)
PAUSED_UNTIL = NOW + timedelta(minutes=30)
RETRY_AT = NOW + timedelta(seconds=20)
CLOCK_UNTIL = NOW + timedelta(hours=1)
LANES = ("interactive", "import", "background")


def worker(seen_at: datetime, **said) -> Worker:
    ago = (NOW - seen_at).total_seconds()
    row = Worker(
        "vm:2891:a1b2c3", "vm", 2891, "1+a", LANES, ("import_collection",), 8, 1, 0, ago, ago, ago,
        started_at=NOW - timedelta(hours=1), seen_at=seen_at, seen_ago=ago,
    )  # fmt: skip
    return replace(row, **said)


def hold(cause: str, until: datetime, share: float = 0.0, reason: str = "stored reason", by: str | None = None) -> Hold:
    return Hold("discogs-api", cause, share, reason, NOW, until, by, 0.0, (until - NOW).total_seconds())


WORKERS = {"alive": [worker(NOW)], "stopped": [worker(SILENT_SINCE)], "none": []}
REDIS = {"up": RedisState.UP, "hung": RedisState.HUNG, "down": RedisState.DOWN}
DISCOGS = {"ok": None, "429": Code.COOLDOWN, "403": Code.BREAKER_OPEN, "5xx": Code.DISCOGS_UNAVAILABLE}
QUEUE = {"running": None, "paused": Code.QUEUE_PAUSED}
DATABASE = {"ok": None, "read-only": Code.DATABASE_READ_ONLY, "clock": Code.CLOCK_SET_BACK}
ALL = list(product(WORKERS, REDIS, DISCOGS, QUEUE, DATABASE))
PAUSE = Pause("import", NOW, PAUSED_UNTIL, "the shop has a sale", "anna")


def facts(workers: str, redis: str, discogs: str, queue: str, database: str) -> Facts:
    holds = {
        "429": [hold("throttled", BREAKER_UNTIL)],
        "403": [hold("blocked", BREAKER_UNTIL)],
    }.get(discogs, [])
    system = System(
        NOW,
        redis=RedisHealth(REDIS[redis]),
        database=DatabaseState.READ_ONLY if database == "read-only" else DatabaseState.OK,
        clock_until=CLOCK_UNTIL if database == "clock" else None,
        holds=holds,
        pauses={"import": PAUSE} if queue == "paused" else {},
        workers=WORKERS[workers],
    )
    wait = Wait(RETRY_AT, "Discogs answered 502. Attempt 3 is next.", is_fault=True) if discogs == "5xx" else None
    if database == "clock" and wait is None:
        wait = Wait(CLOCK_UNTIL, "Not due yet")
    return Facts(system, "import", "import_collection", due_since=NOW - timedelta(minutes=1), wait=wait)


def expected(workers: str, redis: str, discogs: str, queue: str, database: str) -> set[Code]:
    codes = {DISCOGS[discogs], QUEUE[queue], DATABASE[database]}
    codes |= {{"up": None, "hung": Code.REDIS_HUNG, "down": Code.REDIS_DOWN}[redis]}
    codes |= {None if workers == "alive" else Code.NO_WORKER}
    return {code for code in codes if code is not None}


def test_there_are_216_combinations():
    assert len(ALL) == 216


@pytest.mark.parametrize("combination", ALL, ids="/".join)
def test_each_combination_is_explained(combination):
    workers, redis, discogs, queue, database = combination
    found = explain(facts(*combination))
    codes = [cause.code for cause in found.causes]
    assert len(codes) == len(set(codes))
    assert set(codes) == expected(*combination)
    assert codes == sorted(codes, key=list(Code).index)
    assert all(cause.message and cause.remedy for cause in found.causes)
    is_open_ended = workers != "alive" or redis != "up" or database == "read-only"
    assert found.has_unknown_end is is_open_ended
    ends = {"429": BREAKER_UNTIL, "403": BREAKER_UNTIL, "5xx": RETRY_AT}
    known = [ends[discogs]] if discogs in ends else []
    known += [PAUSED_UNTIL] if queue == "paused" else []
    known += [max(known[:1] if discogs == "5xx" else [CLOCK_UNTIL])] if database == "clock" else []
    assert found.until == (None if is_open_ended else max(known, default=None))
    said = sentence(found, NOW)
    assert bool(said) is bool(codes)
    assert ("at the earliest" in said) is (found.until is not None)
    for cause in found.causes:
        assert said.count(cause.message) == 1


LITERAL = {
    ("alive", "up", "ok", "running", "ok"): "",
    ("stopped", "up", "ok", "running", "ok"): (
        "Worker vm:2891 has sent no heartbeat since 23:23:01 UTC; no worker is running."
    ),
    ("none", "up", "ok", "running", "ok"): "No worker is running.",
    ("alive", "hung", "ok", "running", "ok"): (
        "Redis does not answer, so no step starts and no request is sent to Discogs."
    ),
    ("alive", "down", "ok", "running", "ok"): (
        "Redis cannot be reached, so no step starts and no request is sent to Discogs."
    ),
    ("alive", "up", "429", "running", "ok"): (
        "Discogs asked us to wait (HTTP 429). Continues at 23:33:00 UTC at the earliest."
    ),
    ("alive", "up", "403", "paused", "ok"): (
        "Discogs blocks our requests (HTTP 403); a probe is sent every 10 minutes. "
        "Queue import is paused by anna: the shop has a sale. Continues at 23:54:00 UTC at the earliest."
    ),
    ("alive", "up", "5xx", "running", "ok"): (
        "Discogs answered 502. Attempt 3 is next. Continues at 23:24:20 UTC at the earliest."
    ),
    ("alive", "up", "ok", "paused", "ok"): (
        "Queue import is paused by anna: the shop has a sale. Continues at 23:54:00 UTC at the earliest."
    ),
    ("alive", "up", "ok", "running", "read-only"): (
        "The database is read-only, so no job is accepted and no result can be stored."
    ),
    ("alive", "up", "ok", "running", "clock"): (
        "The database's clock was set back by 3,600 s or more: work that was due before waits until then. "
        "Continues at 2026-11-24 00:24:00 UTC at the earliest."
    ),
    ("stopped", "up", "ok", "running", "read-only"): (
        "The database is read-only, so no job is accepted and no result can be stored. "
        "The database has stored no heartbeat of worker vm:2891 since 23:23:01 UTC."
    ),
    ("stopped", "hung", "403", "paused", "ok"): (
        "Redis does not answer, so no step starts and no request is sent to Discogs. "
        "Worker vm:2891 has sent no heartbeat since 23:23:01 UTC; no worker is running. "
        "Discogs blocks our requests (HTTP 403); a probe is sent every 10 minutes. "
        "Queue import is paused by anna: the shop has a sale."
    ),
}


@pytest.mark.parametrize("combination", LITERAL, ids="/".join)
def test_the_message_reads(combination):
    assert sentence(explain(facts(*combination)), NOW) == LITERAL[combination]


def of_step(system: System, leased_until: datetime, **said) -> Facts:
    return Facts(system, "import", "import_collection", leased_by="vm:2891:a1b2c3", leased_until=leased_until, **said)


def test_an_expired_lease_beside_another_worker_is_a_takeover():
    other = worker(NOW, name="vm:3000:ffffff")
    system = System(NOW, workers=[worker(SILENT_SINCE), other])
    (cause,) = explain(of_step(system, NOW - timedelta(seconds=5))).causes
    assert (cause.code, cause.until, cause.since) == (Code.LEASE_EXPIRED, None, SILENT_SINCE)
    assert (
        cause.message == "Worker vm:2891 has sent no heartbeat since 23:23:01 UTC; another worker takes the step over."
    )


def test_an_expired_lease_of_a_live_worker_blames_no_heartbeat():
    (cause,) = explain(of_step(System(NOW, workers=[worker(NOW)]), NOW - timedelta(seconds=5))).causes
    assert cause.message == (
        "The lease of worker vm:2891 on this step expired at 23:23:55 UTC; another worker takes the step over."
    )


def test_an_expired_lease_ends_liveness_before_the_heartbeat():
    silent = worker(NOW - timedelta(seconds=14))
    expired = [ExpiredLease(silent.name, "import", NOW - timedelta(seconds=4), 1)]
    assert System(NOW, workers=[silent]).live_workers == [silent]
    assert System(NOW, workers=[silent], expired=expired).live_workers == []


def test_a_valid_lease_needs_no_worker():
    assert explain(of_step(System(NOW), NOW + timedelta(seconds=5))).causes == ()


def test_work_due_for_less_than_15_s_needs_no_worker():
    fresh = Facts(System(NOW), "import", due_since=NOW - timedelta(seconds=14))
    assert explain(fresh).causes == ()
    assert explain(replace(fresh, due_since=NOW - timedelta(seconds=15))).causes != ()


def test_a_heartbeat_from_the_future_is_no_sign_of_a_worker():
    assert System(NOW, workers=[worker(NOW + timedelta(hours=1))]).live_workers == []


def test_a_restarted_database_does_not_declare_workers_dead():
    started = NOW - timedelta(seconds=3)
    before = worker(started - timedelta(seconds=5), seen_ago=40.0)
    assert System(NOW, workers=[before], started_at=started).live_workers == [before]
    assert System(NOW, workers=[before]).live_workers == []


def test_a_queue_without_a_consumer_is_named():
    system = System(NOW, workers=[worker(NOW, lanes=("background",))])
    (cause,) = explain(Facts(system, "import", due_since=NOW - timedelta(minutes=1))).causes
    assert (cause.code, cause.remedy) == (Code.NO_CONSUMER, "Start one: `rekkrd worker --queues import`.")


def test_a_stalled_worker_is_named_unless_redis_explains_it():
    system = System(NOW, redis=RedisHealth(RedisState.UP), workers=[worker(NOW, asked_ago=60.0)])
    late = Facts(system, "import", due_since=NOW - timedelta(minutes=1))
    (cause,) = explain(late).causes
    assert cause.message == ("No worker takes jobs of queue import (vm:2891: its consumers do not ask Redis for work).")
    hung = replace(system, redis=RedisHealth(RedisState.HUNG))
    assert [one.code for one in explain(replace(late, system=hung)).causes] == [Code.REDIS_HUNG]


def test_a_kind_that_no_worker_knows_is_named():
    late = Facts(System(NOW, workers=[worker(NOW)]), "import", "brand_new", due_since=NOW - timedelta(minutes=1))
    assert explain(late).causes[0].message == "No running worker knows jobs of kind brand_new."


def test_a_throttle_slows_and_does_not_block():
    share = hold("operator", PAUSED_UNTIL, 0.25, "the app moves house", "anna")
    found = explain(Facts(System(NOW, holds=[share]), "import"))
    assert found.causes[0].message == "25% of the rate limit is left until 23:54:00 UTC by anna: the app moves house."
    assert (found.blocking, found.until, found.has_unknown_end) == ((), None, False)


def test_a_job_that_needs_no_permit_ignores_discogs():
    system = System(NOW, holds=[hold("blocked", BREAKER_UNTIL)])
    assert explain(Facts(system, "background", takes_permit=False)).causes == ()


def test_a_running_step_ignores_the_pause_of_its_queue():
    assert explain(of_step(System(NOW, pauses={"import": PAUSE}), NOW + timedelta(seconds=5))).causes == ()


def test_a_job_due_before_the_clock_went_back_is_not_held():
    fresh = Facts(System(NOW, clock_until=CLOCK_UNTIL, workers=[worker(NOW)]), "import", "import_collection")
    assert explain(fresh).causes == ()


def test_a_lease_from_before_the_clock_went_back_holds_its_job():
    system = System(NOW, clock_until=CLOCK_UNTIL, workers=[worker(NOW)])
    (cause,) = explain(of_step(system, CLOCK_UNTIL + timedelta(seconds=10))).causes
    assert (cause.code, cause.until) == (Code.CLOCK_SET_BACK, CLOCK_UNTIL + timedelta(seconds=10))


def test_a_snooze_for_a_cooldown_is_said_once():
    system = System(NOW, holds=[hold("throttled", BREAKER_UNTIL)], workers=[worker(NOW)])
    snoozed = Facts(system, "import", wait=Wait(BREAKER_UNTIL, "Discogs asked us to wait"))
    assert [cause.code for cause in explain(snoozed).causes] == [Code.COOLDOWN]


def test_queues_share_a_cause_of_the_system_once():
    system = System(NOW, redis=RedisHealth(RedisState.HUNG), pauses={"import": PAUSE})
    found = merged(explain(Facts(system, lane)) for lane in LANES)
    assert [cause.code for cause in found] == [Code.REDIS_HUNG, Code.QUEUE_PAUSED]
