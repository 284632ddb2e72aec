"""A job as a stream of events, over real HTTP: now, every change, and the end."""

import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import pytest
import uvicorn

from actors.catalog import IMPORT_COLLECTION
from api import job_watch
from api.app import create_app
from db import jobs
from tests.new_jobs import enqueue


@contextmanager
def serving(app):
    """The API behind a real socket; yields its address and the server."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    )
    app.state.is_stopping = lambda: server.should_exit
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def live(app):
    with serving(app) as (url, _), httpx.Client(base_url=url, timeout=10, trust_env=False) as http:
        yield http


@pytest.fixture
def job(resources, ada, connect):
    connect(ada)
    with resources.pool.transaction() as conn:
        return enqueue(conn, IMPORT_COLLECTION, ada).job


@pytest.fixture
def change(resources, job):
    def to(assignments):
        with resources.pool.transaction() as conn:
            conn.execute(f"UPDATE rekkrd.jobs SET {assignments} WHERE id = %s", [job.id])
            jobs.announce(conn, job.id)

    return to


OVER = "state = 'completed', started_at = now(), finished_at = now(), outcome = '200 records: complete.', steps = 6"


def told(lines):
    """Read events as they come: (id, name, data); a comment is (None, 'comment', text)."""
    event = {}
    for line in lines:
        if line.startswith(":"):
            yield None, "comment", line
        elif line:
            key, _, value = line.partition(": ")
            event[key] = value
        elif event:
            yield event.get("id"), event["event"], json.loads(event["data"])
            event = {}


def test_it_tells_how_things_stand_every_change_and_the_end(live, app, job, change, as_app, ada, monkeypatch):
    monkeypatch.setattr(job_watch, "LOOK_LISTENING_SECONDS", 60.0)  # only a notification wakes the stream
    monkeypatch.setattr(job_watch, "LOOK_SECONDS", 60.0)
    until = time.monotonic() + 10  # bounds a test that would hang
    while not app.state.news.is_listening and time.monotonic() < until:
        time.sleep(0.02)
    with live.stream("GET", f"/api/jobs/{job.id}/events", headers=as_app(ada)) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Cache-Control"] == "no-cache"
        stream = told(answer.iter_lines())
        _, name, data = next(stream)
        assert (name, data["state"], data["id"]) == ("state", "pending", str(job.id))
        change("state = 'running', started_at = now(), steps = 4, total_records = 200, processed_records = 100")
        _, name, data = next(stream)
        assert (name, data["state"], data["progress"]["processed"]) == ("state", "running", 100)
        change("processed_records = 200, steps = 5")
        _, name, data = next(stream)
        assert (name, data["progress"]["processed"]) == ("progress", 200)
        change(OVER)
        _, name, data = next(stream)
        assert (name, data["state"], data["sentence"]) == ("state", "completed", "200 records: complete.")
        assert list(stream) == []


def test_without_a_direct_connection_it_looks_by_itself(
    opened, resources, api_settings, job, change, as_app, ada, monkeypatch
):
    monkeypatch.setitem(
        opened.settings.__dict__, "database", opened.settings.database.model_copy(update={"database_direct_url": None})
    )
    monkeypatch.setattr(job_watch, "LOOK_SECONDS", 0.05)
    app = create_app(api_settings, resources)
    with (
        serving(app) as (url, _),
        httpx.stream("GET", f"{url}/api/jobs/{job.id}/events", headers=as_app(ada), trust_env=False) as answer,
    ):
        stream = told(answer.iter_lines())
        next(stream)
        change(OVER)
        assert next(stream)[2]["state"] == "completed"


def test_a_heartbeat_comes_while_nothing_changes(live, job, as_app, ada, monkeypatch):
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.02)
    with live.stream("GET", f"/api/jobs/{job.id}/events", headers=as_app(ada)) as answer:
        stream = told(answer.iter_lines())
        next(stream)
        assert next(stream)[1] == "comment"


def test_a_job_that_is_over_is_told_once_and_not_to_who_saw_it(live, job, change, as_app, ada):
    change(OVER)
    path = f"/api/jobs/{job.id}/events"
    ((last, name, data),) = told(live.get(path, headers=as_app(ada)).text.splitlines())
    assert (name, data["state"]) == ("state", "completed")
    assert live.get(path, headers={**as_app(ada), "Last-Event-ID": last}).status_code == 204
    assert live.get(path, headers={**as_app(ada), "Last-Event-ID": "something\x7felse"}).status_code == 200


def test_a_job_that_is_deleted_meanwhile_ends_the_stream_with_a_word(live, job, resources, as_app, ada, monkeypatch):
    monkeypatch.setattr(job_watch, "LOOK_LISTENING_SECONDS", 0.05)
    monkeypatch.setattr(job_watch, "LOOK_SECONDS", 0.05)
    with live.stream("GET", f"/api/jobs/{job.id}/events", headers=as_app(ada)) as answer:
        stream = told(answer.iter_lines())
        next(stream)
        with resources.pool.transaction() as conn:
            conn.execute("DELETE FROM rekkrd.jobs WHERE id = %s", [job.id])
        ((_, name, data),) = stream
    assert (name, data["error"]["code"], data["error"]["message"]) == ("gone", "not_found", "There is no such job.")
    assert live.get(f"/api/jobs/{job.id}/events", headers=as_app(ada)).status_code == 404


def test_streams_end_at_once_when_the_server_stops(app, job, as_app, ada, monkeypatch):
    monkeypatch.setattr(job_watch, "LOOK_LISTENING_SECONDS", 0.05)
    monkeypatch.setattr(job_watch, "LOOK_SECONDS", 0.05)
    with (
        serving(app) as (url, server),
        httpx.stream("GET", f"{url}/api/jobs/{job.id}/events", headers=as_app(ada), trust_env=False) as answer,
    ):
        stream = told(answer.iter_lines())
        next(stream)
        server.should_exit = True
        assert [name for _, name, _ in stream if name != "comment"] == []


@contextmanager
def streaming(http, job, headers, count):
    """Open streams and read the first event of each."""
    held = []  # an iterator that is dropped closes its connection
    with ExitStack() as stack:
        for _ in range(count):
            answer = stack.enter_context(http.stream("GET", f"/api/jobs/{job.id}/events", headers=headers))
            assert answer.status_code == 200
            held.append(told(answer.iter_lines()))
            next(held[-1])
        yield


def test_a_user_has_few_streams_and_others_go_on(app, live, job, as_app, ada, as_operator):
    with streaming(live, job, as_app(ada), job_watch.MOST_STREAMS_A_USER):
        refused = live.get(f"/api/jobs/{job.id}/events", headers=as_app(ada))
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
        assert refused.json()["error"]["reason"] == "too_many_streams"
        with streaming(live, job, as_operator, 1):
            assert app.state.job_watch.streams == job_watch.MOST_STREAMS_A_USER + 1
    assert comes_to(0, lambda: app.state.job_watch.streams)


def test_no_more_streams_than_the_process_allows(live, job, as_app, ada, as_operator, monkeypatch):
    monkeypatch.setattr(job_watch, "MOST_STREAMS", 1)
    with streaming(live, job, as_app(ada), 1):
        assert live.get(f"/api/jobs/{job.id}/events", headers=as_operator).status_code == 503


def test_streams_opened_at_once_do_not_exceed_the_limit(app, live, job, as_app, ada):
    """The place is taken before the first look: requests that arrive together can't all pass the check."""
    headers = as_app(ada)

    def status(_):
        with live.stream("GET", f"/api/jobs/{job.id}/events", headers=headers) as answer:
            if answer.status_code == 200:
                stream = told(answer.iter_lines())
                next(stream)
                opened.wait(30)
            else:
                refused.append(answer)
                if len(refused) == 14:
                    opened.set()
            return answer.status_code

    opened, refused = threading.Event(), []
    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(status, range(20)))
    assert Counter(found) == {200: 6, 503: 14}


