"""What each kind of blow does. A strike says in a few words what it hit, or None when there was nothing to hit."""

import time
from collections.abc import Callable
from functools import partial

import psycopg
import redis

from tests.journeys.simulated import Json
from tests.storm.proxy import Proxy
from tests.storm.scene import Scene, Wound
from tests.storm.weather import Kind

LEASES_ASLEEP = 2.0
MOST_CRASHES = 2  # a job whose step died twice is spared: the third time would rightly end it
LONGEST_OUTAGE = 1.5  # seconds that a server stays away

CUT_POSTGRES = """
    SELECT count(pg_terminate_backend(pid)) AS cut FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

Strike = Callable[[Scene, float], str | None]


def kill(scene: Scene, _: float) -> str | None:
    """Kill a worker that has work in hand; another one is started in its place."""
    wound = _stopped_at_work(scene)
    if wound is None:
        return None
    wound.worker.kill()
    scene.killed.append(wound)
    scene.launch()
    return f"{len(wound.held)} steps in hand"


def stop(scene: Scene, _: float) -> str | None:
    """Stop a worker that has work in hand for two leases."""
    wound = _stopped_at_work(scene)
    if wound is None:
        return None
    scene.stopped.append(wound)

    def wake() -> None:
        wound.woken = time.time()
        wound.worker.wake()

    scene.clock.after(LEASES_ASLEEP * scene.fleet.timing.lease, wake)
    return f"{len(wound.held)} steps in hand"


def terminate(scene: Scene, _: float) -> str | None:
    """Ask a worker to end, and start another one."""
    if (spare := scene.spare()) is None:
        return None
    worker = scene.rng.choice(spare)
    worker.process.terminate()
    scene.leaving.append(worker)
    scene.launch()
    return ""


def kill_redis(scene: Scene, force: float) -> str | None:
    server = scene.fleet.servers.valkey
    if server.pid is None:
        return None
    server.kill()
    scene.clock.after(force * LONGEST_OUTAGE, server.start)
    return f"away for {force * LONGEST_OUTAGE:.1f} s"


def restart_redis(scene: Scene, _: float) -> str | None:
    server = scene.fleet.servers.valkey
    if server.pid is None:
        return None
    server.restart()
    return ""


def flush_redis(scene: Scene, _: float) -> str:
    with redis.Redis.from_url(scene.fleet.redis_url) as client:
        client.flushall()
        client.script_flush()
    return ""


def cut_redis(scene: Scene, _: float) -> str:
    with redis.Redis.from_url(scene.fleet.redis_url) as client:
        cut = client.client_kill_filter(_type="normal", skipme=True)
    return f"{cut} connections"


def lose_redis(scene: Scene, force: float) -> str:
    return _lose(scene.to_redis, force)


def kill_postgres(scene: Scene, force: float) -> str | None:
    server = scene.fleet.servers.postgres
    if server.pid is None:
        return None
    server.kill()
    scene.clock.after(force * LONGEST_OUTAGE, server.start)
    return f"away for {force * LONGEST_OUTAGE:.1f} s"


def restart_postgres(scene: Scene, _: float) -> str | None:
    server = scene.fleet.servers.postgres
    if server.pid is None:
        return None
    server.restart()
    return ""


def cut_postgres(scene: Scene, _: float) -> str:
    return f"{scene.fleet.rows(CUT_POSTGRES)[0]['cut']} connections"


def lose_postgres(scene: Scene, force: float) -> str:
    return _lose(scene.to_postgres, force)


def lose_commit(scene: Scene, force: float) -> str:
    return _lose(scene.to_postgres, force, b"COMMIT")


def cancel(scene: Scene, _: float) -> str:
    scene.door.cancel_one()
    return ""


def spoil(fault: Json, scene: Scene, force: float) -> str:
    """Let Discogs answer the next requests badly."""
    times = 1 if fault["kind"] == "throttle" else 1 + round(force * 2)
    status = {"status": (500, 502, 503)[round(force * 2)]} if fault["kind"] == "error" else {}
    scene.fleet.discogs.break_with(**fault, **status, times=times, seconds=2 * scene.fleet.timing.deadline)
    return f"the next {times}"


STRIKES: dict[Kind, Strike] = {
    Kind.KILL: kill,
    Kind.STOP: stop,
    Kind.TERMINATE: terminate,
    Kind.REDIS_KILLED: kill_redis,
    Kind.REDIS_RESTARTED: restart_redis,
    Kind.REDIS_FLUSHED: flush_redis,
    Kind.REDIS_CUT: cut_redis,
    Kind.REDIS_REPLY: lose_redis,
    Kind.POSTGRES_KILLED: kill_postgres,
    Kind.POSTGRES_RESTARTED: restart_postgres,
    Kind.POSTGRES_CUT: cut_postgres,
    Kind.POSTGRES_REPLY: lose_postgres,
    Kind.POSTGRES_COMMIT: lose_commit,
    Kind.THROTTLE: partial(spoil, {"kind": "throttle"}),
    Kind.ERROR: partial(spoil, {"kind": "error"}),
    Kind.HTML: partial(spoil, {"kind": "html"}),
    Kind.EMPTY: partial(spoil, {"kind": "empty"}),
    Kind.TRUNCATED: partial(spoil, {"kind": "truncated"}),
    Kind.HALF: partial(spoil, {"kind": "half"}),
    Kind.RESET: partial(spoil, {"kind": "reset"}),
    Kind.SLOW: partial(spoil, {"kind": "slow"}),
    Kind.DRIP: partial(spoil, {"kind": "drip"}),
    Kind.CANCEL: cancel,
}


def _stopped_at_work(scene: Scene) -> Wound | None:
    """Stop a worker in the middle of a step, at whatever instruction it is, and see what it has in hand."""
    for worker in scene.spare() or ():
        if not scene.fleet.held_by(worker):
            continue
        worker.stop()
        try:
            held = scene.fleet.held_by(worker)
        except psycopg.Error:
            worker.wake()
            raise
        if held and max(job["crashes"] for job in held) < MOST_CRASHES:
            return Wound(worker, time.time(), held)
        worker.wake()
    return None


def _lose(proxy: Proxy, force: float, matching: bytes = b"") -> str:
    replies = 1 + round(force * 3)
    proxy.lose(replies, matching)
    return f"the next {replies}"
