"""The API as a process: it makes tokens for a developer, and ends when told to."""

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import httpx
import pytest

from api.main import _opened
from api.settings import ApiSettings

SERVE = """
import signal
from api.main import serve
from api.settings import ApiSettings
from workers.resources import open_resources
from workers.settings import Settings

with open_resources(Settings(env_file=None)) as resources:
    serve(ApiSettings(_env_file=None), resources)
"""


def resources_in(env):
    return SimpleNamespace(settings=SimpleNamespace(engine=SimpleNamespace(env=env)))


def test_a_developer_is_shown_tokens_that_open_it(capsys):
    opened = _opened(ApiSettings(_env_file=None), resources_in("development"))
    shown = capsys.readouterr().out
    assert [token in shown for token in (*opened.application_tokens, *opened.operator_tokens)] == [True, True]


def test_in_production_no_token_is_made(capsys):
    assert _opened(ApiSettings(_env_file=None), resources_in("production")).application_tokens == ()
    assert capsys.readouterr().out == ""


def test_tokens_that_are_set_are_not_shown(capsys):
    _opened(ApiSettings(_env_file=None, tokens_operator="o" * 30), resources_in("development"))
    assert capsys.readouterr().out == ""


@pytest.mark.journey
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_ends_cleanly(opened, unused_port, how):
    environment = {**os.environ, "REKKRD_API_PORT": str(unused_port), "REKKRD_API_TOKENS_OPERATOR": "o" * 30}
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        url = f"http://127.0.0.1:{unused_port}/healthz"
        try:
            until = time.monotonic() + 30  # bounds a test that would hang
            while True:
                assert process.poll() is None, process.stdout.read()
                assert time.monotonic() < until
                try:
                    answer = httpx.get(url, trust_env=False)
                    break
                except httpx.ConnectError:
                    time.sleep(0.05)
            assert answer.json() == {"status": "ok", "database": "ok", "redis": "up", "causes": []}
            process.send_signal(how)
            process.wait(20)
        finally:
            process.kill()
        assert "o" * 30 not in process.stdout.read().decode()
    assert process.returncode in (0, -how, 128 + how)


@pytest.fixture
def unused_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
