"""A pooler for tests, as PgBouncer or Supavisor: by default each transaction gets another backend.

``pooler_url`` leads through it to the migrated database of the test. Statements that need a session fail here, and
statements that might fail are kept in ``pooler.offences``: named prepared statements, LISTEN, session settings outside
a transaction, temporary tables, advisory locks of a session.
"""

import contextlib
import os
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest

BACKENDS = 3
SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
TOLD = (b"server_version", b"client_encoding", b"DateStyle", b"TimeZone", b"standard_conforming_strings")
NEEDS_A_SESSION = re.compile(
    rb"^\s*(SET\s+(?!LOCAL\b)|LISTEN\b|PREPARE\b|CREATE\s+TEMP)|\bpg_(try_)?advisory_lock\b"
    rb"|\bset_config\([^)]*,\s*false\)",
    re.IGNORECASE,
)


@dataclass
class Backend:
    """A session of the real server: libpq logs in, then we take its socket."""

    conn: psycopg.Connection
    sock: socket.socket

    @classmethod
    def open(cls, url: str) -> "Backend":
        conn = psycopg.connect(url, autocommit=True, sslmode="disable", gssencmode="disable")
        sock = socket.socket(fileno=os.dup(conn.pgconn.socket))
        sock.setblocking(True)
        return cls(conn, sock)

    def close(self) -> None:
        self.sock.close()
        self.conn.close()


@dataclass
class Pooler:
    """Listens on a port of this machine. ``used`` holds the process ID of the backend of each transaction.

    ``takes_newest`` hands out the backend that was used last, PgBouncer's default. ``keeps_sessions`` gives each client
    one backend until it disconnects: session mode.
    """

    server_url: str
    backends: int = BACKENDS
    takes_newest: bool = False
    keeps_sessions: bool = False
    offences: list[str] = field(default_factory=list)
    used: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._idle = deque(Backend.open(self.server_url) for _ in range(self.backends))
        self._free = threading.Condition()
        self._clients: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._kept: dict[int, Backend] = {}
        self._door = socket.create_server(("127.0.0.1", 0))
        self._start(self._welcome)

    @property
    def url(self) -> str:
        info = self._idle[0].conn.info
        return f"postgresql://{info.user}@127.0.0.1:{self._door.getsockname()[1]}/{info.dbname}?sslmode=disable"

    def close(self) -> None:
        for sock in (self._door, *self._clients):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(10)
        for backend in (*self._idle, *self._kept.values()):
            backend.close()

    def _start(self, work, *args) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _welcome(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._door.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._clients.append(client)
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError), client:
            if self._greeted(client):
                while True:
                    first = _message(client)
                    if first[:1] == b"X":
                        return
                    self._transaction(client, first)

    def _greeted(self, client: socket.socket) -> bool:
        while True:
            (length,) = struct.unpack("!I", _exactly(client, 4))
            code, *_ = struct.unpack("!I", _exactly(client, length - 4)[:4])
            if code in {SSL_REQUEST, GSS_REQUEST}:
                client.sendall(b"N")
            elif code == CANCEL_REQUEST:
                return False
            else:
                break
        backend = self._take()
        said = [(name, backend.conn.pgconn.parameter_status(name) or b"") for name in TOLD]
        self._give_back(backend)
        client.sendall(
            _framed(b"R", struct.pack("!I", 0))
            + b"".join(_framed(b"S", name + b"\0" + value + b"\0") for name, value in said)
            + _framed(b"K", struct.pack("!II", 0, 0))
            + _framed(b"Z", b"I")
        )
        return True

    def _transaction(self, client: socket.socket, first: bytes) -> None:
        """Pass messages on until the server says that it is idle and owes no answer."""
        backend = self._take()
        self.used.append(backend.conn.pgconn.backend_pid)
        is_over, is_begun, owed, message = False, False, 0, first
        try:
            while not is_over:
                self._note(message, is_begun=is_begun)
                backend.sock.sendall(message)
                owed += message[:1] in {b"Q", b"S", b"F"}
                while owed:
                    answer = _message(backend.sock)
                    client.sendall(answer)
                    if answer[:1] == b"Z":
                        owed -= 1
                        is_begun = answer[5:6] != b"I"
                        is_over = not is_begun and not owed
                if not is_over:
                    message = _message(client)
                    if message[:1] == b"X":
                        raise EOFError  # noqa: TRY301  the same end as that of a client that just hangs up
        except (OSError, EOFError):  # the client went away, with its transaction open
            backend.close()
            backend = Backend.open(self.server_url)
            raise
        finally:
            self._give_back(backend)

    def _note(self, message: bytes, *, is_begun: bool) -> None:
        kind, body = message[:1], message[5:]
        if kind == b"P" and not body.startswith(b"\0"):
            self.offences.append(f"named statement {body[:60]!r}")
        text = body.split(b"\0")[1] if kind == b"P" else body if kind == b"Q" else b""
        if not is_begun and NEEDS_A_SESSION.search(text):
            self.offences.append(f"session state {text[:60]!r}")

    def _take(self) -> Backend:
        """Return the backend that was idle longest, so the next transaction never meets that of the last one."""
        if (kept := self._kept.get(threading.get_ident())) is not None:
            return kept
        with self._free:
            self._free.wait_for(lambda: self._idle)
            return self._idle.pop() if self.takes_newest else self._idle.popleft()

    def _give_back(self, backend: Backend) -> None:
        if self.keeps_sessions:  # a thread serves one client
            self._kept[threading.get_ident()] = backend
            return
        with self._free:
            self._idle.append(backend)
            self._free.notify()


def _message(sock: socket.socket) -> bytes:
    head = _exactly(sock, 5)
    (length,) = struct.unpack("!I", head[1:])
    return head + _exactly(sock, length - 4)


def _exactly(sock: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        part = sock.recv(size - len(read))
        if not part:
            raise EOFError
        read += part
    return read


def _framed(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


@pytest.fixture
def pooler(migrated_database_url: str) -> Iterator[Pooler]:
    pooler = Pooler(migrated_database_url)
    yield pooler
    pooler.close()


@pytest.fixture
def pooler_url(pooler: Pooler) -> str:
    return pooler.url
