"""One request over real sockets: permits, deadlines, and answers that end too soon or never."""

import gzip
import socket
import struct
import threading
import time

import httpx
import pytest

from discogs import exchange as exchange_module
from discogs.client import Discogs
from discogs.errors import PermitExpired, Throttled, Unavailable
from discogs.exchange import MAX_PERMITS
from discogs.ids import FolderId, ReleaseId

ME = {"id": 1, "username": "u"}


def test_a_request_takes_one_permit_looks_at_it_before_the_write_and_tells_it_the_answer(
    raw_server, over_the_wire, budget, answer_bytes
):
    heads_at_look = []
    budget.on_check = lambda: heads_at_look.append(len(raw_server.heads))
    rates = ("X-Discogs-Ratelimit: 60", "x-DISCOGS-ratelimit-REMAINING: 58")
    raw_server.answer = lambda conn: conn.sendall(answer_bytes(ME, headers=rates))
    assert over_the_wire().identity().username == "u"
    assert budget.endpoints == ["GET /oauth/identity"]
    assert heads_at_look == [0]
    assert budget.told == [(200, 58, 60)]


@pytest.mark.parametrize("rates", [(), ("X-Discogs-Ratelimit: many", "X-Discogs-Ratelimit-Remaining: -1")])
def test_absent_or_senseless_rate_headers_are_unknown_and_not_zero(
    raw_server, over_the_wire, budget, answer_bytes, rates
):
    raw_server.answer = lambda conn: conn.sendall(answer_bytes(ME, headers=rates))
    over_the_wire().identity()
    assert budget.told == [(200, None, None)]


def test_a_permit_that_ran_out_while_connecting_is_left_unused_and_a_fresh_one_taken_on_the_same_connection(
    raw_server, over_the_wire, budget
):
    budget.stale = 2
    assert over_the_wire().identity().id == 1
    assert (len(budget.endpoints), budget.unused, len(budget.told)) == (3, 2, 1)
    assert (budget.most_held, budget.held) == (1, 0), "the old one is given back before a new one is waited for"
    assert len(raw_server.heads) == raw_server.connections == 1


def test_who_never_gets_to_write_in_time_gives_up_and_nothing_was_sent(raw_server, over_the_wire, budget):
    budget.stale = 99
    with pytest.raises(PermitExpired):
        over_the_wire().identity()
    assert (budget.looks, budget.unused, budget.told) == (MAX_PERMITS, MAX_PERMITS, [])
    assert raw_server.heads == []


def test_what_the_budget_raises_passes_through_untouched(raw_server, over_the_wire, budget):
    class ClosedGate(Exception):
        pass

    def close() -> None:
        raise ClosedGate

    budget.on_check = close
    with pytest.raises(ClosedGate):
        over_the_wire().identity()
    assert (budget.unused, budget.told, raw_server.heads) == (1, [], [])


def drip(over: threading.Event, head: bytes, drop: bytes):
    def answer(conn):
        conn.sendall(head)
        while not over.wait(0.02):
            conn.sendall(drop)

    return answer


@pytest.mark.parametrize(
    ("head_and_drop", "told"),
    [
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" "), (200, None, None)),
        ((b"HTTP/1.1 200 OK\r\n", b"X-Drop: 1\r\n"), (None, None, None)),
        ((b"", b""), (None, None, None)),
    ],
    ids=["body drips", "headers drip", "silence"],
)
def test_the_deadline_holds_for_the_whole_call(raw_server, over_the_wire, budget, head_and_drop, told):
    raw_server.answer = drip(raw_server.over, *head_and_drop)
    with pytest.raises(Unavailable, match="did not answer in time"):
        over_the_wire(deadline_seconds=0.3).identity()
    assert not raw_server.over.is_set()
    assert budget.told == [told]


def test_waiting_for_a_fresh_permit_is_not_counted_against_the_deadline(raw_server, over_the_wire, budget):
    budget.stale = 1
    budget.on_check = lambda: time.sleep(0.4 if budget.looks == 1 else 0)
    assert over_the_wire(deadline_seconds=0.3).identity().id == 1


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def hang_up(conn):
    conn.close()


def half(conn):
    conn.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"id": 1')
    conn.close()


def half_chunked(conn):
    conn.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"id": 1\r\n')
    conn.close()


def not_http(conn):
    conn.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    conn.close()


def damaged_gzip(conn):
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip")


