"""The dispatcher: what it does with steps that nobody ended, and with calls that nobody heard."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import redis

from actors.catalog import UPKEEP
from db import fleet, jobs, line, pauses, steps
from db.jobs import State
from tests.new_jobs import enqueue
from workers.broker import CallBroker, Desk
from workers.dispatcher import Dispatcher
from workers.limiter.lanes import Lane
from workers.resources import Resources, open_resources
from workers.settings import Settings

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture
def resources(migrated_database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resources]:
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("REKKRD_LEASE_SECONDS", "0.6")
    monkeypatch.setenv("REKKRD_DISPATCH_SECONDS", "0.9")
    monkeypatch.setenv("DISCOGS_OAUTH_ENCRYPTION_KEY", KEY)
    with open_resources(Settings(env_file=None)) as opened:
        yield opened


class Silent(CallBroker):
    """A broker whose Redis is away; it counts who tried."""

    tries = 0

    def call(self, actor: str, queue: str, job_id: str, crashes: int) -> None:
        self.tries += 1
        raise redis.ConnectionError("away")


@pytest.fixture
def broker(resources: Resources) -> Silent:
    return Silent(resources.redis, namespace=uuid4().hex, desk=Desk(8))


def add(resources: Resources) -> UUID:
    with resources.pool.transaction() as conn:
        return enqueue(conn, UPKEEP, uuid4()).job.id


def found(resources: Resources, job_id: UUID) -> jobs.Job:
    with resources.pool.transaction() as conn:
        job = jobs.find(conn, job_id)
    assert job is not None
    return job


def test_a_job_asked_to_end_ends_with_its_worker(resources: Resources, broker: Silent) -> None:
    job_id = add(resources)
    with resources.pool.transaction() as conn:
        line.call_up(conn, lane="background", takes_token=False, room=1, call_seconds=600)
        steps.claim(conn, job_id, worker="died", lease_seconds=0.001)
        jobs.cancel(conn, job_id)
    assert found(resources, job_id).state is State.RUNNING
    Dispatcher(resources, broker, lanes=(Lane.BACKGROUND,), kinds=("upkeep",)).look()
    assert found(resources, job_id).state is State.CANCELLED
    assert broker.tries == 0


def test_who_could_not_look_gives_the_others_time_to_renew_before_it_takes_them_for_dead(
    resources: Resources, broker: Silent
) -> None:
    job_id = add(resources)
    with resources.pool.transaction() as conn:
        line.call_up(conn, lane="background", takes_token=False, room=1, call_seconds=600)
        steps.claim(conn, job_id, worker="alive", lease_seconds=0.001)
    dispatcher = Dispatcher(resources, broker, lanes=(Lane.IMPORT,), kinds=("upkeep",))
    time.sleep(1.2)  # longer than the fixture's pause between two looks and a third of its lease
    dispatcher.look()
    assert found(resources, job_id).leased_by == "alive"
    time.sleep(0.6)
    dispatcher.look()
    assert (found(resources, job_id).leased_by, found(resources, job_id).crashes) == (None, 1)


def test_redis_away_costs_one_try_and_leaves_no_step_called(resources: Resources, broker: Silent) -> None:
    job_ids = [add(resources) for _ in range(3)]
    Dispatcher(resources, broker, lanes=(Lane.BACKGROUND,), kinds=("upkeep",)).look()
    assert broker.tries == 1
    assert [found(resources, job_id).called_until for job_id in job_ids] == [None, None, None]


def test_a_paused_lane_is_left_alone_until_its_time_and_the_others_go_on(resources: Resources, broker: Silent) -> None:
    job_id = add(resources)
    dispatcher = Dispatcher(resources, broker, lanes=(Lane.BACKGROUND, Lane.IMPORT), kinds=("upkeep",))
    now = datetime.now(UTC)
    with resources.pool.transaction() as conn:
        pauses.pause(conn, "background", until=now + timedelta(hours=1), reason="the shop has a sale", by="ada")
    dispatcher.look()
    assert broker.tries == 0
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.pauses SET paused_at = %s, paused_until = now()", [now - timedelta(hours=1)])
    dispatcher.look()
    assert broker.tries == 1
    with resources.pool.transaction() as conn:
        pauses.pause(conn, "import", until=now + timedelta(hours=1), reason="no imports", by="ada")
    dispatcher.look()
    assert broker.tries == 2, found(resources, job_id)


def test_only_what_the_process_knows_is_called_up(resources: Resources, broker: Silent) -> None:
    add(resources)
    Dispatcher(resources, broker, lanes=(Lane.BACKGROUND,), kinds=("import_collection",)).look()
    assert broker.tries == 0


def test_call_ups_and_take_overs_are_counted(resources: Resources, broker: Silent) -> None:
    job_id = add(resources)
    with resources.pool.transaction() as conn:
        line.call_up(conn, lane="background", takes_token=False, room=1, call_seconds=600)
        steps.claim(conn, job_id, worker="died", lease_seconds=0.001)
        jobs.cancel(conn, job_id)
    add(resources)
    Dispatcher(resources, broker, lanes=(Lane.BACKGROUND,), kinds=("upkeep",)).look()
    assert resources.figures.flush()
    with resources.pool.transaction() as conn:
        told = {(one.name, *one.labels.values()): one.value for one in fleet.tallies(conn)}
    assert told["call_ups", "background"] == 1
    assert told["take_overs", "upkeep", "true"] == 1
    assert [name for name, *_, state in told if name == "job_seconds_sum" and state == "cancelled"], told
