"""A program whose threads never have enough of Discogs: run as a script by the journeys, with its askers as JSON.

Each asker is a lane, a user, and the account's token or none; each waits for its token, sends, and asks again. On
SIGUSR1 the process stops itself where it hurts most: between a thread's look at the clock and its write.
"""

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread, get_ident

import structlog

from cli import lifeline
from discogs.auth import PersonalToken
from discogs.budget import Permit
from discogs.client import Discogs, http_client
from discogs.errors import DiscogsError, PermitExpired
from workers import logs
from workers.holds import BUDGET
from workers.limiter.errors import LimiterError
from workers.limiter.lanes import Lane
from workers.limiter.limiter import Limiter
from workers.resources import redis_client
from workers.settings import Settings
from workers.tokens import LaneBudget

PATIENCE_SECONDS = 3600.0
AGAIN_SECONDS = 0.05


stops_at_a_write = Event()


class StoppableBudget(LaneBudget):
    """A budget whose permits may stop the process after they said that there is time."""

    @contextmanager
    def permit(self, endpoint: str) -> Iterator[Permit]:
        with super().permit(endpoint) as permit:
            yield StoppablePermit(permit)


class StoppablePermit:
    def __init__(self, permit: Permit) -> None:
        self._permit = permit
        self.answered = permit.answered

    def check(self) -> None:
        self._permit.check()
        if stops_at_a_write.is_set():
            stops_at_a_write.clear()
            signal.pthread_kill(get_ident(), signal.SIGSTOP)  # sent to the process, it would let this thread go on


def main() -> None:
    signal.signal(signal.SIGUSR1, lambda *_: stops_at_a_write.set())
    lifeline.follow()
    settings = Settings(env_file=None)
    logs.configure("json", "info")
    limiter = Limiter(redis_client(settings), settings.limiter, budget=BUDGET)
    http = http_client(settings.discogs)

    def spend(lane: Lane, user: str, token: str | None) -> None:
        budget = StoppableBudget(limiter, lane=lane, user=user, give_up_after=PATIENCE_SECONDS)
        client = Discogs(http, settings.discogs, budget, None if token is None else PersonalToken(token))
        while True:
            try:
                client.profile(user)
            except (DiscogsError, LimiterError, PermitExpired):
                time.sleep(AGAIN_SECONDS)

    threads = [Thread(target=spend, args=(Lane(lane), user, token)) for lane, user, token in json.loads(sys.argv[1])]
    for thread in threads:
        thread.start()
    structlog.get_logger().info("worker_started")
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
