"""Unfinished requests are dropped, kept connections are not, and the number of connections has a limit."""

import re
import socket
import threading
from contextlib import contextmanager

import pytest
import uvicorn

from api import connections
from api.connections import MOST_CONNECTIONS, BoundedProtocol, connection_limit

HEADER = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"


async def echo(scope, receive, send):
    """Answer with the length of the body."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, message = b"", {"more_body": True}
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
    await send({"type": "http.response.body", "body": str(len(body)).encode()})


@pytest.fixture
def served():
    """Serve with deadlines in seconds and a limit of connections; yields a function that connects."""

    @contextmanager
    def to(header=30.0, body=30.0, most=100):
        class Protocol(BoundedProtocol):
            seconds = {"header": header, "body": body}  # noqa: RUF012  constant
            most_connections = most

        server = uvicorn.Server(uvicorn.Config(echo, port=0, http=Protocol, log_config=None, timeout_keep_alive=30))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            threading.Event().wait(0.01)
        address = server.servers[0].sockets[0].getsockname()
        opened = []

        def connect():
            opened.append(socket.create_connection(address, timeout=20))
            return opened[-1]

        yield connect, server
        for each in opened:
            each.close()
        server.should_exit = True
        thread.join()

    return to


def answer(connection):
    """Read one answer of ``echo``, whose body is one digit."""
    got = b""
    while not re.search(rb"\r\n\r\n\d$", got):
        got += connection.recv(1)
    return got[-1:]


def is_closed(connection):
    """Wait until the server closes a connection; False after the socket's timeout."""
    try:
        return connection.recv(1000) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_an_unfinished_header_is_dropped(served, sent):
    with served(header=0.1) as (connect, _):
        connection = connect()
        connection.sendall(sent)
        assert is_closed(connection)


def test_bytes_that_trickle_in_do_not_extend_the_deadline(served):
    with served(header=0.3) as (connect, _):
        connection = connect()
        connection.settimeout(0.05)
        connection.sendall(b"GET / HTTP/1.1\r\n")
        for number in range(200):
            try:
                connection.sendall(f"X-{number}: y\r\n".encode())
                if connection.recv(1000) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("The server kept a request that never ends.")


def test_an_unfinished_body_is_dropped(served):
    with served(body=0.1) as (connect, _):
        connection = connect()
        connection.sendall(HEADER + b"ab")
        assert is_closed(connection)


def test_a_kept_connection_is_not_dropped_between_requests(served):
    with served(header=0.2, body=0.2) as (connect, _):
        connection = connect()
        for _ in range(3):
            connection.sendall(HEADER + b"abcd")
            assert answer(connection) == b"4"
            threading.Event().wait(0.3)  # above both deadlines


def test_a_second_unfinished_request_is_dropped(served):
    with served(header=0.2) as (connect, _):
        connection = connect()
        connection.sendall(HEADER + b"abcd")
        assert answer(connection) == b"4"
        connection.sendall(b"GET / HT")
        assert is_closed(connection)


def test_pipelined_requests_are_answered(served):
    with served() as (connect, _):
        connection = connect()
        connection.sendall((HEADER + b"abcd") * 3)
        assert [answer(connection) for _ in range(3)] == [b"4"] * 3


def test_a_connection_above_the_limit_is_closed_at_once(served):
    with served(most=3) as (connect, server):
        kept = [connect() for _ in range(3)]
        for each in kept:
            each.sendall(HEADER + b"abcd")
            assert answer(each) == b"4"
        assert is_closed(connect())
        assert len(server.server_state.connections) == 3
        kept[0].close()
        while len(server.server_state.connections) == 3:
            threading.Event().wait(0.01)
        again = connect()
        again.sendall(HEADER + b"abcd")
        assert answer(again) == b"4"


@pytest.mark.parametrize(
    ("soft", "hard", "raised_to", "connections_allowed"),
    [
        (1024, 1_048_576, MOST_CONNECTIONS + 200, MOST_CONNECTIONS),
        (1024, 2048, 2048, 1848),
        (1024, 1024, None, 824),
        (8192, 8192, None, MOST_CONNECTIONS),
    ],
)
def test_the_limit_fits_the_open_files(monkeypatch, soft, hard, raised_to, connections_allowed):
    raised = []
    monkeypatch.setattr(connections.resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(connections.resource, "setrlimit", lambda _, limits: raised.append(limits[0]))
    assert connection_limit() == connections_allowed
    assert raised == ([] if raised_to is None else [raised_to])
