"""What Discogs says about its limit, over real HTTP: to nobody, beside a stranger on our address, and by a 429."""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import httpx
import pytest
import redis
import structlog

import simulator
from discogs.auth import PersonalToken
from discogs.client import Discogs, http_client
from discogs.errors import DiscogsError, PermitExpired
from discogs.settings import DiscogsSettings
from simulator import SimulatorSettings
from tests.journeys.oracle import most_in_window
from workers.holds import BUDGET
from workers.limiter.errors import LimiterError
from workers.limiter.lanes import Lane
from workers.limiter.limiter import Limiter
from workers.limiter.settings import LimiterSettings
from workers.limiter.stop import Stop
from workers.tokens import LaneBudget

pytestmark = [pytest.mark.journey, pytest.mark.soak]  # counts within windows of seconds: not beside other work

WINDOW = 2.0
LIMIT = 55
THEIRS = 60  # what Discogs allows an address with credentials
SEND_DEADLINE = 0.3
OURS = ("first", "second")  # two processes' worth of limiters, each with a user of this name
THREADS = 3  # of each
STRANGER = "stranger"
RESERVED = 10
ASTRAY = 4  # requests: of Discogs' words a slack of two, and what is under way


class Address:
    """One address of which Discogs sees requests: our limiters' own, and a stranger's."""

    def __init__(self, redis_url: str, *, latency: float = 0.0, reserved: int = 0) -> None:
        self._redis_url = redis_url
        self._limiter_settings = LimiterSettings(
            _env_file=None,
            window_seconds=WINDOW,
            reserved_per_window=reserved,
            send_deadline_seconds=SEND_DEADLINE,
            answer_deadline_seconds=WINDOW,
        )
        self._simulator_settings = SimulatorSettings(
            port=0, records=0, wants=0, window_seconds=WINDOW, latency=latency, latency_sigma=0.0
        )

    @contextmanager
    def opened(self) -> Iterator["Address"]:
        with (
            redis.Redis.from_url(self._redis_url) as client,
            simulator.running(self._simulator_settings) as self.discogs,
        ):
            self._settings = DiscogsSettings(_env_file=None, api_url=self.discogs.url, deadline_seconds=WINDOW)
            for name in (*OURS, STRANGER):
                self.discogs.world.create_account(name, records=0, wants=0)
            self.limiters = [Limiter(client, self._limiter_settings, budget=BUDGET) for _ in OURS]
            with http_client(self._settings) as self._http:
                yield self
            for limiter in self.limiters:
                limiter.close()

    @contextmanager
    def busy(self, *, is_nobody: bool = False) -> Iterator[None]:
        """Let our threads ask for more all the time."""
        stop = Stop()

        def spend(limiter: Limiter, name: str) -> None:
            budget = LaneBudget(limiter, lane=Lane.IMPORT, user=name, give_up_after=60.0, stop=stop)
            account = self.discogs.world.account(name)
            credentials = None if is_nobody else PersonalToken(account.profile.personal_token)
            ours = Discogs(self._http, self._settings, budget, credentials)
            while not stop.is_set():
                with suppress(DiscogsError, LimiterError, PermitExpired):
                    ours.profile(name)

        with ThreadPoolExecutor(len(OURS) * THREADS) as threads:
            spending = [
                threads.submit(spend, *each) for each in zip(self.limiters, OURS, strict=True) for _ in range(THREADS)
            ]
            try:
                yield
            finally:
                stop.set()
        assert all(each.result() is None for each in spending)

    @contextmanager
    def stranger(self, *, requests: int, every: float) -> Iterator[None]:
        """Let somebody else send so many requests at once now and then, with credentials of their own."""
        stop = Stop()
        token = self.discogs.world.account(STRANGER).profile.personal_token

        def send() -> None:
            headers = {"Authorization": f"Discogs token={token}", "User-Agent": "Stranger/1.0"}
            with httpx.Client(base_url=self.discogs.url, headers=headers, trust_env=False) as client:
                due = time.monotonic()
                while not stop.is_set():
                    for _ in range(requests):
                        client.get(f"/users/{STRANGER}")
                    due += every
                    stop_for(stop, due - time.monotonic())

        with ThreadPoolExecutor(1) as threads:
            sending = threads.submit(send)
            try:
                yield
            finally:
                stop.set()
        assert sending.result() is None

    def came(self, *names: str) -> list[simulator.log.Arrival]:
        return self.discogs.log.counted(lambda one: one.path.rpartition("/")[2] in (names or OURS))

    def refused(self, *names: str) -> int:
        return sum(one.status == 429 for one in self.came(*names))


