"""HTTP connections of the API: a limit on their number, and a deadline for each request to arrive."""

import asyncio
import resource
from typing import ClassVar

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

log = structlog.get_logger(__name__)

HEADER_SECONDS = 10.0  # for a whole header, from the connection or from its first byte on a kept one
BODY_SECONDS = 60.0  # for a whole body, from the end of its header
MOST_CONNECTIONS = 4_000  # above 2,000 followers and 500 event streams
SPARE_FILES = 200  # for the database, Redis, Discogs and logs


class BoundedProtocol(H11Protocol):
    """Closes connections above the limit and those whose request does not arrive in time: uvicorn bounds neither."""

    most_connections = MOST_CONNECTIONS
    seconds: ClassVar[dict[str, float]] = {"header": HEADER_SECONDS, "body": BODY_SECONDS}

    _is_refused = False
    _awaited: str | None = None  # the part of a request that is still to come
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, or close it at once if there are too many."""
        if len(self.connections) >= self.most_connections:
            log.warning("connection_refused", connections=len(self.connections))
            self._is_refused = True
            transport.abort()
            return
        super().connection_made(transport)
        self._await("header")

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request. More bytes of the same part do not extend its deadline."""
        if self._is_refused:
            return
        super().data_received(data)
        self._await(self._missing())

    def on_response_complete(self) -> None:
        """Go on with the next request of the connection."""
        super().on_response_complete()
        self._await(self._missing())

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._await(None)
        if not self._is_refused:
            super().connection_lost(exc)

    def _missing(self) -> str | None:
        """Return the part of a request that is still to come; None while none has begun since the last answer."""
        if self.conn.their_state is h11.SEND_BODY:
            return "body"
        if self.conn.their_state is h11.IDLE and (self.cycle is None or self.conn.trailing_data[0]):
            return "header"
        return None

    def _await(self, part: str | None) -> None:
        if part == self._awaited:
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self._awaited = part
        self._deadline = None if part is None else self.loop.call_later(self.seconds[part], self._drop)

    def _drop(self) -> None:
        log.info("request_timed_out", awaited=self._awaited)
        self.transport.abort()


def connection_limit() -> int:
    """Return how many connections this process may have; raises its limit of open files as far as allowed first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + SPARE_FILES
    allowed = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed - SPARE_FILES
