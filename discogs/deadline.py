"""A call's deadline as a whole, held at the socket: connecting, waiting, and every drop of a dripping answer."""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx
from httpcore import SOCKET_OPTION, NetworkBackend, NetworkStream

_ends_at: ContextVar[float | None] = ContextVar("discogs_call_ends_at", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let every network operation of this thread end in ``seconds`` from now, taken together."""
    before = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(before)


def restart(seconds: float) -> None:
    """Begin the count anew, after a wait that was not the network's."""
    _ends_at.set(time.monotonic() + seconds)


def has_passed() -> bool:
    """Is it over? For bodies that come through another transport than ours."""
    ends_at = _ends_at.get()
    return ends_at is not None and time.monotonic() >= ends_at


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's own transport over sockets that know the deadline.

    httpx limits each read, so a server that sends a byte now and then is waited for without end, in the headers too.
    It has no seam for the socket's side, hence the pool is put in by hand.
    """

    def __init__(self, *, max_connections: int, keepalive_seconds: float) -> None:
        trusted = httpx.create_ssl_context()
        super().__init__(verify=trusted)
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusted,
            max_connections=max_connections,
            keepalive_expiry=keepalive_seconds,
            network_backend=_Backend(),
        )


class _Backend(NetworkBackend):
    def __init__(self) -> None:
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._real.connect_tcp(host, port, left, local_address, socket_options))


class _Stream(NetworkStream):
    def __init__(self, real: NetworkStream) -> None:
        self._real = real

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._real.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._real.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._real.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._real.get_extra_info(info)

    def close(self) -> None:
        self._real.close()


def _left(timeout: float | None, expired: type[httpcore.TimeoutException]) -> float | None:
    """The lesser of httpx's limit for this operation and what is left of the call."""
    ends_at = _ends_at.get()
    if ends_at is None:
        return timeout
    left = ends_at - time.monotonic()
    if left <= 0:
        raise expired("the deadline of the whole call has passed")
    return left if timeout is None else min(timeout, left)