def stop_for(stop: Stop, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not stop.is_set() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.02))


@pytest.fixture
def address(redis_url: str) -> Iterator[Callable[..., Address]]:
    opened = []

    def make(**given) -> Address:
        opened.append(Address(redis_url, **given).opened())
        return opened[-1].__enter__()

    yield make
    for one in opened:
        one.__exit__(None, None, None)


def test_without_credentials_the_fleet_runs_at_20_and_says_so(address):
    ours = address()
    with structlog.testing.capture_logs() as said, ours.busy(is_nobody=True):
        time.sleep(1.7 * WINDOW)
    seen = ours.limiters[1].snapshot()
    assert (seen.cap, seen.limit, seen.limit_configured) == (20, 20, LIMIT)
    assert [(line["limit"], line["told"]) for line in said if line["event"] == "limit_changed_by_discogs"] == [(20, 25)]
    times = [one.at for one in ours.came()]
    assert ours.refused() == 0
    assert most_in_window(times, WINDOW) <= 25
    assert 18 <= most_in_window([at for at in times if at > times[0] + 0.5], WINDOW) <= 20


def test_a_stranger_who_spends_the_reserve_costs_nobody_a_429_and_us_nothing_more(address):
    ours = address(reserved=RESERVED)
    with ours.busy(), ours.stranger(requests=RESERVED, every=1.05 * WINDOW):
        time.sleep(2.2 * WINDOW)
    assert len(ours.came(STRANGER)) == 3 * RESERVED
    assert ours.refused(*OURS, STRANGER) == 0
    assert LIMIT - RESERVED - ASTRAY <= most_in_window([one.at for one in ours.came()], WINDOW) <= LIMIT - RESERVED


def test_a_stranger_without_a_reserve_makes_us_sink_and_after_a_window_we_are_back(address):
    ours = address()
    with ours.busy():
        time.sleep(1.1 * WINDOW)
        with ours.stranger(requests=1, every=WINDOW / 20):
            time.sleep(1.6 * WINDOW)
            beside = ours.limiters[0].snapshot()
            refused = ours.refused()
        time.sleep(1.2 * WINDOW)
        alone = ours.limiters[0].snapshot()
    sys.stdout.write(
        f"beside 20 of a stranger {beside.spent} of ours, {refused} of them refused and "
        f"{ours.refused(STRANGER)} of the stranger's; alone {alone.spent}\n"
    )
    # Of a stranger we hear with an answer, which may be behind by what is under way.
    assert refused <= len(OURS) * THREADS
    assert LIMIT - 20 - ASTRAY <= beside.spent <= THEIRS - 20
    assert 20 - 2 * ASTRAY <= beside.foreign <= 20
    assert (alone.foreign, ours.refused()) == (0, refused)
    assert alone.spent >= LIMIT - ASTRAY


def test_a_429_closes_the_gate_for_all_then_one_probe_goes_and_the_rest_is_paced(address):
    ours = address(latency=0.1)
    with ours.busy():
        time.sleep(0.4 * WINDOW)
        ours.discogs.break_with(kind="throttle", times=1)
        time.sleep(1.8 * WINDOW)
    came = ours.came()
    (refused,) = (one for one in came if one.status == 429)
    under_way = [one for one in came if refused.at < one.at <= refused.answered + SEND_DEADLINE]
    probe, *after = (one for one in came if one.at > refused.answered + SEND_DEADLINE)
    assert len(under_way) < len(OURS) * THREADS
    assert probe.at >= refused.answered + WINDOW
    assert after[0].at >= probe.answered
    assert {one.path.rpartition("/")[2] for one in after} == set(OURS)
    # Paced from the first on, not as many as had come together: a late one is made up for by a quarter of its interval.
    assert all(
        most_in_window([one.at for one in after], seconds) <= seconds * LIMIT / WINDOW + 2 for seconds in (0.2, 0.5)
    )
