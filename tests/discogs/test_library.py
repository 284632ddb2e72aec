"""The room stands on its own: its example runs, and importing it brings none of the machinery above."""

import doctest
import subprocess
import sys

import discogs
from discogs import client


def test_the_example_is_ten_lines_and_runs(raw_server, answer_bytes, monkeypatch, capsys):
    (example,) = doctest.DocTestParser().get_doctest(discogs.__doc__, {}, "example", None, 0).examples[-1:]
    lines = [line for line in discogs.__doc__.splitlines() if line.startswith((">>>", "..."))]
    assert len(lines) <= 10
    monkeypatch.setenv("DISCOGS_API_URL", raw_server.url)
    answers = iter(
        [
            {"id": 1, "username": "alice"},
            {
                "pagination": {"page": 1, "pages": 1, "per_page": 100, "items": 1},
                "releases": [{"id": 1, "instance_id": 7, "basic_information": {"title": "Stockholm"}}],
            },
        ]
    )
    raw_server.answer = lambda conn: conn.sendall(answer_bytes(next(answers)))
    source = "".join(line[4:] + "\n" for line in lines)
    exec(compile(source, "example", "exec"), {})
    assert "7 Stockholm None" in capsys.readouterr().out
    assert example.source in source


def test_importing_the_room_brings_no_queue_and_no_database():
    above = {"dramatiq", "psycopg", "redis", "workers", "db"}
    code = f"import sys, discogs.client, discogs.handshake; print({above} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.strip() == "set()"


def test_no_proxy_or_netrc_of_the_machine_comes_between(settings, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with client.http_client(settings) as http:
        assert http.trust_env is False
