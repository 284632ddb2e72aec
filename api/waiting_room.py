"""Where programs wait for a token: on threads of their own, so that everybody else is answered meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive

from workers.limiter.errors import Stopped
from workers.limiter.grant import Grant
from workers.limiter.lanes import Lane
from workers.limiter.limiter import Limiter
from workers.limiter.stop import Stop

MOST_WAITING = 128  # programs at the door of one process; a thread each, asleep nearly always
LOOK_SECONDS = 0.5  # how soon who waits is told that the process ends
SHORTEST_SECONDS = 0.25  # who does not want to wait still has the script asked once


class RoomFull(Exception):
    """So many programs wait here that another would only make the line longer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody waits for: a token of this lane, in this one's turn, for so many seconds at most."""

    lane: Lane
    turn: str
    seconds: float


class WaitingRoom:
    """Those who wait at the door of this process. Used in one event loop; ``close`` ends all waits."""

    def __init__(self, limiter: Limiter, *, places: int = MOST_WAITING) -> None:
        self._limiter = limiter
        self._places = places
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="door")
        self._stops: set[Stop] = set()

    @property
    def waiting(self) -> int:
        """How many wait at this moment."""
        return len(self._stops)

    async def wait(self, asked: Asked, receive: Receive, is_stopping: Callable[[], bool]) -> Grant:
        """Wait for a token until it comes, the time is over, the client hangs up, or the process ends.

        Raises RoomFull, Stopped for who hung up, and what ``Limiter.acquire`` raises. Nobody who is gone keeps a token.
        """
        if len(self._stops) >= self._places:
            raise RoomFull
        stop = Stop()
        self._stops.add(stop)
        watching = asyncio.create_task(_end_when_gone(receive, is_stopping, stop))
        taking = asyncio.wrap_future(self._threads.submit(self._take, asked, stop))
        try:
            # Shielded: a thread cannot be cancelled, and its token must not get lost with the one who asked for it.
            grant = await asyncio.shield(taking)
        except asyncio.CancelledError:
            taking.add_done_callback(_hand_back)
            stop.set()
            raise
        finally:
            watching.cancel()
            self._stops.discard(stop)
        if stop.is_set():
            await asyncio.to_thread(grant.unused)
            raise Stopped("The program hung up, so its token went back.")
        return grant

    def close(self) -> None:
        """End every wait, and the threads."""
        for stop in tuple(self._stops):
            stop.set()
        self._threads.shutdown()

    def _take(self, asked: Asked, stop: Stop) -> Grant:
        grant = self._limiter.acquire(
            lane=asked.lane, user=asked.turn, give_up_after=max(asked.seconds, SHORTEST_SECONDS), stop=stop
        )
        if stop.is_set():
            grant.unused()
            raise Stopped("The program hung up, so its token went back.")
        return grant


def _hand_back(taking: "asyncio.Future[Grant]") -> None:
    """Give back the token of somebody whose request was cancelled in the moment it came."""
    if not taking.cancelled() and taking.exception() is None:
        taking.result().unused()


async def _end_when_gone(receive: Callable[[], Awaitable[Any]], is_stopping: Callable[[], bool], stop: Stop) -> None:
    """Wait until the client hangs up or the process ends, and end the wait then."""
    while not is_stopping():
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                message = await receive()
        except TimeoutError:
            continue
        if message["type"] == "http.disconnect":
            break
    stop.set()
