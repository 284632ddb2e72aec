"""A TCP proxy that loses replies: the server did what it was asked, and whoever asked will never know.

One runs before PostgreSQL and one before Valkey. The request goes through; what comes back for it is dropped and the
connection reset, as when a network dies at the worst moment.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from psycopg.conninfo import conninfo_to_dict

CHUNK = 65536
START_SECONDS = 10.0
CUT_SECONDS = 0.01


@dataclass
class Link:
    """One connection through the proxy. ``is_doomed`` from the request on whose reply is to be lost."""

    is_doomed: bool = False


class Proxy:
    """Passes bytes on between a port of this machine and a server; ``lost`` replies so far."""

    def __init__(self, path: str) -> None:
        self.lost = 0
        self.port = 0
        self._path = path
        self._to_lose = 0
        self._matching = b""
        self._refuses_until = 0.0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop
        self._is_open, self._is_over = threading.Event(), asyncio.Event()
        self._cut: set[asyncio.StreamWriter] = set()  # whom to cut in the end
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="proxy", daemon=True)

    def open(self) -> None:
        """Listen, on a free port."""
        self._thread.start()
        assert self._is_open.wait(START_SECONDS), "the proxy did not open"

    def close(self) -> None:
        """Listen no more; every connection is cut."""
        self._loop.call_soon_threadsafe(self._is_over.set)
        self._thread.join()

    def lose(self, replies: int, matching: bytes = b"") -> None:
        """Lose the replies to the next requests, of those that hold ``matching``; each once."""
        with self._lock:
            self._to_lose, self._matching = replies, matching

    def cut(self, seconds: float) -> None:
        """Reset every connection, and refuse new ones for so long."""
        self._loop.call_soon_threadsafe(self._cut_all, seconds)

    def _cut_all(self, seconds: float) -> None:
        self._refuses_until = self._loop.time() + seconds
        for writer in tuple(self._cut):
            writer.transport.abort()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._is_open.set()
        await self._is_over.wait()
        server.close()
        while self._cut:
            for writer in tuple(self._cut):
                writer.transport.abort()
            await asyncio.sleep(CUT_SECONDS)

    async def _serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        link = Link()
        if self._loop.time() < self._refuses_until:
            to_client.transport.abort()
            return
        try:
            from_server, to_server = await asyncio.open_unix_connection(self._path)
        except OSError:
            to_client.transport.abort()
            return
        self._cut |= {to_client, to_server}
        there = asyncio.create_task(self._ask(link, from_client, to_server))
        back = asyncio.create_task(self._answer(link, from_server, to_client))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (there, back):
                task.cancel()
            for writer in (to_client, to_server):
                writer.transport.abort() if link.is_doomed else writer.close()
            self._cut -= {to_client, to_server}

    async def _ask(self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while asked := await reader.read(CHUNK):
                link.is_doomed = link.is_doomed or self._is_to_lose(asked)
                writer.write(asked)
                await writer.drain()

    async def _answer(self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while answer := await reader.read(CHUNK):
                if link.is_doomed:
                    self.lost += 1
                    return
                writer.write(answer)
                await writer.drain()

    def _is_to_lose(self, asked: bytes) -> bool:
        with self._lock:
            if self._to_lose == 0 or self._matching not in asked:
                return False
            self._to_lose -= 1
            return True


@contextmanager
def before_postgres(url: str) -> Iterator[tuple[Proxy, str]]:
    """Open a proxy before the database of this address; with it comes the address that leads through it."""
    told = conninfo_to_dict(url)
    proxy = Proxy(f"{told['host']}/.s.PGSQL.{told['port']}")
    with _opened(proxy):
        who = f"{quote(str(told['user']))}:{quote(str(told['password']))}"
        yield proxy, f"postgresql://{who}@127.0.0.1:{proxy.port}/{told['dbname']}"


@contextmanager
def before_redis(url: str) -> Iterator[tuple[Proxy, str]]:
    """Open a proxy before the Redis of this address; with it comes the address that leads through it."""
    told = urlsplit(url)
    proxy = Proxy(unquote(told.path))
    with _opened(proxy):
        yield proxy, f"redis://:{told.password}@127.0.0.1:{proxy.port}/0"


@contextmanager
def _opened(proxy: Proxy) -> Iterator[None]:
    proxy.open()
    try:
        yield
    finally:
        proxy.close()
