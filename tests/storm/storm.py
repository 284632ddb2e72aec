"""A storm over a real fleet: processes, servers, lines and Discogs itself are struck by plan while imports go on."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random

import psycopg
import redis

from cli.servers import Servers
from db.errors import MayBeRetried
from db.pool import Pool
from tests.journeys.fleet import Fleet, Timing
from tests.journeys.simulated import simulated
from tests.journeys.worker import END_SECONDS, Worker
from tests.storm.door import Door
from tests.storm.judge import judged
from tests.storm.proxy import before_postgres, before_redis
from tests.storm.scene import Scene
from tests.storm.strikes import STRIKES
from tests.storm.survived import Survived
from tests.storm.weather import Blow, forecast, told

WORKERS, THREADS = 3, 4
BUSY = 10  # jobs that are live at a time
MOST_RECORDS, MOST_WANTS = 900, 250
REQUESTS_OF_ONE = 11  # that a person's imports cost, about
LATENCY = 0.05
LOOK_SECONDS = 0.05
TELL_SECONDS = 10.0
AGAIN_SECONDS = 0.3  # a blow that finds nothing to strike is tried again after this
TRIES = 30
BLOWS_IN_A_LEASE = 1.5
LAST_WORDS = 20_000
AWAY = (MayBeRetried, psycopg.Error, redis.RedisError)

Say = Callable[[str], object]


def storm(
    folder: Path,
    servers: Servers,
    database_url: str,
    redis_url: str,
    *,
    seed: int,
    seconds: float,
    timing: Timing,
    say: Say,
) -> Survived:
    """Run the storm of this seed over an empty migrated database and an empty Valkey, and judge what is left."""
    blows = forecast(seed, seconds, timing.lease / BLOWS_IN_A_LEASE)
    say(f"Storm of seed {seed}: {len(blows)} blows in {seconds:.0f} s, a lease is {timing.lease:g} s.")
    for line in told(blows):
        say(line)
    with _scene(folder, servers, database_url, redis_url, seed=seed, seconds=seconds, timing=timing) as scene:
        _rage(scene, blows, seconds, say)
        complaints = _calm_down(scene)
        return judged(scene, complaints)


@contextmanager
def _scene(
    folder: Path, servers: Servers, database_url: str, redis_url: str, *, seed: int, seconds: float, timing: Timing
) -> Iterator[Scene]:
    rng = Random(seed)
    with (
        simulated(folder, window_seconds=timing.window, latency=LATENCY) as discogs,
        before_postgres(database_url) as (to_postgres, lossy_database_url),
        before_redis(redis_url) as (to_redis, lossy_redis_url),
    ):
        pool = Pool(database_url, size=2, timeout_seconds=2.0)
        fleet = Fleet(folder, servers, database_url, redis_url, discogs, timing, pool)
        door = Door(lossy_database_url, fleet.people, busy=BUSY, rng=rng)
        try:
            for _ in range(max(4, round(seconds * 55 / timing.window / REQUESTS_OF_ONE))):
                fleet.person(records=rng.randint(20, MOST_RECORDS), wants=rng.randint(0, MOST_WANTS))
            environment = {
                "DATABASE_URL": lossy_database_url,
                "DATABASE_DIRECT_URL": lossy_database_url,
                "REDIS_URL": lossy_redis_url,
                "REKKRD_WORKER_THREADS": str(THREADS),
                "PYTHONFAULTHANDLER": "1",  # who hangs says where
            }
            fleet.start_workers(WORKERS, **environment)
            yield Scene(fleet, door, to_postgres, to_redis, environment, rng)
        finally:
            door.close()
            fleet.close()
            pool.close()
            servers.valkey.start()  # whoever stops a server starts it again
            servers.postgres.start()


def _rage(scene: Scene, blows: list[Blow], seconds: float, say: Say) -> None:
    """Strike by plan, and go on until what was broken is whole again."""
    clock = scene.clock
    for blow in blows:
        clock.at(blow.at, partial(_strike, scene, blow, say, TRIES))
    for number in range(1, int(seconds / TELL_SECONDS) + 1):
        clock.at(number * TELL_SECONDS, partial(_tell, scene, say))
    scene.door.open()
    while not clock.is_empty or clock.now < seconds:
        clock.do_what_is_due()
        time.sleep(LOOK_SECONDS)


def _strike(scene: Scene, blow: Blow, say: Say, tries: int) -> None:
    hit = None
    with suppress(*AWAY):
        hit = STRIKES[blow.kind](scene, blow.force)
    if hit is not None:
        scene.struck[blow.kind] += 1
        say(f"{scene.clock.now:6.1f} s  {blow.kind}{hit and f', {hit}'}")
    elif tries > 1:
        scene.clock.after(AGAIN_SECONDS, partial(_strike, scene, blow, say, tries - 1))
    else:
        scene.missed[blow.kind] += 1
        say(f"{scene.clock.now:6.1f} s  {blow.kind}: nothing to strike")


def _tell(scene: Scene, say: Say) -> None:
    with suppress(*AWAY):
        (row,) = scene.fleet.rows(
            "SELECT count(*) FILTER (WHERE finished_at IS NULL) AS live, count(finished_at) AS over, "
            "coalesce(sum(steps), 0) AS steps, coalesce(sum(requests), 0) AS requests FROM rekkrd.jobs"
        )
        say(
            f"{scene.clock.now:6.1f} s  = {row['over']} jobs over, {row['live']} live, {row['steps']} steps, "
            f"{row['requests']} requests"
        )


def _calm_down(scene: Scene) -> list[str]:
    """Take back what has not struck yet, wait until all that began is over, and let everybody go home."""
    complaints = []
    scene.to_postgres.lose(0)
    scene.to_redis.lose(0)
    scene.fleet.discogs.mend()
    scene.door.shut()
    try:
        scene.fleet.wait_until(scene.door.finish, "the imports did not end")
    except AssertionError as error:
        complaints.append(str(error))
    scene.ended_at = scene.clock.now
    for worker in scene.working():
        worker.wait_until_started()  # before that it has nothing to end
        worker.process.terminate()
        scene.leaving.append(worker)
    return complaints + [said for worker in scene.leaving for said in _of_end(worker)]


def _of_end(worker: Worker) -> list[str]:
    """Wait for the end of a worker that was asked to; one that hangs says where before it is killed."""
    try:
        worker.process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        worker.process.send_signal(signal.SIGABRT)
        worker.process.wait(END_SECONDS)
        return [f"a worker that was asked to end did not: {worker.said()[-LAST_WORDS:]}"]
    return []
