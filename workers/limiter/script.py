"""Calls of the one script: what goes in and what comes out, in plain records."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import redis

from workers.limiter.errors import LimiterUnavailable
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings

SOURCE = Path(__file__).with_name("bucket.lua").read_text(encoding="utf-8")
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0)  # of the histogram of waits, in seconds


@dataclass(frozen=True, slots=True)
class Closed:
    """The gate as the script sees it; ``left`` in seconds."""

    left: float
    reason: str


@dataclass(frozen=True, slots=True)
class Asking:
    """One who waits, as the script is told; ``waited`` in seconds."""

    id: str
    lane: Lane
    user: str
    waited: float


@dataclass(frozen=True, slots=True)
class Polled:
    """Answer to a poll: ids granted with their age in seconds, when to come again, and the gate if it is closed."""

    grants: dict[str, float]
    wait: float
    closed: Closed | None


@dataclass(frozen=True, slots=True)
class Learned:
    """What an answer of Discogs changed: the gate that it closed, and the limit if Discogs told of another.

    ``has_opened`` says that it was a probe's, and the gate is open. ``is_known`` is False when the budget remembers no
    such grant.
    """

    closed: Closed | None
    has_opened: bool
    limit: int | None
    is_known: bool


class Bucket:
    """The script on one server, for one budget; thread-safe. ``clock`` and ``pins`` are for tests in virtual time."""

    def __init__(
        self,
        client: redis.Redis,
        settings: LimiterSettings,
        *,
        namespace: str,
        budget: str,
        clock: Callable[[], float] = time.monotonic,
        pins: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        self._script = client.register_script(SOURCE)
        # The braces keep the keys in one slot of a cluster.
        self._keys = [
            f"{namespace}:{{{budget}}}:{name}" for name in ("state", "waiting", "turns", "tally", "returned", *Lane)
        ]
        self._facts = {
            "window": settings.window_seconds * 1000,
            "limit": settings.requests_per_window,
            "reserved": settings.reserved_per_window,
            "send": settings.send_deadline_seconds * 1000,
            "hold": settings.answer_deadline_seconds * 1000,
            "lanes": [lane.value for lane in Lane],
            "shares": {lane.value: share for lane, share in settings.shares.items()},
            "bounds": [bound * 1000 for bound in BOUNDS],
        }
        self._clock = clock
        self._pins = pins
        self._lock = Lock()
        self._seen: tuple[str, float, float] | None = None  # epoch, the script's clock and ours, at the last reply
        self.calls = 0

    def poll(self, process: str, waiters: Sequence[Asking]) -> Polled:
        """Say who waits in this process, and fetch what was granted."""
        asking = [{"id": one.id, "lane": one.lane, "user": one.user, "waited": one.waited * 1000} for one in waiters]
        reply = self._call("poll", process=process, waiters=asking)
        grants = {grant["id"]: grant["age"] / 1000 for grant in reply["grants"]}
        return Polled(grants, reply["wait"] / 1000, _closed(reply))

    def answered(
        self,
        grant_id: str,
        lane: Lane,
        *,
        status: int | None,
        remaining: int | None,
        limit: int | None,
        by_name: bool = False,
    ) -> Learned:
        """Report the answer to a request; no status means that none came.

        ``by_name``: the reporter has nothing but the grant's id, so only one that is remembered and not yet answered
        changes anything.
        """
        reply = self._call(
            "answered", id=grant_id, lane=lane, status=status, remaining=remaining, limit_told=limit, by_name=by_name
        )
        return Learned(_closed(reply), bool(reply.get("opened")), reply.get("capped"), reply["known"])

    def unused(self, grant_id: str, lane: Lane) -> bool:
        """Give back a grant that was never sent; again is the same as once, for a window.

        False when it is unknown, answered, or past its deadline.
        """
        return bool(self._call("unused", id=grant_id, lane=lane)["known"])

    def close(self, seconds: float, reason: str) -> None:
        """Close the gate for the fleet; a longer closing stays."""
        self._call("close", for_ms=seconds * 1000, reason=reason)

    def half_open(self) -> None:
        """End a closed gate now: one request goes first as a probe, the others wait for its answer."""
        self._call("half_open")

    def brake(self, share: float, seconds: float, reason: str) -> None:
        """Pull the brake, or change it: only this share of the limit is left, 0 for none. 0 seconds release it."""
        self._call("brake", share=share, for_ms=seconds * 1000, reason=reason)

    def look(self) -> dict[str, Any]:
        """Read everything that can be shown; changes nothing but the clock."""
        return self._call("look")

    def _call(self, op: str, **arguments: object) -> dict[str, Any]:
        given = {name: value for name, value in arguments.items() if value is not None}
        body = json.dumps({**self._facts, **given, **self._vouch(), **self._pins()})
        try:
            raw = self._script(keys=self._keys, args=[op, body])
        except redis.RedisError as error:
            raise LimiterUnavailable(f"The request budget is out of reach: Redis says {error}.") from error
        reply: dict[str, Any] = json.loads(raw)
        with self._lock:
            self._seen = (reply["epoch"], reply["now"], self._clock())
            self.calls += 1
        return reply

    def _vouch(self) -> dict[str, object]:
        """Say what the script's clock shows at least by ours: after a quiet hour a jump of its server would be the
        same to it as the hour.
        """
        with self._lock:
            if self._seen is None:
                return {}
            epoch, theirs, ours = self._seen
        return {"epoch": epoch, "vouched": theirs + (self._clock() - ours) * 1000}


def _closed(reply: dict[str, Any]) -> Closed | None:
    gate = reply.get("gate")
    return None if gate is None else Closed(gate["left"] / 1000, gate["reason"])
