"""A Discogs made of scripted answers, one behind a real socket, and a budget that remembers what it was told."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest

from discogs.auth import OAuthToken
from discogs.budget import Permit, Unlimited
from discogs.client import Discogs, http_client
from discogs.errors import PermitExpired
from discogs.settings import DiscogsSettings


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    for name in [name for name in os.environ if name.startswith("DISCOGS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def settings():
    return DiscogsSettings(consumer_key="our-key", consumer_secret="our-secret", deadline_seconds=5)


@dataclass
class RememberingBudget:
    """Hands out permits, ``stale`` of them too old at the look before the write, and notes what became of each."""

    stale: int = 0
    endpoints: list[str] = field(default_factory=list)
    told: list[tuple[int | None, int | None, int | None]] = field(default_factory=list)
    unused: int = 0
    looks: int = 0
    held: int = 0
    most_held: int = 0
    on_check: Callable[[], None] = lambda: None

    @contextmanager
    def permit(self, endpoint: str) -> Iterator[Permit]:
        self.endpoints.append(endpoint)
        permit = _RememberedPermit(self, is_stale=len(self.endpoints) <= self.stale)
        self.held += 1
        self.most_held = max(self.held, self.most_held)
        try:
            yield permit
        finally:
            self.held -= 1
            self.unused += not permit.is_settled


@dataclass
class _RememberedPermit:
    budget: RememberingBudget
    is_stale: bool
    is_settled: bool = False

    def check(self) -> None:
        self.budget.looks += 1
        self.budget.on_check()
        if self.is_stale:
            raise PermitExpired("too old")

    def answered(self, status, remaining, limit) -> None:
        assert not self.is_settled, "a permit is settled once"
        self.is_settled = True
        self.budget.told.append((status, remaining, limit))


@pytest.fixture
def budget():
    return RememberingBudget()


@dataclass
class Script:
    """Answers to give in turn, the last one for ever, and what was asked."""

    settings: DiscogsSettings
    answers: list[httpx.Response | Exception] = field(default_factory=list)
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, answer=None, *, status=200, credentials=OAuthToken("a-token", "a-secret"), budget=None) -> Discogs:  # noqa: B008  frozen
        if answer is not None or not self.answers:
            self.answers.append(as_response(answer, status))
        http = httpx.Client(base_url=self.settings.api_url, transport=httpx.MockTransport(self))
        return Discogs(http, self.settings, budget or Unlimited(), credentials)


def as_response(answer, status=200):
    match answer:
        case httpx.Response() | Exception():
            return answer
        case None:
            return httpx.Response(status)
        case str() | bytes():
            return httpx.Response(status, content=answer, headers={"content-type": "text/html"})
        case _:
            return httpx.Response(status, json=answer)


@pytest.fixture
def script(settings):
    return Script(settings)


class RawServer:
    """A server that writes whatever bytes a test wants, when it wants, and can hang up."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.heads: list[str] = []
        self.connections = 0
        self.over = threading.Event()
        self.answer: Callable[[socket.socket], None] = lambda conn: conn.sendall(
            http_answer({"id": 1, "username": "u"})
        )
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(conn,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, conn: socket.socket) -> None:
        with conn, suppress(OSError):
            conn.settimeout(10)
            received = b""
            while not self.over.is_set():
                while b"\r\n\r\n" not in received:
                    more = conn.recv(65536)
                    if not more:
                        return
                    received += more
                head, _, received = received.partition(b"\r\n\r\n")
                self.heads.append(head.decode())
                self.answer(conn)

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()


def http_answer(body, status="200 OK", headers=()) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(data)}", "Content-Type: application/json", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


@pytest.fixture
def raw_server():
    server = RawServer()
    yield server
    server.close()


@pytest.fixture
def over_the_wire(raw_server, budget):
    """Make a client that reaches the raw server through real sockets."""
    opened = []

    def make(*, deadline_seconds=5.0, connect_seconds=5.0, url=None) -> Discogs:
        settings = DiscogsSettings(
            api_url=url or raw_server.url,
            consumer_key="our-key",
            consumer_secret="our-secret",
            deadline_seconds=deadline_seconds,
            connect_seconds=connect_seconds,
        )
        http = http_client(settings)
        opened.append(http)
        return Discogs(http, settings, budget, OAuthToken("a-token", "a-secret"))

    yield make
    for http in opened:
        http.close()


@pytest.fixture
def answer_bytes():
    return http_answer
