"""Calls of the one script: what goes in and what comes out, in plain records."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import redis

from workers.limiter.errors import LimiterUnavailable
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings

SOURCE = Path(__file__).with_name("bucket.lua").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Closed:
    """The gate as the script sees it; ``left`` in seconds."""

    left: float
    reason: str


@dataclass(frozen=True, slots=True)
class Polled:
    """Answer to a poll: ids granted with their age in seconds, when to come again, and the gate if it is closed."""

    grants: dict[str, float]
    wait: float
    closed: Closed | None


class Bucket:
    """The script on one server, for one budget; thread-safe."""

    def __init__(self, client: redis.Redis, settings: LimiterSettings, *, namespace: str, budget: str) -> None:
        self._script = client.register_script(SOURCE)
        # The braces keep the four keys in one slot of a cluster.
        self._keys = [f"{namespace}:{{{budget}}}:{name}" for name in ("state", "grants", "waiting", "turns")]
        self._facts = {
            "window": settings.window_seconds * 1000,
            "limit": settings.limit,
            "send": settings.send_deadline_seconds * 1000,
            "hold": settings.answer_deadline_seconds * 1000,
            "shares": {lane.value: share for lane, share in settings.shares.items()},
        }
        self._lock = Lock()
        self._seen: tuple[float, float] | None = None  # the script's clock and ours, at the last reply
        self.calls = 0

    def poll(self, process: str, waiters: list[dict[str, object]]) -> Polled:
        """Say who waits in this process, and fetch what was granted."""
        reply = self._call("poll", process=process, waiters=waiters)
        grants = {grant["id"]: grant["age"] / 1000 for grant in reply["grants"]}
        return Polled(grants, reply["wait"] / 1000, _closed(reply))

    def answered(self, grant: str, *, status: int | None, remaining: int | None, limit: int | None) -> None:
        """Report the answer to a request; no status means that none came."""
        self._call(
            "answered",
            id=grant.partition("|")[0],
            grant=grant,
            status=status,
            remaining=remaining,
            limit_told=limit,
        )

    def unused(self, grant: str) -> None:
        """Give back a grant that was never sent."""
        self._call("unused", id=grant.partition("|")[0], grant=grant)

    def close(self, seconds: float, reason: str) -> None:
        """Close the gate for the fleet; a longer closing stays."""
        self._call("close", for_ms=seconds * 1000, reason=reason)

    def open(self) -> None:
        """Open the gate at once, without a probe."""
        self._call("open")

    def look(self) -> dict[str, Any]:
        """Read everything that can be shown; changes nothing but the clock."""
        return self._call("look")

    def now(self) -> float:
        """The script's clock in ms as far as we can tell without asking; 0 before the first call."""
        with self._lock:
            if self._seen is None:
                return 0.0
            theirs, ours = self._seen
        return theirs + (time.monotonic() - ours) * 1000

    def _call(self, op: str, **arguments: object) -> dict[str, Any]:
        given = {name: value for name, value in arguments.items() if value is not None}
        body = json.dumps({**self._facts, **given, "vouched": self.now()})
        try:
            raw = self._script(keys=self._keys, args=[op, body])
        except redis.RedisError as error:
            raise LimiterUnavailable(f"The request budget is out of reach: Redis says {error}.") from error
        reply: dict[str, Any] = json.loads(raw)
        with self._lock:
            self._seen = (reply["now"], time.monotonic())
            self.calls += 1
        return reply


def waiter_entry(grant_id: str, lane: Lane, user: str, since: float) -> dict[str, object]:
    """One waiter as the script wants it."""
    return {"id": grant_id, "lane": lane.value, "user": user, "since": since}


def _closed(reply: dict[str, Any]) -> Closed | None:
    gate = reply.get("gate")
    return None if gate is None else Closed(gate["left"] / 1000, gate["reason"])
