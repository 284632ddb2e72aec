"""The webhook: signed as others verify it, brought until it was taken, and never lost with the worker that had it."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from actors.catalog import IMPORT_COLLECTION, UPKEEP
from db import deliveries, jobs, users
from db.jobs import NOBODY
from db.pool import Pool
from tests.new_jobs import enqueue
from workers import courier
from workers.courier import Courier, open_webhook, ping
from workers.settings import EngineSettings
from workers.webhook import Webhook, keys_of, signature

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()


@dataclass
class Receiver:
    """The app, as far as webhooks go: what it got, and how it answers next."""

    url: str = ""
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    drips: bool = False

    @property
    def events(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    app = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            app.got.append((dict(self.headers.items()), body))
            status = app.answers.pop(0) if app.answers else 204
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{app.url}/elsewhere")
            self.send_header("Content-Length", "0" if not app.drips else "1000")
            self.end_headers()
            if app.drips:
                for _ in range(20):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.1)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    app.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield app
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    opened = Pool(migrated_database_url, size=3, timeout_seconds=5)
    yield opened
    opened.close()


def settings(url: str | None, secrets: str | None = SECRET) -> EngineSettings:
    return EngineSettings(_env_file=None, webhook_url=url, webhook_secrets=secrets, webhook_timeout_seconds=0.5)


@pytest.fixture
def bringing(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[EngineSettings], Courier]]:
    """Start couriers that look often; all are stopped at the end."""
    monkeypatch.setattr(courier, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(courier, "AGAIN_SECONDS", 0.05)
    started: list[Courier] = []

    def start(said: EngineSettings) -> Courier:
        one = Courier(pool, said)
        one.start()
        started.append(one)
        return one

    yield start
    for one in started:
        one.stop()


def want(pool: Pool, url: str) -> None:
    with pool.transaction() as conn:
        deliveries.want(conn, url)


def end_a_job(pool: Pool, *, nobody: bool = False) -> UUID:
    with pool.transaction() as conn:
        user = NOBODY if nobody else users.create(conn, uuid4().hex).id
        job_id = enqueue(conn, UPKEEP if nobody else IMPORT_COLLECTION, user).job.id
        jobs.cancel(conn, job_id)
    return job_id


def counts(pool: Pool) -> deliveries.Standing:
    with pool.transaction() as conn:
        return deliveries.counts(conn)


def wait_for(done: Callable[[], object]) -> None:
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_the_signature_is_that_of_the_specification():
    signed = hmac.new(b"k" * 32, b"id1.1700000000.{}", hashlib.sha256).digest()
    both = signature(keys_of(f"{SECRET}, {OTHER}"), "id1", 1_700_000_000, "{}").split(" ")
    assert both[0] == "v1," + base64.b64encode(signed).decode()
    assert len(both) == 2
    assert both[0] != both[1]


@pytest.mark.parametrize(
    "wrong", ["", "whsec_", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_"), f"{SECRET},{OTHER},x"]
)
def test_a_secret_that_signs_badly_is_refused_and_never_shown(wrong):
    with pytest.raises(ValueError, match=r"is whsec_ and 24|must hold one secret") as refused:
        keys_of(wrong)
    assert SECRET.removeprefix("whsec_") not in str(refused.value)


def test_an_address_without_a_secret_is_half_a_pair():
    with pytest.raises(ValidationError, match="belong together"):
        settings("https://app.example/hook", None)


def test_each_end_of_a_users_job_is_told_once_and_signed(pool, receiver, bringing):
    bringing(settings(receiver.url))
    wait_for(lambda: _is_wanted(pool))
    job_id = end_a_job(pool)
    end_a_job(pool, nobody=True)
    wait_for(lambda: counts(pool).waiting == 0 and receiver.got)
    ((headers, body),) = receiver.got
    said = json.loads(body)
    assert (said["type"], said["data"]["id"], said["data"]["state"]) == ("job.cancelled", str(job_id), "cancelled")
    expected = signature(keys_of(SECRET), headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == expected


def _is_wanted(pool: Pool) -> bool:
    with pool.transaction() as conn:
        return conn.execute("SELECT FROM rekkrd.hooks").rowcount == 1


def test_what_was_not_taken_is_sent_again_under_the_same_id(pool, receiver, bringing):
    want(pool, receiver.url)
    end_a_job(pool)
    receiver.answers = [500, 302, 404]
    bringing(settings(receiver.url))
    wait_for(lambda: counts(pool).waiting == 0)
    assert len(receiver.got) == 4
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_410_gives_up_at_once_and_an_operator_may_send_it_again(pool, receiver, bringing):
    want(pool, receiver.url)
    end_a_job(pool)
    receiver.answers = [410]
    bringing(settings(receiver.url))
    wait_for(lambda: counts(pool).given_up == 1)
    with pool.transaction() as conn:
        (one,) = deliveries.troubled(conn)
        assert (one.status, one.attempts) == (410, 1)
        assert deliveries.retry_now(conn) == 1
    wait_for(lambda: counts(pool) == deliveries.Standing(0, None, 0))
    assert len(receiver.got) == 2


def test_after_a_day_it_is_given_up(pool, receiver):
    want(pool, receiver.url)
    end_a_job(pool)
    with pool.transaction() as conn:
        taken = deliveries.claim(conn, seconds=60)
        assert taken is not None
        conn.execute("UPDATE rekkrd.deliveries SET gives_up_at = now() + interval '1 minute'")
        deliveries.mark_failed(conn, taken.id, status=500, error="no", seconds=30, gives_up=False)
        assert deliveries.counts(conn).given_up == 0
        deliveries.mark_failed(conn, taken.id, status=500, error="no", seconds=90, gives_up=False)
        assert deliveries.counts(conn).given_up == 1


def test_what_a_dead_worker_had_in_hand_is_due_again_and_nobody_else_has_it_meanwhile(pool, receiver):
    want(pool, receiver.url)
    end_a_job(pool)
    with pool.transaction() as conn:
        first = deliveries.claim(conn, seconds=60)
        assert deliveries.claim(conn, seconds=60) is None
        conn.execute("UPDATE rekkrd.deliveries SET due_at = now() - interval '1 second'")
        again = deliveries.claim(conn, seconds=60)
    assert first is not None
    assert again is not None
    assert (again.id, again.attempts) == (first.id, 2)


def test_a_worker_without_a_webhook_leaves_those_of_the_others_alone(pool, receiver, bringing):
    want(pool, receiver.url)
    bringing(settings(None, None)).stop()
    end_a_job(pool)
    assert counts(pool).waiting == 1


def test_turned_off_ends_leave_nothing(pool):
    want(pool, "https://app.example/old")
    with pool.transaction() as conn:
        assert deliveries.turn_off(conn)
        assert not deliveries.turn_off(conn)
    end_a_job(pool)
    assert counts(pool) == deliveries.Standing(0, None, 0)


def test_another_address_takes_the_place_of_the_one_before(pool):
    want(pool, "https://app.example/old")
    want(pool, "https://app.example/new")
    with pool.transaction() as conn:
        assert deliveries.wanted(conn) == ["https://app.example/new"]


def test_an_answer_that_drips_ends_with_its_time_out(receiver):
    receiver.drips = True
    receiver.answers = [200]
    hook = Webhook(receiver.url, keys_of(SECRET), timeout_seconds=0.3)
    began = time.monotonic()
    hook.post("id", "{}")
    hook.close()
    assert time.monotonic() - began < 1.9  # the whole of it would drip for two seconds


def test_nobody_there_is_an_answer_too():
    hook = open_webhook(settings("http://127.0.0.1:9/hook"))
    assert hook is not None
    answer = ping(hook)
    hook.close()
    assert (answer.status, answer.is_taken) == (None, False)
    assert answer.said.startswith("ConnectError")
