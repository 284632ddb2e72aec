"""News from the database as it happens: LISTEN on a direct connection. Only ever faster, never required."""

import contextlib
import random
import selectors
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
import structlog
from psycopg import sql

from db import Connection
from db.pool import connect
from db.sessions import is_pooled

CONNECT_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 30.0
OUTAGE_SHARE = 0.25  # of the time since the connection was lost, before the next try: soon at first, seldom later
POOLED = (
    "this address leads through a transaction pooler, where LISTEN would stay on a backend of others; set "
    "DATABASE_DIRECT_URL to the server's own address"
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Notification:
    """A channel and what was said there. An empty payload after a reconnect means: look, something may be missed."""

    channel: str
    payload: str


class Listener:
    """Listens on some channels. One thread waits; any thread may close it.

    Without a direct address (``url`` None) it only sleeps, so the caller's own timer is all there is.
    """

    def __init__(self, url: str | None, channels: Sequence[str]) -> None:
        self._url = url
        self._channels = tuple(channels)
        self._conn: Connection | None = None
        self._lost_at: float | None = None
        self._connect_at = 0.0
        self._closed = threading.Event()
        self._wake, self._woken = socket.socketpair()

    @property
    def is_listening(self) -> bool:
        """Whether news would arrive at this moment."""
        return self._conn is not None

    def wait(self, timeout: float) -> list[Notification]:
        """Return as soon as there is news, or an empty list after ``timeout`` seconds or ``close``."""
        deadline = time.monotonic() + timeout
        while not self._closed.is_set():
            try:
                news = self._connected() or self._received()
            except psycopg.Error as error:
                news = []
                self._lost(error)
            left = deadline - time.monotonic()
            if news or left <= 0:
                return news
            self._sleep(left)
        self._drop()
        return []

    @contextlib.contextmanager
    def session(self) -> Iterator[Connection | None]:
        """Lend the connection to the thread that waits; None while there is none. An error in it counts as its loss."""
        try:
            yield self._conn
        except psycopg.Error as error:
            self._lost(error)

    def close(self) -> None:
        """End a wait at once, from any thread; the connection is closed by the thread that waits, or here if none."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._woken.send(b"x")

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._drop()
        self._wake.close()
        self._woken.close()

    def _connected(self) -> list[Notification]:
        """Connect if it is time to, and then say "look" for every channel: what was sent in between is lost."""
        if self._conn is not None or self._url is None or time.monotonic() < self._connect_at:
            return []
        conn = connect(self._url, timeout_seconds=CONNECT_SECONDS)
        try:
            if is_pooled(conn, self._url, timeout_seconds=CONNECT_SECONDS):
                raise psycopg.OperationalError(POOLED)
        except psycopg.Error:
            conn.close()
            raise
        self._conn = conn
        for channel in self._channels:
            self._conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        self._lost_at = None
        log.debug("listening", channels=self._channels)
        return [Notification(channel, "") for channel in self._channels]

    def _received(self) -> list[Notification]:
        if self._conn is None:
            return []
        return [Notification(news.channel, news.payload) for news in self._conn.notifies(timeout=0)]

    def _sleep(self, seconds: float) -> None:
        with selectors.DefaultSelector() as sources:
            sources.register(self._wake, selectors.EVENT_READ)
            if self._conn is not None:
                sources.register(self._conn.fileno(), selectors.EVENT_READ)
            elif self._url is not None:
                seconds = min(seconds, max(0.0, self._connect_at - time.monotonic()))
            sources.select(seconds)

    def _lost(self, error: psycopg.Error) -> None:
        """Drop the connection and try again later, a little apart from the other workers."""
        self._drop()
        now = time.monotonic()
        is_first, self._lost_at = self._lost_at is None, now if self._lost_at is None else self._lost_at
        pause = min(LONGEST_PAUSE_SECONDS, max(FIRST_PAUSE_SECONDS, (now - self._lost_at) * OUTAGE_SHARE))
        wait = pause * random.uniform(0.5, 1.0)  # noqa: S311  spreads reconnects, guards nothing
        self._connect_at = now + wait
        say = log.warning if is_first else log.debug
        say("listening_lost", error=str(error).partition("\n")[0], again_in_seconds=round(wait, 1))

    def _drop(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn = None
