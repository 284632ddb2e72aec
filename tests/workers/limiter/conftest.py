"""A fleet in virtual time around the real script, and the plain rules that it is held against at every call."""

import heapq
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import redis

from workers.limiter.lanes import Lane
from workers.limiter.script import Asking, Bucket
from workers.limiter.settings import LimiterSettings

HEARTBEAT_SECONDS = 1.5
DEAD_MS = 2000


@dataclass(eq=False)
class Waiter:
    """Somebody who needs a token, and what becomes of it: sent after a while, answered after another."""

    id: str
    lane: Lane
    user: str
    since: float
    sends_after: float = 0.0
    answers_after: float = 0.1
    is_sent: bool = True


@dataclass(eq=False)
class Process:
    """A process: who waits in it, its own bucket (and with it its own memory of the script's clock)."""

    name: str
    bucket: Bucket
    waiters: dict[str, Waiter] = field(default_factory=dict)
    is_alive: bool = True
    frozen_until: float = 0.0
    loses_reply: bool = False
    polls: int = 0


class Rules:
    """What the limiter promises, in plain Python and in the script's time: who is due at a call, if anybody.

    Times are whole milliseconds, so that an edge is an edge on both sides.
    """

    def __init__(self, settings: LimiterSettings) -> None:
        self.settings = settings
        self.window = settings.window_seconds * 1000
        self.forget()

    def forget(self) -> None:
        """Redis was emptied."""
        self.over: dict[str, tuple[Lane, float]] = {}  # grant -> lane, latest possible arrival
        self.turns: dict[tuple[Lane, str], int] = {}
        self.waiting: dict[str, tuple[float, list[tuple[Waiter, float]]]] = {}
        self.gate_until = self.gate_length = 0.0
        self.is_probing = False
        self.stands = dict.fromkeys(Lane, 0.0)
        self.brake_until, self.brake_share = 0.0, 1.0
        self.is_cold = True
        self.last: str | None = None
        self.seq = 0
        self.next_at = 0.0
        self.free_since: float | None = None

    def see(self, now: float) -> None:
        """Any call: after a loss of memory one send deadline, one interval and the slack pass first."""
        if self.is_cold:
            self.is_cold = False
            self.free_since = None
            interval = self.window / self.settings.limit
            slack = min(50, interval / 4)
            self.next_at = round(now + self.settings.send_deadline_seconds * 1000 + interval + slack, 3)

    def limit(self, now: float) -> int:
        """What the brake leaves, 0 for none."""
        if now >= self.brake_until:
            return self.settings.limit
        return max(1 if self.brake_share else 0, math.floor(self.settings.limit * self.brake_share))

    def counted(self, now: float, lane: Lane | None = None) -> int:
        return sum(over > now - self.window for own, over in self.over.values() if lane in (None, own))

    def is_flying(self, now: float) -> bool:
        return any(over > now for _, over in self.over.values())

    def due(self, process: str, now: float) -> list[Waiter]:
        """Those of whom this call must grant one: nobody, one, or several who came in the same moment."""
        limit = self.limit(now)
        if now < self.gate_until or not limit or (self.is_probing and self.is_flying(now)):
            return []
        waiting = [
            (waiter, name, since)
            for name, (seen, own) in self.waiting.items()
            if seen >= now - DEAD_MS
            for waiter, since in own
            if self.over.get(waiter.id, (None, 0.0))[1] <= now
        ]
        if not waiting or now < self.next_at or self.counted(now) >= limit:
            return []
        self.free_since = now if self.free_since is None else self.free_since
        # Whoever has no work stands beside the hindmost of those who have: what was not used is not saved up.
        line = min(self.stands[waiter.lane] for waiter, _, _ in waiting)
        self.stands = {lane: max(stand, line) for lane, stand in self.stands.items()}
        mine = [one for one in waiting if one[1] == process]
        first = self.choose(waiting, now)
        if all(name != process for _, name, _ in first):
            is_patient = now - self.free_since < min(250, self.window / limit / 2)
            return [] if is_patient or not mine else [waiter for waiter, _, _ in self.choose(mine, now)]
        return [waiter for waiter, name, _ in first if name == process]

    def choose(self, waiting: list[tuple[Waiter, str, float]], now: float) -> list[tuple[Waiter, str, float]]:
        shares = self.settings.shares
        lanes = [one for one in Lane if any(waiter.lane == one for waiter, _, _ in waiting)]
        lane = min(lanes, key=self.stands.__getitem__)
        if Lane.INTERACTIVE in lanes and self.counted(now, Lane.INTERACTIVE) < shares[Lane.INTERACTIVE] * self.limit(
            now
        ):
            lane = Lane.INTERACTIVE

        def order(one: tuple[Waiter, str, float]) -> tuple[int, float]:
            return self.turns.get((lane, one[0].user), 0), one[2]

        of_lane = [one for one in waiting if one[0].lane == lane]
        return [one for one in of_lane if order(one) == min(map(order, of_lane))]

    def granted(self, waiter: Waiter, now: float) -> None:
        self.seq += 1
        self.stands[waiter.lane] += 1 / self.settings.shares[waiter.lane]
        self.turns[waiter.lane, waiter.user] = self.seq
        self.last = waiter.id
        interval = self.window / self.limit(now)
        self.next_at = round(max(self.next_at, now - min(50, interval / 4)) + interval, 3)
        self.over[waiter.id] = (waiter.lane, now + self.settings.answer_deadline_seconds * 1000)
        self.free_since = None

    def answered(self, waiter: Waiter, status: int | None, now: float) -> None:
        self.over[waiter.id] = (waiter.lane, now)
        if status == 429:
            if now >= self.gate_until:
                self.gate_length = min(2 * self.gate_length or self.window, 10 * self.window)
                self.close(now + self.gate_length)
        elif status is not None and now >= self.gate_until:
            self.open()

    def unused(self, waiter: Waiter, now: float) -> None:
        if self.over.get(waiter.id, (None, 0.0))[1] <= now:
            return  # past its deadline: it may have been sent, for all the others know
        del self.over[waiter.id]
        if self.last == waiter.id:
            self.next_at = now

    def close(self, until: float) -> None:
        self.gate_until = max(self.gate_until, until)
        self.is_probing = True

    def open(self) -> None:
        self.gate_until = self.gate_length = 0.0
        self.is_probing = False


