"""Hostile answers to every HTTP client: memory, time and size stay bounded."""

import gzip
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from discogs.auth import OAuthToken
from discogs.body import PIECE_BYTES
from discogs.budget import Unlimited
from discogs.client import Discogs, http_client
from discogs.errors import Unavailable
from discogs.exchange import MAX_BODY_BYTES
from discogs.handshake import begin
from discogs.settings import DiscogsSettings
from workers import slack
from workers.mail import Resend
from workers.outgoing import MOST_BYTES, OutgoingClient
from workers.webhook import Webhook, keys_of

SECRET = "whsec_" + "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
MIB = 1024 * 1024
INFLATED = 256 * MIB  # what one level of the bomb holds
# Discogs' limit twice (chunks and their join) plus the sender's own bomb; the smaller clients hold far less.
MOST_MEMORY = 2 * MAX_BODY_BYTES + 8 * MIB


@cache
def bomb(levels: int) -> bytes:
    """Compress blanks; each further level compresses the result again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b" " * MIB
    packed = b"".join(packer.compress(piece) for _ in range(INFLATED // MIB)) + packer.flush()
    for _ in range(levels - 1):
        packed = gzip.compress(packed, 9)
    return packed


@dataclass
class Hostile:
    """A server that answers every request alike."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_endless: bool = False
    drips: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    server_side = Hostile()
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server_side.asked.append(dict(self.headers.items()))
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(server_side.status)
            for name, value in server_side.headers.items():
                self.send_header(name, value)
            if not (server_side.is_endless or server_side.drips):
                self.send_header("Content-Length", str(len(server_side.body)))
            self.end_headers()
            try:
                self.wfile.write(server_side.body)
                while server_side.is_endless and not over.is_set():
                    self.wfile.write(b" " * 65536)
                while server_side.drips and not over.wait(0.02):
                    self.wfile.write(b" ")
            except OSError:
                pass  # the client has seen enough
            self.close_connection = True

        do_GET = do_POST  # noqa: N815  http.server's name

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server_side.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server_side
    over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def by_discogs(url: str, seconds: float) -> None:
    said = _discogs(url, seconds)
    with http_client(said) as http, pytest.raises(Unavailable):
        Discogs(http, said, Unlimited(), OAuthToken("t", "s")).identity()


def by_oauth(url: str, seconds: float) -> None:
    with pytest.raises(Unavailable):
        begin(_discogs(url, seconds), Unlimited(), "oob")


def _discogs(url: str, seconds: float) -> DiscogsSettings:
    return DiscogsSettings(_env_file=None, api_url=url, consumer_key="k", consumer_secret="s", deadline_seconds=seconds)


def by_webhook(url: str, seconds: float) -> None:
    hook = Webhook(url, keys_of(SECRET), timeout_seconds=seconds)
    assert hook.post("id", "{}").is_taken, "the status counts, whatever the body"
    hook.close()


def by_resend(url: str, seconds: float) -> None:
    sender = Resend("re_key", url, timeout_seconds=seconds)
    answer = sender.send("key", {"from": "a@b.c", "to": ["d@e.f"], "subject": "s", "text": "t", "html": "h"})
    assert (answer.is_taken, answer.is_refused) == (False, False)
    sender.close()


def by_slack(url: str, seconds: float) -> None:
    assert slack.tell(url, "x", timeout_seconds=seconds)


CLIENTS = [by_discogs, by_oauth, by_webhook, by_resend, by_slack]
Client = Callable[[str, float], None]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("encoding", "levels"), [("gzip", 1), ("gzip, gzip", 2), ("gzip, gzip, gzip", 3), ("deflate, gzip", 1)]
)
def test_a_compressed_bomb_uses_little_memory(client: Client, hostile, encoding, levels):
    hostile.headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    hostile.body = bomb(levels)
    tracemalloc.start()
    try:
        client(hostile.url, 30.0)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MOST_MEMORY
    assert hostile.asked[0]["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("client", CLIENTS)
def test_an_endless_answer_is_cut_off(client: Client, hostile):
    hostile.is_endless = True
    client(hostile.url, 30.0)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_dripping_answer_ends_at_the_deadline(client: Client, hostile):
    hostile.drips = True
    began = time.monotonic()
    client(hostile.url, 0.3)
    assert time.monotonic() - began < 10  # it would drip until the test ends


def test_no_call_of_zlib_produces_more_than_a_piece(hostile, monkeypatch):
    produced = []
    real = zlib.decompressobj

    class Counting:
        def __init__(self, wbits: int) -> None:
            self._real = real(wbits)

        def decompress(self, data: bytes, most: int) -> bytes:
            produced.append(len(self._real.decompress(data, most)))
            return b" " * produced[-1]

        def __getattr__(self, name: str) -> object:
            return getattr(self._real, name)

    monkeypatch.setattr(zlib, "decompressobj", Counting)
    hostile.headers = {"Content-Encoding": "gzip"}
    hostile.body = bomb(1)
    client = OutgoingClient(timeout_seconds=30)
    assert len(client.send("POST", hostile.url).body) == MOST_BYTES
    client.close()
    assert max(produced) <= PIECE_BYTES
    assert sum(produced) <= MOST_BYTES + PIECE_BYTES
