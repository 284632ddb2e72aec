"""Bytes in and out: HTTP/1.1 by h11 on asyncio, with all that a network can do to an answer."""

import asyncio
import gzip
import re
import socket
import struct
import time
from typing import cast

import h11

from simulator.call import Answer, Request
from simulator.service import Delivery, Service

WORTH_COMPRESSING = 500  # bytes
DRIPS = 20
RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST


class Wire(asyncio.Protocol):
    """One connection. A request is answered at once, or by a task where the answer takes its time."""

    def __init__(self, service: Service, open_wires: "set[Wire]") -> None:
        self._service = service
        self._open_wires = open_wires
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=65_536)
        self._head: h11.Request | None = None
        self._body = b""
        self._at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open_wires.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        self._open_wires.discard(self)
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._http.receive_data(data)
        self._read(now)

    def eof_received(self) -> bool:
        """Keep the way back open for a client that has said all: its answer may still be on the way."""
        return self._task is not None

    def abort(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _read(self, now: float) -> None:
        """Take events until a request is whole; the next one waits until this one is answered."""
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                self._complain(error)
                return
            if isinstance(event, h11.Request):
                self._head, self._body, self._at = event, b"", now
                if self._http.they_are_waiting_for_100_continue:
                    self._write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage):
                self._answer()
            elif isinstance(event, h11.ConnectionClosed):
                self._close()
                return
            else:  # NEED_DATA or PAUSED
                return

    def _answer(self) -> None:
        request = self._request()
        delivery = self._service.deliver(request)
        if delivery.delay or delivery.manner == "drip":
            self._task = asyncio.get_running_loop().create_task(self._deliver_slowly(request, delivery))
        else:
            self._deliver(request, delivery)

    def _request(self) -> Request:
        head = self._head
        if head is None or self._transport is None:
            raise RuntimeError("A body without a head.")
        path, _, query = head.target.decode("ascii", "replace").partition("?")
        if path.startswith("http"):  # absolute form, as sent to a proxy
            path = "/" + path.split("/", 3)[3] if path.count("/") > 2 else "/"
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
        peer = self._transport.get_extra_info("peername")
        return Request(head.method.decode("ascii"), path, query, headers, self._body, peer[0] if peer else "", self._at)

    async def _deliver_slowly(self, request: Request, delivery: Delivery) -> None:
        await asyncio.sleep(delivery.delay)
        if delivery.manner == "drip":
            await self._drip(request, delivery)
        else:
            self._deliver(request, delivery)
        self._task = None
        self._read(time.monotonic())

    def _deliver(self, request: Request, delivery: Delivery) -> None:
        if delivery.manner == "reset":
            self._finish(delivery)
            self._reset()
            return
        head, body = self._framed(request, delivery.answer)
        if delivery.manner == "half":
            self._write(head + body[: len(body) // 2])
            self._finish(delivery)
            self._close()
            return
        self._write(head + self._sent(body))
        self._finish(delivery)
        self._go_on()

    async def _drip(self, request: Request, delivery: Delivery) -> None:
        head, body = self._framed(request, delivery.answer)
        self._write(head)
        size = max(1, len(body) // DRIPS)
        for start in range(0, len(body), size):
            await asyncio.sleep(delivery.seconds / max(1, len(body) / size))
            self._write(body[start : start + size])
        self._sent(body)
        self._finish(delivery)
        self._go_on()

    def _framed(self, request: Request, answer: Answer) -> tuple[bytes, bytes]:
        """Return head and body, compressed if the client takes that."""
        body = answer.body
        headers = [("Content-Type", answer.content_type), ("Server", "cloudflare"), *answer.headers]
        if not any(name == "Cache-Control" for name, _ in answer.headers):
            headers.append(("Cache-Control", "public, must-revalidate"))
        accepts_gzip = self._service.settings.gzip and _accepts_gzip(request.headers.get("accept-encoding", ""))
        headers.append(("Vary", "Accept-Encoding"))
        if accepts_gzip and len(body) > WORTH_COMPRESSING:
            body = gzip.compress(body, 1, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        if answer.status == 204 or request.method == "HEAD":
            body = b""
        if answer.status != 204:
            headers.append(("Content-Length", str(len(body))))
        head = self._http.send(h11.Response(status_code=answer.status, headers=headers))
        return head or b"", body

    def _sent(self, body: bytes) -> bytes:
        """Tell h11 that a body went out, and return its bytes."""
        data = self._http.send(h11.Data(data=body)) or b"" if body else b""
        return data + (self._http.send(h11.EndOfMessage()) or b"")

    def _go_on(self) -> None:
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        elif self._http.our_state is h11.MUST_CLOSE:
            self._close()

    def _finish(self, delivery: Delivery) -> None:
        if delivery.arrival is not None:
            delivery.arrival.answered = time.monotonic()
            self._service.log.finish(delivery.arrival)

    def _complain(self, error: h11.RemoteProtocolError) -> None:
        reason = str(error).encode()
        self._write(
            b"HTTP/1.1 %d Bad Request\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
            % (error.error_status_hint, len(reason), reason)
        )
        self._close()

    def _write(self, data: bytes | None) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _reset(self) -> None:
        if self._transport is not None:
            raw = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
            self._transport.abort()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _accepts_gzip(header: str) -> bool:
    """Read Accept-Encoding; ``gzip;q=0`` is a refusal."""
    for each in header.lower().split(","):
        name, *parameters = (part.strip() for part in each.split(";"))
        if name in {"gzip", "*"}:
            return not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", one) for one in parameters)
    return False