def test_a_refused_stream_keeps_no_place(app, live, job, as_app, bob):
    for _ in range(10):
        assert live.get(f"/api/jobs/{job.id}/events", headers=as_app(bob)).status_code == 404
    assert app.state.job_watch.streams == 0


def test_one_look_serves_all_watchers_of_a_job(app, live, job, change, as_operator, monkeypatch):
    looks, views = [], job_watch._views

    def counted(resources, job_ids):
        looks.append(threading.current_thread().name)
        return views(resources, job_ids)

    monkeypatch.setattr(job_watch, "_views", counted)
    monkeypatch.setattr(job_watch, "LOOK_LISTENING_SECONDS", 60.0)
    monkeypatch.setattr(job_watch, "LOOK_SECONDS", 60.0)
    with streaming(live, job, as_operator, 20):
        assert len(looks) <= 2  # one, and one more if the listener connected in between
        assert all(name.startswith("job-watch") for name in looks)


def test_a_stream_that_was_left_is_forgotten(app, live, job, as_app, ada, change):
    with live.stream("GET", f"/api/jobs/{job.id}/events", headers=as_app(ada)) as answer:
        stream = told(answer.iter_lines())  # held: the connection would go with it
        next(stream)
        assert comes_to(1, lambda: app.state.job_watch.streams)
    assert comes_to(0, lambda: app.state.job_watch.streams)


def comes_to(count, number):
    until = time.monotonic() + 10  # bounds a test that would hang
    while number() != count and time.monotonic() < until:
        time.sleep(0.02)
    return number() == count
