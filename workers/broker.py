"""Dramatiq's Redis broker as we need it: a message is a wake-up call, so losing or doubling one costs nothing."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer

log = structlog.get_logger(__name__)

IDLE_POLL_SECONDS = 2.0  # our own dispatcher wakes us for its messages; the poll finds those that others left behind


class Desk:
    """Where the threads of one process take their work: how many are free, and a bell for new messages."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.on_free: Callable[[], None] = lambda: None
        self._asked_at: dict[str, float] = {}
        self._took_at: float | None = None
        self._in_hand = 0
        self._rung = 0
        self._bell = Condition()
        self._counter = Lock()

    @property
    def free(self) -> int:
        """Threads with nothing in hand."""
        return max(0, self.threads - self._in_hand)

    @property
    def busy(self) -> int:
        """Threads with something in hand, and messages that wait for one."""
        return self._in_hand

    @property
    def asked_at(self) -> float | None:
        """When Redis was asked last, by the monotonic clock; of all queues the one that was asked longest ago."""
        return min(self._asked_at.values(), default=None)

    @property
    def took_at(self) -> float | None:
        """When a message was taken last, by the monotonic clock."""
        return self._took_at

    @contextmanager
    def fetching(self) -> Iterator[int]:
        """Give one consumer at a time the number of free threads: two of them would fetch for the same one."""
        with self._counter:
            yield self.free

    def ask(self, queue: str) -> None:
        """Note that a queue's consumer goes its rounds: Redis answered it, or no thread was free to ask for."""
        self._asked_at[queue] = time.monotonic()

    def take(self, messages: int) -> None:
        """Count messages that were fetched for this process's threads."""
        if messages:
            self._took_at = time.monotonic()
        with self._bell:
            self._in_hand += messages

    def put_back(self) -> None:
        """Count one message as done; its thread is free again."""
        with self._bell:
            self._in_hand -= 1
            self._rung += 1
            self._bell.notify_all()
        self.on_free()

    def ring(self) -> None:
        """Wake the consumers: a message was sent, or the process is about to stop."""
        with self._bell:
            self._rung += 1
            self._bell.notify_all()

    def wait(self, heard: int, timeout: float) -> int:
        """Sleep until the bell rings after ``heard``, or the time-out; the answer is what was heard."""
        with self._bell:
            self._bell.wait_for(lambda: self._rung != heard, timeout)
            return self._rung


class CallBroker(RedisBroker):
    """No delay queues (times live in PostgreSQL), no retries, and consumers that are woken instead of polling."""

    def __init__(self, client: redis.Redis, *, namespace: str, desk: Desk) -> None:
        super().__init__(client=client, namespace=namespace, middleware=[], maintenance_chance=100_000)  # type: ignore[no-untyped-call]  # carries no types
        self.desk = desk
        self.on_unknown: Callable[[str], None] = lambda _job_id: None

    @property
    def consumer_class(self) -> type["CallConsumer"]:
        return CallConsumer

    def declare_queue(self, queue_name: str) -> None:
        """Declare a queue without its delay queue."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def call(self, actor: str, queue: str, job_id: str, crashes: int) -> None:
        """Send the wake-up call for one step. Raises redis.RedisError when Redis is away."""
        self.enqueue(
            dramatiq.Message(queue_name=queue, actor_name=actor, args=(job_id, crashes), kwargs={}, options={})
        )
        self.desk.ring()


class CallConsumer(_RedisConsumer):
    """Fetches no more than its process has free threads for, and sleeps on the bell of the desk."""

    def __init__(self, broker: CallBroker, queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, timeout)  # type: ignore[no-untyped-call]  # carries no types
        self.desk = broker.desk
        self._heard = 0

    def ack(self, message: MessageProxy) -> None:
        self._settle(self.broker.do_ack, message)

    def nack(self, message: MessageProxy) -> None:
        self._settle(self.broker.do_nack, message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Give back what was fetched and not begun when the process stops; the ledger would repeat it anyway."""
        try:
            super().requeue(messages)  # type: ignore[no-untyped-call]  # carries no types
        except redis.RedisError as error:
            log.info("calls_not_requeued", queue=self.queue_name, error=str(error))

    def __next__(self) -> MessageProxy | None:
        try:
            if not self.message_cache:
                with self.desk.fetching() as room:
                    self.message_cache = self.broker.do_fetch(self.queue_name, room) if room else []
                    self.desk.take(len(self.message_cache))
            self.desk.ask(self.queue_name)
            if self.message_cache:
                message = MessageProxy(dramatiq.Message.decode(self.message_cache.pop(0)))
                self.queued_message_ids.add(message.message_id)
                if message.actor_name in self.broker.actors:
                    return message
                self._refuse(message)
                return None
        except redis.RedisError as error:
            # The consumer thread would be torn down and rebuilt after three seconds; a moment's sleep is enough.
            log.warning("redis_away", queue=self.queue_name, error=str(error))
            time.sleep(0.25)
            return None
        self._heard = self.desk.wait(self._heard, IDLE_POLL_SECONDS)
        return None

    def _refuse(self, message: MessageProxy) -> None:
        """Leave a step to a process that knows its kind: a newer dispatcher called it up, or an older one."""
        self.broker.on_unknown(str(message.args[0]))
        self.ack(message)

    def _settle(self, command: Any, message: MessageProxy) -> None:
        # An unsettled message comes back some day and finds no call: Redis away must not hold up the thread.
        self.queued_message_ids.discard(message.message_id)
        self.desk.put_back()
        try:
            command(self.queue_name, message.options["redis_message_id"])
        except redis.RedisError as error:
            log.warning("redis_away", queue=self.queue_name, error=str(error))
