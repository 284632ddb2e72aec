"""Every grant of the limiter as Redis itself saw it, by MONITOR, and which requests came without one."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread
from uuid import uuid4

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.journeys.simulated import Arrival

LANES = ("interactive", "import", "background")
AGAIN_SECONDS = 0.02
SEEN_SECONDS = 20.0
CLOCK_SECONDS = 0.01  # between two readings of one machine's clock
ON_THE_WAY_SECONDS = 1.0  # from the write to the simulator's read, on a busy machine


@dataclass(slots=True)
class Granted:
    """One token. ``at`` is since 1970; ``is_returned``: handed back as not sent."""

    id: str
    at: float
    lane: str
    user: str
    is_returned: bool = False
    is_answered: bool = False


class Grants:
    """Listens to what the script writes. A server that went away is listened to again as soon as it is back."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._by_id: dict[str, Granted] = {}
        self._written: tuple[str, str] | None = (
            None  # lane and id that the script wrote last: a grant has its turn next
        )
        self._heard: set[str] = set()
        self._is_over = False
        self._listens = Event()
        self._thread = Thread(target=self._run, name="grants", daemon=True)
        self._thread.start()
        assert self._listens.wait(SEEN_SECONDS), "Redis cannot be listened to"

    def all(self) -> list[Granted]:
        """Every grant so far, in their order."""
        self._catch_up()
        return sorted(self._by_id.values(), key=lambda one: one.at)

    def close(self) -> None:
        self._is_over = True
        with suppress(redis.RedisError), self._connected() as client:
            client.ping()  # it looks up at whatever it hears
        self._thread.join(SEEN_SECONDS)

    def _catch_up(self) -> None:
        """Return when everything that happened before is known."""
        mark, deadline = uuid4().hex, time.monotonic() + SEEN_SECONDS
        while mark not in self._heard:
            assert time.monotonic() < deadline, "Redis was not heard of"
            with suppress(redis.RedisError), self._connected() as client:
                client.echo(mark)
            time.sleep(AGAIN_SECONDS)

    def _run(self) -> None:
        while not self._is_over:
            with suppress(redis.RedisError), self._connected() as client, client.monitor() as monitor:
                self._listens.set()
                for line in monitor.listen():
                    self._hear(line["time"], line["client_type"], line["command"])
                    if self._is_over:
                        return
            time.sleep(AGAIN_SECONDS)

    def _connected(self) -> redis.Redis:
        """A client that does not wait between its tries: a server that is back grants before long."""
        return redis.Redis.from_url(self._url, retry=Retry(NoBackoff(), 0))

    def _hear(self, at: float, by: str, command: str) -> None:
        name, _, rest = command.partition(" ")
        if name == "ECHO":
            self._heard.add(rest)
        if by != "lua" or name not in ("ZADD", "ZREM"):
            return
        key, *_, last = rest.split(" ", 1 if name == "ZREM" else 2)
        what = key.rpartition(":")[2]
        if name == "ZREM" and last in self._by_id:
            self._by_id[last].is_returned = True
        elif what == "turns" and self._written is not None:
            lane, grant_id = self._written
            self._by_id[grant_id] = Granted(grant_id, at, lane, last.partition("|")[2])
            self._written = None
        elif what in LANES and last in self._by_id:
            self._by_id[last].is_answered = True
        elif what in LANES:
            self._written = (what, last)


@contextmanager
def watched_grants(url: str) -> Iterator[Grants]:
    grants = Grants(url)
    try:
        yield grants
    finally:
        grants.close()


def without_grant(
    arrivals: Sequence[Arrival],
    grants: Sequence[Granted],
    *,
    send_deadline: float,
    users: Mapping[str, str] | None = None,
) -> list[Arrival]:
    """Those requests for which no grant of their own stands: one for each, young enough, its user's, not handed back.

    ``users`` says which user an account on Discogs belongs to; whose that is unknown may have been granted to anybody.
    """
    free = [one for one in grants if not one.is_returned]
    fitting = []
    for arrival in arrivals:
        user = (users or {}).get(arrival.user or "")
        fitting.append(
            [
                place
                for place, one in enumerate(free)
                if -CLOCK_SECONDS <= arrival.wall - one.at <= send_deadline + ON_THE_WAY_SECONDS
                and user in (None, one.user)
            ]
        )
    matched = _matched(fitting)
    return [arrival for number, arrival in enumerate(arrivals) if number not in matched]


def _matched(fitting: Sequence[Sequence[int]]) -> set[int]:
    """The most requests that can have a grant each, by augmenting paths; ``fitting`` are the grants of each request."""
    holder: dict[int, int] = {}  # grant -> request
    held: dict[int, int] = {}  # request -> grant
    for request in range(len(fitting)):
        wanted_by: dict[int, int] = {}  # grant -> the request that would take it
        looking = [request]
        found = None
        while looking and found is None:
            asking = looking.pop(0)
            for grant in fitting[asking]:
                if grant not in wanted_by:
                    wanted_by[grant] = asking
                    if grant not in holder:
                        found = grant
                        break
                    looking.append(holder[grant])
        while found is not None:  # everybody on the path moves on by one
            taker = wanted_by[found]
            left = held.get(taker)
            holder[found], held[taker], found = taker, found, left
    return set(held)
