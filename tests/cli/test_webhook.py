"""The webhook in the terminal: how it stands, a ping, a fresh secret, and nothing secret on the screen."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from actors.catalog import IMPORT_COLLECTION
from cli import main
from cli.errors import CommandFailed, WorkFailed
from db import deliveries, jobs, operations, users
from db.pool import Pool
from tests.new_jobs import enqueue
from workers.webhook import keys_of


@pytest.fixture
def pool(migrated_database_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def app(monkeypatch, pool):
    """An app that answers as told, with its webhook set."""
    answers = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(answers.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    secret = run("secret").stdout.strip()
    monkeypatch.setenv("REKKRD_WEBHOOK_URL", f"http://127.0.0.1:{server.server_port}/hook")
    monkeypatch.setenv("REKKRD_WEBHOOK_SECRETS", secret)
    yield answers, secret
    server.shutdown()
    thread.join()
    server.server_close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.app_for(["webhook"]), ["webhook", *arguments])


def given_up(pool: Pool) -> None:
    with pool.transaction() as conn:
        deliveries.want(conn, "https://app.example/hook")
        job = enqueue(conn, IMPORT_COLLECTION, users.create(conn, uuid4().hex).id).job.id
        jobs.cancel(conn, job)
        taken = deliveries.claim(conn, seconds=60)
        assert taken is not None
        deliveries.mark_failed(conn, taken.id, status=410, error="Status 410: gone", seconds=5, gives_up=True)


def test_a_fresh_secret_is_one_that_signs():
    first, second = (run("secret").stdout.strip() for _ in range(2))
    assert len(keys_of(f"{first},{second}")) == 2
    assert first != second


def test_without_a_webhook_it_is_said_what_to_set(pool):
    assert "REKKRD_WEBHOOK_URL and REKKRD_WEBHOOK_SECRETS" in run().stdout
    assert isinstance(run("test").exception, CommandFailed)


def test_a_ping_says_whether_the_app_took_it_and_shows_no_secret(app):
    answers, secret = app
    answers += [204, 401]
    assert "took it: 204." in run("test").stdout
    refused = run("test").exception
    assert isinstance(refused, WorkFailed)
    assert "answered 401" in str(refused)
    shown = run()
    assert "signed by 1 secret" in shown.stdout
    assert secret.removeprefix("whsec_") not in shown.stdout


def test_what_was_given_up_is_shown_with_its_reason_and_sent_once_more(pool):
    given_up(pool)
    shown = run().stdout
    assert "1 given up" in shown
    assert "Status 410: gone" in shown
    assert run("retry").stdout.strip() == "1 webhook due now."
    assert run("retry").stdout.strip() == "No webhook has failed."
    with pool.transaction() as conn:
        assert [act.action for act in operations.acts(conn)] == ["webhooks retried"]
        assert deliveries.counts(conn).waiting == 1


def test_off_tells_nobody_any_more_and_is_remembered(pool):
    with pool.transaction() as conn:
        deliveries.want(conn, "https://app.example/hook")
    assert "Workers elsewhere tell ends of users' jobs to https://app.example/hook" in run().stdout
    assert run("off").stdout.strip() == "Ends of jobs are no longer told to https://app.example/hook."
    assert run("off").stdout.strip() == "The webhook is off already."
    assert "told to nobody" in run().stdout
    with pool.transaction() as conn:
        (act,) = operations.acts(conn)
    assert (act.action, act.target) == ("webhook off", {"urls": ["https://app.example/hook"]})
