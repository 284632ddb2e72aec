"""Slack: a message arrives as JSON; who does not answer costs no more than a line, and no secret."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from workers import slack


@pytest.fixture
def channel():
    got, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(answers.pop(0) if answers else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/services/T0/SECRET", got, answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_message_arrives(channel):
    url, got, _ = channel
    assert slack.tell(url, "*Alarm:* 7 jobs failed.")
    assert got == [{"text": "*Alarm:* 7 jobs failed."}]


def test_one_that_is_refused_has_not_arrived(channel):
    url, _, answers = channel
    answers.append(404)
    assert not slack.tell(url, "x")


def test_nobody_there_is_no_error_and_no_secret_is_said(capsys):
    assert not slack.tell("http://127.0.0.1:9/services/T0/SECRET", "x")
    assert "SECRET" not in capsys.readouterr().out