class Fleet:
    """Processes on a virtual clock. The server sees a request at the moment of its write."""

    def __init__(self, client: redis.Redis, settings: LimiterSettings) -> None:
        self.client = client
        self.settings = settings
        self.rules = Rules(settings)
        self.time = 1000.0
        self.offset = 1_700_000_000.0
        self.run_id = "run0"
        self.numbers = itertools.count()
        self.events: list[tuple[float, int, Process, Callable[[], None]]] = []
        self.arrivals: list[float] = []
        self.jumps: list[float] = []
        self.granted: list[tuple[float, Waiter]] = []
        self.served: dict[str, float] = {}  # waiter -> how long it waited
        self.next_statuses: list[int] = []
        self.processes: list[Process] = []
        client.flushdb()

    # What happens to the fleet

    def start_process(self) -> Process:
        bucket = Bucket(
            self.client,
            self.settings,
            namespace="model",
            budget="b",
            clock=lambda: self.time,
            pins=lambda: {"clock": round((self.time + self.offset) * 1000), "run": self.run_id},
        )
        self.processes.append(Process(f"p{next(self.numbers)}", bucket))
        return self.processes[-1]

    def arrive(self, process: Process, lane: Lane, user: str, **becomes: object) -> Waiter:
        self.run(0.001)  # no two come in the same moment: between them the rules would have no order
        waiter = Waiter(f"w{next(self.numbers)}", lane, user, self.time, **becomes)
        process.waiters[waiter.id] = waiter
        self._at(self.time, process, lambda: self._poll(process))
        return waiter

    def leave(self, process: Process, waiter: Waiter) -> None:
        process.waiters.pop(waiter.id, None)
        self._at(self.time, process, lambda: self._poll(process))

    def run(self, seconds: float) -> None:
        until = self.time + seconds
        while self.events and self.events[0][0] <= until:
            at, _, process, happen = heapq.heappop(self.events)
            self.time = max(self.time, at)
            if not process.is_alive:
                continue
            if process.frozen_until > self.time:
                self._at(process.frozen_until, process, happen)
                continue
            happen()
        self.time = round(until, 3)

    def flush(self) -> None:
        self.client.flushdb()
        self.rules.forget()

    def restart_redis(self) -> None:
        self.run_id = f"run{next(self.numbers)}"
        self.rules.is_cold = True

    def jump(self, seconds: float) -> None:
        self.offset += seconds
        self.jumps.append(self.time)

    def look(self, process: Process) -> None:
        process.bucket.look()
        self.rules.see(self.now_of(process))

    def close_gate(self, process: Process, seconds: float) -> None:
        process.bucket.close(seconds, "test")
        self.rules.see(self.now_of(process))
        self.rules.close(self.now_of(process) + seconds * 1000)

    def brake(self, process: Process, share: float, seconds: float) -> None:
        process.bucket.brake(share, seconds, "test")
        self.rules.see(self.now_of(process))
        self.rules.brake_until, self.rules.brake_share = self.now_of(process) + seconds * 1000, share

    # What it came to

    def most_in_a_window(self) -> int:
        window = self.settings.window_seconds
        most = first = 0
        for last, at in enumerate(self.arrivals):
            while self.arrivals[first] <= at - window + 1e-6:
                first += 1
            most = max(most, last - first + 1)
        return most

    def living(self) -> list[Process]:
        return [one for one in self.processes if one.is_alive]

    def now_of(self, process: Process) -> float:
        """The script's clock in ms, as its last reply to this process said."""
        return process.bucket._seen[1]

    # How a process lives

    def _at(self, at: float, process: Process, happen: Callable[[], None]) -> None:
        heapq.heappush(self.events, (round(at, 3), next(self.numbers), process, happen))

    def _poll_later(self, process: Process, seconds: float) -> None:
        process.polls += 1
        mine = process.polls
        # A sleeper wakes late, never early.
        at = self.time + math.ceil(seconds * 1000) / 1000
        self._at(at, process, lambda: self._poll(process) if process.polls == mine else None)

    def _poll(self, process: Process) -> None:
        asking = [Asking(one.id, one.lane, one.user, self.time - one.since) for one in process.waiters.values()]
        polled = process.bucket.poll(process.name, asking)
        now = self.now_of(process)
        self.rules.see(now)
        self._enlist(process, now)
        said_again = {one.id for one in process.waiters.values() if self.rules.over.get(one.id, (None, 0.0))[1] > now}
        due = {one.id: one for one in self.rules.due(process.name, now)}
        assert said_again <= set(polled.grants), "a grant whose reply was lost is said again"
        new = set(polled.grants) - said_again
        assert (len(new) == 1 and new <= set(due)) if due else not new, (new, set(due), now)
        for grant_id in new:
            self.rules.granted(due[grant_id], now)
            self.granted.append((self.time, due[grant_id]))
        if process.loses_reply:
            process.loses_reply = False
            self._poll_later(process, 0.25)
            return
        for grant_id, age in polled.grants.items():
            self._hold(process, process.waiters.pop(grant_id), self.time + self.settings.send_deadline_seconds - age)
        self._enlist(process, now)
        assert polled.wait > 0
        if process.waiters:
            self._poll_later(process, min(polled.wait, HEARTBEAT_SECONDS))

    def _enlist(self, process: Process, now: float) -> None:
        waiting = [(one, round(now - (self.time - one.since) * 1000)) for one in process.waiters.values()]
        self.rules.waiting[process.name] = (now, waiting)

    def _hold(self, process: Process, waiter: Waiter, sendable_until: float) -> None:
        self.served[waiter.id] = self.time - waiter.since

        def send() -> None:
            if not waiter.is_sent or self.time > sendable_until:
                process.bucket.unused(waiter.id, waiter.lane)
                self.rules.see(self.now_of(process))
                self.rules.unused(waiter, self.now_of(process))
                self._poll(process)
                return
            self.arrivals.append(self.time)
            self._at(self.time + waiter.answers_after, process, answer)

        def answer() -> None:
            status = self.next_statuses.pop() if self.next_statuses else 200
            process.bucket.answered(waiter.id, waiter.lane, status=status, remaining=None, limit=None)
            self.rules.see(self.now_of(process))
            self.rules.answered(waiter, status, self.now_of(process))

        self._at(self.time + waiter.sends_after, process, send)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def new_fleet(client: redis.Redis) -> Callable[..., Fleet]:
    """A fleet on an empty Redis: five tokens in ten seconds unless said otherwise."""

    def start(**settings: float) -> Fleet:
        known = {"requests_per_window": 5, "window_seconds": 10.0, "send_deadline_seconds": 1.0}
        known |= {"answer_deadline_seconds": 8.0}
        return Fleet(client, LimiterSettings(_env_file=None, **(known | settings)))

    return start
