"""Asynchronous request de-duplication: one request to Discogs serves everyone who asks for the same key.

Followers of a key wait on the event loop. One flight per key and process sends the request in a sender's thread. The
claim that ``Source.ask`` takes in PostgreSQL makes it one flight for all processes: the others poll for its end.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import structlog

from db.errors import MayBeRetried
from services.senders import Busy, Senders
from workers.resources import Resources

log = structlog.get_logger(__name__)

MOST_KEYS_A_USER = 4
MOST_FOLLOWERS = 2_000
POLL_SECONDS = 0.5  # between two looks at all keys that other processes ask for: one query for all of them

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Pending(Exception):
    """Raised when the answer did not come in the caller's time; the request goes on. ``retry_after`` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"The answer is expected in {retry_after} s.")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Source(Generic[Key, Answer]):
    """One kind of lookup. All functions block and run in threads.

    ``find`` returns the stored answer, None if Discogs must be asked. ``ask`` claims the key, asks Discogs and stores
    the answer; None if another process holds the claim. ``held`` returns those of the keys whose claim is still held.
    The error that ``find`` or ``ask`` raises is the answer for every follower.
    """

    find: Callable[[Resources, Key], Answer | None]
    ask: Callable[[Resources, Key, UUID | None], Answer | None]
    held: Callable[[Resources, Collection[Key]], Collection[Key]]


@dataclass(slots=True)
class _Flight:
    task: "asyncio.Task[Any]"
    due_at: float  # monotonic: when the answer is expected
    users: set[UUID | None] = field(default_factory=set)


class SingleFlight:
    """The flights of one process. Use it from one event loop."""

    def __init__(self, senders: Senders) -> None:
        self._senders = senders
        self._flights: dict[tuple[Source[Any, Any], Hashable], _Flight] = {}
        self._elsewhere: dict[tuple[Source[Any, Any], Hashable], asyncio.Event] = {}
        self._polling: asyncio.Task[None] | None = None
        self._followers = 0

    @property
    def resources(self) -> Resources:
        return self._senders.resources

    @property
    def followers(self) -> int:
        """Number of callers that wait at this moment."""
        return self._followers

    async def get(
        self, source: Source[Key, Answer], key: Key, user: UUID | None, *, wait: float, is_held: bool = False
    ) -> Answer:
        """Return the answer for a key, sent for by whoever comes first. ``is_held``: another process asks already.

        Raises:
            Pending: it did not come within ``wait`` seconds.
            Busy: too many wait, or the user has too many keys under way. Nothing was started.
        """
        if self._followers >= MOST_FOLLOWERS:
            raise Busy("Too many callers wait for Discogs.", self._senders.expected_seconds())
        flight = self._flights.get((source, key))
        if flight is None or user not in flight.users:
            self._require_room(user)
        if flight is None:
            flight = self._start(source, key, user, is_held=is_held)
        flight.users.add(user)
        self._followers += 1
        try:
            await asyncio.wait({flight.task}, timeout=wait)
        finally:
            self._followers -= 1
        if not flight.task.done():
            raise Pending(max(1, round(flight.due_at - time.monotonic())))
        return cast("Answer", flight.task.result())

    async def close(self) -> None:
        """End every wait."""
        tasks = [flight.task for flight in self._flights.values()]
        tasks += [] if self._polling is None else [self._polling]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _require_room(self, user: UUID | None) -> None:
        due = [flight.due_at for flight in self._flights.values() if user is not None and user in flight.users]
        if len(due) >= MOST_KEYS_A_USER:
            message = f"{len(due)} requests to Discogs are under way for this user."
            raise Busy(message, min(due) - time.monotonic())

    def _start(self, source: Source[Key, Answer], key: Key, user: UUID | None, *, is_held: bool) -> _Flight:
        due_at = time.monotonic() + (POLL_SECONDS if is_held else self._senders.expected_seconds())
        sending = None if is_held else self._senders.start(source.ask, key, user)
        task = asyncio.create_task(self._fly(source, key, user, sending))
        flight = self._flights[source, key] = _Flight(task, due_at)
        task.add_done_callback(lambda done: self._end(source, key, done))
        return flight

    def _end(self, source: Source[Key, Answer], key: Key, task: "asyncio.Task[Answer]") -> None:
        self._flights.pop((source, key), None)
        if not task.cancelled():
            task.exception()  # marks it as seen: with `wait=0` no follower may be left to see it

    async def _fly(
        self, source: Source[Key, Answer], key: Key, user: UUID | None, sending: "Future[Answer | None] | None"
    ) -> Answer:
        while True:
            answer = None if sending is None else await asyncio.wrap_future(sending)
            if answer is None:
                await self._released_elsewhere(source, key)
                answer = await asyncio.to_thread(source.find, self.resources, key)
            if answer is not None:
                return answer
            sending = self._senders.start(source.ask, key, user)  # the process that asked died or gave up

    async def _released_elsewhere(self, source: Source[Key, Answer], key: Key) -> None:
        released = self._elsewhere[source, key] = asyncio.Event()
        if self._polling is None or self._polling.done():
            self._polling = asyncio.create_task(self._poll())
        try:
            await released.wait()
        finally:
            self._elsewhere.pop((source, key), None)

    async def _poll(self) -> None:
        while self._elsewhere:
            await asyncio.sleep(POLL_SECONDS)
            for source in {source for source, _ in self._elsewhere}:
                keys = [key for of, key in self._elsewhere if of is source]
                try:
                    held = set(await asyncio.to_thread(source.held, self.resources, keys))
                except MayBeRetried as error:
                    log.warning("claims_not_read", error=str(error))
                    continue
                for key in keys:
                    if key not in held and (source, key) in self._elsewhere:
                        self._elsewhere[source, key].set()
