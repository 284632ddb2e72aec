"""Callers that wait for Discogs hold no thread of the other routes, and are refused at once when it takes too long."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import anyio.to_thread
import pytest

from db import users
from services.senders import Busy
from workers.limiter.errors import Stopped
from workers.resources import Resources

CALLERS = 60
ADMITTED = 18  # the 19th would wait 19 x 60/55 s, above 20 s


@pytest.fixture
def people(resources):
    with resources.pool.transaction() as conn:
        return [users.create(conn, f"user{n}", tier="curator").id for n in range(CALLERS)]


@pytest.fixture
def held(resources, monkeypatch):
    """Hold back every permit until `go` is set; `waiting` counts who waits for one."""

    class Held:
        go = threading.Event()
        waiting = 0
        lock = threading.Lock()

        def acquire(self, *, stop, **_):
            with self.lock:
                self.waiting += 1
            while not self.go.wait(0.01):
                if stop.is_set():
                    raise Stopped("stopped")
            raise Stopped("stopped")

    held = Held()
    monkeypatch.setattr(resources.limiter, "acquire", held.acquire)
    yield held
    held.go.set()


@pytest.fixture
def busy_threads(client):
    """Return the number of the routes' threads that are in use."""
    return lambda: client.portal.call(_borrowed)


async def _borrowed():
    return anyio.to_thread.current_default_thread_limiter().borrowed_tokens


def settled(condition):
    for _ in range(2000):
        if condition():
            return True
        threading.Event().wait(0.005)
    return False


def test_60_price_requests_leave_the_other_routes_free(client, as_app, people, held, busy_threads):
    def ask(number):
        return client.get(f"/api/discogs/marketplace/stats/{number + 1}", headers=as_app(people[number]))

    with ThreadPoolExecutor(CALLERS) as threads:
        waiting = [threads.submit(ask, number) for number in range(CALLERS)]
        assert settled(lambda: sum(each.done() for each in waiting) == CALLERS - ADMITTED)
        assert settled(lambda: held.waiting == ADMITTED)
        assert busy_threads() == 0
        assert client.get("/api/jobs?limit=1", headers=as_app(people[0])).status_code == 200
        refused = [each.result() for each in waiting if each.done()]
        held.go.set()
    assert Counter(answer.status_code for answer in refused) == {503: CALLERS - ADMITTED}
    assert {answer.json()["error"]["reason"] for answer in refused} == {"too_busy"}
    assert {answer.headers["Retry-After"] for answer in refused} == {"21"}


def test_followers_of_one_price_hold_no_thread(client, as_app, people, held, busy_threads, app):
    with ThreadPoolExecutor(CALLERS) as threads:
        waiting = [
            threads.submit(client.get, "/api/discogs/marketplace/stats/1", headers=as_app(user)) for user in people
        ]
        assert settled(lambda: app.state.flights.followers == CALLERS)
        assert (held.waiting, app.state.senders.active, busy_threads()) == (1, 1, 0)
        held.go.set()
    assert {each.result().status_code for each in waiting} == {503}


def test_wait_ends_with_202_and_the_expected_time(client, as_app, ada, held):
    path = "/api/discogs/marketplace/stats/1"
    answer = client.get(path, params={"wait": 0}, headers=as_app(ada))
    assert (answer.status_code, answer.json()["state"], answer.headers["Retry-After"]) == (202, "pending", "1")
    assert client.get(path, params={"wait": 20.5}, headers=as_app(ada)).status_code == 422
    listings = client.get("/api/discogs/marketplace/listings/1", params={"wait": 0.01}, headers=as_app(ada))
    assert (listings.status_code, listings.headers["Retry-After"]) == (202, "1")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/discogs/marketplace/stats/1", None),
        ("GET", "/api/discogs/marketplace/price/1", None),
        ("POST", "/api/discogs/auth/request-token", {}),
        ("POST", "/api/discogs/auth/complete", {"request_token": "x", "verifier": "y"}),
    ],
)
def test_every_route_that_asks_discogs_is_refused_when_busy(client, app, as_app, ada, monkeypatch, method, path, body):
    def refuse(*_, **__):
        raise Busy("Too many requests to Discogs are waiting.", 41.2)

    monkeypatch.setattr(app.state.senders, "start", refuse)
    answer = client.request(method, path, json=body, headers=as_app(ada))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "42")


def test_the_value_is_shown_without_discogs_when_busy(client, app, as_app, ada, connect, monkeypatch):
    connect(ada)

    def refuse(*_, **__):
        raise Busy("Too many requests to Discogs are waiting.", 41.2)

    monkeypatch.setattr(app.state.senders, "start", refuse)
    assert client.get("/api/collection/value", headers=as_app(ada)).status_code == 200


def test_no_route_asks_discogs_outside_the_senders(client, as_app, ada, bob, connect, discogs, monkeypatch):
    asked = []
    real = Resources.budget_for_person

    def seen(resources, user, **options):
        asked.append(threading.current_thread().name.partition("_")[0])
        return real(resources, user, **options)

    monkeypatch.setattr(Resources, "budget_for_person", seen)
    connect(bob)
    for path in ("marketplace/stats/1", "marketplace/listings/2"):
        client.get(f"/api/discogs/{path}", headers=as_app(ada))
    client.get("/api/collection/value", headers=as_app(bob))
    begun = client.post("/api/discogs/auth/request-token", headers=as_app(ada)).json()
    body = {"request_token": begun["request_token"], "verifier": discogs.allow(begun["request_token"], "other")}
    assert client.post("/api/discogs/auth/complete", json=body, headers=as_app(ada)).status_code == 200
    assert (len(asked), set(asked)) == (6, {"sender"})
