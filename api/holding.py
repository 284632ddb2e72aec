"""What holds the fleet back by the ledger's word: read again and again, and shown to a Redis that forgot it.

Workers do the same; an API that gives tokens to other programs must not depend on one being there.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from starlette.concurrency import run_in_threadpool

from db import gates, waiting
from db.errors import DatabaseError
from db.gates import Hold
from services.senders import Demand
from workers.holds import Mirror
from workers.limiter.errors import LimiterError
from workers.limiter.lanes import Lane
from workers.limiter.snapshot import Snapshot
from workers.resources import Resources

log = structlog.get_logger(__name__)

LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger said when it was last asked. ``users_by_lane`` counts users with live jobs."""

    is_database_up: bool = False
    holding: Sequence[Hold] = ()
    users_by_lane: Mapping[str, int] = field(default_factory=dict)

    @property
    def brake(self) -> Hold | None:
        """The operator's brake, with the name of who pulled it."""
        return next((gate for gate in self.holding if gate.is_brake), None)


def demand_in(seen: Snapshot) -> Demand:
    """Return the interactive demand of all processes."""
    waiting = sum(one.lane is Lane.INTERACTIVE for one in seen.waiting)
    return Demand(waiting, seen.window_seconds / max(1, seen.limit))


class Holding:
    """Looks at the ledger in the background; ``known`` is there at once for whoever asks."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._mirror = Mirror(resources.limiter)
        self._task: asyncio.Task[None] | None = None
        self.known = Known()
        limiter = resources.settings.limiter
        self.demand = Demand(0, limiter.window_seconds / limiter.limit)

    def start(self) -> None:
        """Begin, in the event loop that runs now."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End after the look that is under way."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def look(self) -> None:
        """Look once."""
        try:
            with self._resources.pool.transaction() as conn:
                known = Known(True, gates.holding(conn, self._resources.limiter.budget), waiting.users_by_lane(conn))
        except DatabaseError:
            self.known = Known(False, self.known.holding, self.known.users_by_lane)
            return
        self.known = known
        with suppress(LimiterError):
            self._mirror.show(known.holding)
            self.demand = demand_in(self._resources.limiter.snapshot())

    async def _run(self) -> None:
        while True:
            try:
                await run_in_threadpool(self.look)
            except Exception:
                # This outlives its errors: without it the door would look healthy and forget the brake.
                log.exception("gates_not_read")
            await asyncio.sleep(LOOK_SECONDS)