@pytest.mark.parametrize("breaking", [reset, hang_up, half, half_chunked, not_http, damaged_gzip])
def test_a_broken_answer_is_unavailable_and_a_change_may_have_been_applied(raw_server, over_the_wire, budget, breaking):
    raw_server.answer = breaking
    client = over_the_wire()
    with pytest.raises(Unavailable) as reading:
        client.identity()
    with pytest.raises(Unavailable) as adding:
        client.add_to_collection("u", FolderId(1), ReleaseId(1))
    assert not reading.value.maybe_applied
    assert adding.value.maybe_applied
    assert len(budget.told) == len(raw_server.heads) == 2, "sent once each, never repeated"


def test_a_refusal_counts_even_when_its_body_breaks_off(raw_server, over_the_wire):
    raw_server.answer = lambda conn: (
        conn.sendall(b"HTTP/1.1 429 Too Many\r\nContent-Length: 50\r\n\r\n{"),
        conn.close(),
    )
    with pytest.raises(Throttled):
        over_the_wire().identity()


def test_what_could_not_connect_never_left_and_its_permit_is_unused(over_the_wire, budget):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nobody = f"http://127.0.0.1:{gone.getsockname()[1]}"
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        over_the_wire(url=nobody).add_to_collection("u", FolderId(1), ReleaseId(1))
    assert not caught.value.maybe_applied
    assert (budget.unused, budget.told) == (1, [])


def test_an_interruption_after_the_write_still_spends_the_permit(raw_server, over_the_wire, budget, monkeypatch):
    class Interruption(BaseException):
        pass

    def interrupted(*_):
        raise Interruption

    monkeypatch.setattr(exchange_module, "_whole", interrupted)
    monkeypatch.setattr(exchange_module._Sending, "answered", interrupted)
    with pytest.raises(Interruption):
        over_the_wire().identity()
    assert (budget.told, budget.unused) == ([(None, None, None)], 0)


def test_a_connection_goes_back_to_the_pool_whatever_happens_to_the_answer(over_the_wire, raw_server, monkeypatch):
    client = over_the_wire()
    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr(exchange_module._Sending, "answered", lambda *_: 1 // 0)
        client.identity()
    assert client._http._transport._pool.connections == []
    assert client.identity().id == 1


def test_gzip_is_asked_for_and_undone(raw_server, over_the_wire, answer_bytes):
    packed = gzip.compress(b'{"id": 2147483649, "username": "\xc3\xa9"}')
    raw_server.answer = lambda conn: conn.sendall(answer_bytes(packed, headers=("Content-Encoding: gzip",)))
    assert over_the_wire().identity().username == "é"
    assert "accept-encoding: gzip" in raw_server.heads[0].lower()


def test_an_answer_far_too_long_is_not_kept_in_memory(raw_server, over_the_wire, answer_bytes, monkeypatch):
    monkeypatch.setattr(exchange_module, "MAX_BODY_BYTES", 1000)
    bomb = gzip.compress(b" " * 100_000)
    raw_server.answer = lambda conn: conn.sendall(answer_bytes(bomb, headers=("Content-Encoding: gzip",)))
    with pytest.raises(Unavailable, match="too long"):
        over_the_wire().identity()


def test_connections_are_kept_and_every_request_introduces_itself(raw_server, over_the_wire):
    client = over_the_wire()
    client.identity()
    client.identity()
    assert raw_server.connections == 1
    for head in raw_server.heads:
        assert "user-agent: rekkrd/1.0 +https://rekkrd.com" in head.lower()
        assert "accept: application/vnd.discogs.v2.discogs+json" in head.lower()


def test_a_connection_that_the_server_closed_meanwhile_is_not_used_again(raw_server, over_the_wire, answer_bytes):
    closed = threading.Event()

    def answer_and_close(conn):
        conn.sendall(answer_bytes(ME))
        conn.shutdown(socket.SHUT_RDWR)
        closed.set()

    raw_server.answer = answer_and_close
    client = over_the_wire()
    for _ in range(3):
        assert client.identity().id == 1
        assert closed.wait(10)
        closed.clear()
    assert raw_server.connections == 3


def test_a_redirect_is_not_followed_because_it_would_need_another_permit(settings, budget):
    asked = []

    def elsewhere(request):
        asked.append(request)
        return httpx.Response(302, headers={"location": "https://example.org/"})

    eager = httpx.Client(base_url=settings.api_url, transport=httpx.MockTransport(elsewhere), follow_redirects=True)
    with pytest.raises(Unavailable, match="elsewhere"):
        Discogs(eager, settings, budget, None).identity()
    assert len(asked) == len(budget.told) == 1
