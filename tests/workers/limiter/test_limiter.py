"""The limiter as threads and processes meet it, in real time with a window of seconds."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from discogs.errors import PermitExpired
from workers.limiter.errors import GateClosed, GaveUp, LimiterError, LimiterUnavailable, Stopped
from workers.limiter.lanes import Lane
from workers.limiter.limiter import Limiter
from workers.limiter.settings import LimiterSettings
from workers.limiter.stop import Stop

SHORT = {"window_seconds": 3.0, "send_deadline_seconds": 0.1, "answer_deadline_seconds": 3.0}


def short_settings(**other: float) -> LimiterSettings:
    return LimiterSettings(_env_file=None, **(SHORT | other))


def most_in_a_window(arrivals: list[float], window: float) -> int:
    return max(sum(at - window < one <= at for one in arrivals) for at in arrivals)


@pytest.fixture
def new_limiter(client: redis.Redis) -> Iterator[Callable[..., Limiter]]:
    opened = []

    def start(*, on: redis.Redis = client, on_gate=None, **settings: float) -> Limiter:
        opened.append(Limiter(on, short_settings(**settings), budget="b", on_gate=on_gate))
        return opened[-1]

    yield start
    for limiter in opened:
        limiter.close()


def acquire(limiter: Limiter, *, give_up_after: float | None = 10.0, stop: Stop | None = None):
    return limiter.acquire(lane=Lane.IMPORT, user="a", give_up_after=give_up_after, stop=stop)


def in_thread(act: Callable[[], object]) -> tuple[Thread, list[object]]:
    came = []

    def run() -> None:
        try:
            came.append(act())
        except LimiterError as error:
            came.append(error)

    thread = Thread(target=run)
    thread.start()
    return thread, came


def wait_until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.01)


def test_seventeen_threads_use_the_window_up_and_never_pass_it(new_limiter):
    limiter, arrivals, until = new_limiter(), [], time.monotonic() + 10

    def work(number: int) -> None:
        while time.monotonic() < until:
            grant = limiter.acquire(lane=list(Lane)[number % 3], user=f"u{number}", give_up_after=None)
            try:
                grant.check()
            except PermitExpired:
                grant.unused()
                continue
            arrivals.append(time.monotonic())
            grant.answered(200, None, None)

    threads = [Thread(target=work, args=(number,)) for number in range(17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most_in_a_window(arrivals, 3.0) <= 55
    assert len(arrivals) > 60, "more than one window's worth"


def test_who_gives_up_waits_no_more_and_holds_nothing(new_limiter):
    limiter = new_limiter(requests_per_window=1)
    acquire(limiter).answered(200, None, None)
    with pytest.raises(GaveUp):
        acquire(limiter, give_up_after=0.2)
    wait_until(lambda: limiter.snapshot().waiting == ())
    assert limiter.snapshot().in_flight[Lane.IMPORT] == 0


def test_a_stop_ends_the_wait(new_limiter):
    limiter, stop = new_limiter(requests_per_window=1, window_seconds=600.0), Stop()
    thread, came = in_thread(lambda: acquire(limiter, give_up_after=None, stop=stop))
    wait_until(lambda: len(limiter.snapshot().waiting) == 1)
    stop.set()
    thread.join()
    assert isinstance(came[0], Stopped)
    wait_until(lambda: limiter.snapshot().waiting == ())


def test_closing_the_limiter_ends_every_wait(new_limiter):
    limiter = new_limiter(requests_per_window=1, window_seconds=600.0)
    thread, came = in_thread(lambda: acquire(limiter, give_up_after=None))
    wait_until(lambda: len(limiter.snapshot().waiting) == 1)
    limiter.close()
    thread.join()
    assert isinstance(came[0], Stopped)


def test_a_gate_that_outlasts_the_asker_is_told_with_its_reason(new_limiter):
    limiter = new_limiter()
    limiter.close_gate(300.0, "Discogs blocks us")
    with pytest.raises(GateClosed, match="Discogs blocks us") as told:
        acquire(limiter, give_up_after=2.0)
    assert timedelta(minutes=4) < told.value.until - datetime.now(UTC) <= timedelta(minutes=5)


def test_a_brake_holds_until_it_is_released(new_limiter):
    limiter = new_limiter()
    limiter.brake(0.0, 300.0, "maintenance")
    with pytest.raises(GateClosed, match="maintenance"):
        acquire(limiter, give_up_after=1.0)
    limiter.release_brake()
    acquire(limiter).answered(200, None, None)


def test_a_429_is_told_to_whoever_listens(new_limiter):
    told = []
    limiter = new_limiter(on_gate=told.append)
    acquire(limiter).answered(429, None, None)
    assert [gate.reason for gate in told] == ["Discogs asked us to wait"]


def test_without_redis_nobody_sends(new_limiter):
    nowhere = redis.Redis(port=1, retry=Retry(NoBackoff(), 0), socket_connect_timeout=0.2)
    with pytest.raises(LimiterUnavailable):
        acquire(new_limiter(on=nowhere), give_up_after=None)


class LossyScript:
    """Runs the script and, when told to, loses the reply that carries a grant."""

    def __init__(self, script: Callable[..., bytes]) -> None:
        self.script = script
        self.losses = 1

    def __call__(self, *, keys: list[str], args: list[str]) -> bytes:
        reply = self.script(keys=keys, args=args)
        if self.losses and b'"grants":[' in reply:
            self.losses -= 1
            raise redis.TimeoutError
        return reply


def test_a_grant_whose_reply_was_lost_is_not_given_twice(new_limiter):
    limiter = new_limiter(send_deadline_seconds=2.0)
    lossy = limiter._bucket._script = LossyScript(limiter._bucket._script)
    grant = acquire(limiter)
    grant.check()
    assert lossy.losses == 0
    assert limiter.snapshot().granted == 1


def test_a_grant_whose_reply_was_lost_goes_back_when_its_asker_left(new_limiter):
    limiter = new_limiter(send_deadline_seconds=1.0, answer_deadline_seconds=600.0)  # it would count that long
    lossy = limiter._bucket._script = LossyScript(limiter._bucket._script)
    stop = Stop()
    thread, came = in_thread(lambda: acquire(limiter, give_up_after=None, stop=stop))
    wait_until(lambda: lossy.losses == 0)
    stop.set()
    thread.join()
    assert isinstance(came[0], Stopped)
    wait_until(lambda: limiter.snapshot().spent == 0)
