"""The budget under imports that take all they can get while a person asks now and then, at the true window.

Three collectors import at once, so that somebody waits at every moment. The person's requests come at random moments,
well within the interactive lane's share; their wait is what passes between asking for a token and having it. Script
calls are counted by what Valkey was told (MONITOR), those of every process. *Possible use* of a window is
55 · window / (window + mean answer): a request counts until one window after its answer.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from uuid import UUID

import redis

from actors.catalog import IMPORT_COLLECTION
from benchmarks.figures import Bench, Outcome, at_least, at_most, quantile, told
from benchmarks.house import House, house
from benchmarks.simulated import Arrival, Simulated, simulated
from db import links
from discogs.budget import Budget, Permit

SENTENCE = "Most in a rolling window, share of the possible use, script calls a grant, and how long a person waits."

LIMIT = 55
ANSWERS = 0.3
PERSON = "somebody at a screen"
COLLECTORS = 3
CALLS_A_GRANT = 3.0


class _Timed:
    """A budget that keeps how long each of its permits took."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.waits: list[float] = []

    @contextmanager
    def permit(self, endpoint: str) -> Iterator[Permit]:
        began = time.monotonic()
        with self._budget.permit(endpoint) as permit:
            self.waits.append(time.monotonic() - began)
            yield permit


def run(bench: Bench) -> Outcome:
    """Run imports for some windows, and be a person meanwhile."""
    window, windows = (2.0, 3.0) if bench.is_quick else (60.0, 4.0)
    seconds = window * windows
    with ExitStack() as stack:
        latency = ANSWERS * window / 60.0
        discogs = stack.enter_context(simulated(bench.folder, "discogs", window_seconds=window, latency=latency))
        home = stack.enter_context(house(bench, "budget", discogs))
        each = int(LIMIT * (windows + 2)) * 100 // COLLECTORS  # more than the fleet can bring over meanwhile
        users = [home.move_in(discogs.open_account(f"one-of-{n}", records=each)) for n in range(COLLECTORS)]
        script = stack.enter_context(_heard(bench.servers.redis_url))
        stack.enter_context(home.worker())
        asked = [job for user in users for job in home.enqueue(user, IMPORT_COLLECTION)]
        while not discogs.count():
            time.sleep(0.05)
        waits = _ask_now_and_then(bench, home, users[0], seconds, every=3.0 * window / 60.0)
        granted = home.resources.limiter.snapshot().granted
        calls = Counter(script)
        arrivals = discogs.arrivals()
        most = discogs.most_in_window()
        had_work = all(job.state.is_live for job in home.look(asked))
    interval = window / LIMIT
    figures = [
        at_most("most arrivals in a rolling window", most, LIMIT),
        told("answered 429", sum(1 for one in arrivals if one.status == 429)),
        at_least("share of the possible use", _use(arrivals, discogs), 0.99),
        at_most(
            "script calls a grant: poll and answered", (calls["poll"] + calls["answered"]) / granted, CALLS_A_GRANT
        ),
        told("script calls a grant: all, looks of the dispatcher included", calls.total() / granted),
        told("a person's requests meanwhile", len(waits)),
        told("a person's wait: p50", quantile(waits, 0.5), "s"),
        at_most("a person's wait: p95", quantile(waits, 0.95), round(1.1 * interval, 3), "s"),
        told("a person's wait: longest", max(waits), "s"),
    ]
    return Outcome(
        figures,
        {"waits": [round(one, 4) for one in waits], "calls": dict(calls), "granted": granted, "had_work": had_work},
    )


def _ask_now_and_then(bench: Bench, home: House, user: UUID, seconds: float, every: float) -> list[float]:
    """Ask Discogs who we are at random moments, ``every`` so many seconds on average; return the waits."""
    resources, chance = home.resources, random.Random(1)
    with resources.pool.transaction() as conn:
        account = links.account(conn, resources.keys, user)
    budget = _Timed(resources.budget_for_person(PERSON))
    client = resources.discogs(account, budget)
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        bench.track("seconds", passed, seconds)
        time.sleep(chance.uniform(0.5, 1.5) * every)
        client.identity()
    return budget.waits


def _use(arrivals: list[Arrival], discogs: Simulated) -> float:
    answer = sum(one.seconds for one in arrivals) / len(arrivals)
    window = discogs.window_seconds
    return (len(arrivals) - 1) * (window + answer) / (LIMIT * (arrivals[-1].at - arrivals[0].at))


@contextmanager
def _heard(redis_url: str) -> Iterator[list[str]]:
    """Listen to what Valkey is told, and keep what the limiter's script was asked to do."""
    heard: list[str] = []
    over = Event()
    with redis.Redis.from_url(redis_url) as client, client.monitor() as monitor:

        def listen() -> None:
            while not over.is_set():
                said = monitor.next_command()["command"]
                words = said.split(" ")
                if words[0].upper() in ("EVALSHA", "EVAL") and ":{discogs-api}:state" in said:
                    heard.append(words[3 + int(words[2])])

        ear = Thread(target=listen, daemon=True)
        ear.start()
        try:
            yield heard
        finally:
            over.set()
            client.ping()  # the one word more that ends the listening
            ear.join()
