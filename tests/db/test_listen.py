"""News as it happens, through lost connections, and an end at once."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from db import listen
from db.listen import Listener, Notification

LONG = 30.0  # a test that needs this long has failed


@pytest.fixture
def listener(migrated_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    monkeypatch.setattr(listen, "FIRST_PAUSE_SECONDS", 0.01)
    with Listener(migrated_database_url, ["line", "jobs"]) as listener:
        yield listener


def notify(url: str, payload: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("SELECT pg_notify('jobs', %s)", [payload])


def test_the_first_word_on_every_channel_is_look(listener: Listener) -> None:
    assert not listener.is_listening
    assert listener.wait(LONG) == [Notification("line", ""), Notification("jobs", "")]
    assert listener.is_listening


def test_news_end_the_wait(listener: Listener, migrated_database_url: str) -> None:
    listener.wait(LONG)
    notify(migrated_database_url, "7")
    assert listener.wait(LONG) == [Notification("jobs", "7")]


def test_without_news_the_wait_ends_with_its_time(listener: Listener) -> None:
    listener.wait(LONG)
    assert listener.wait(0.01) == []


def test_a_lost_connection_comes_back_and_says_look(listener: Listener, migrated_database_url: str) -> None:
    listener.wait(LONG)
    with psycopg.connect(migrated_database_url) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rekkrd' AND datname = %s",
            [operator.info.dbname],
        )
    assert listener.wait(LONG) == [Notification("line", ""), Notification("jobs", "")]
    notify(migrated_database_url, "8")
    assert listener.wait(LONG) == [Notification("jobs", "8")]


def test_a_close_from_another_thread_ends_the_wait(listener: Listener) -> None:
    listener.wait(LONG)
    heard: list[list[Notification]] = []
    thread = threading.Thread(target=lambda: heard.append(listener.wait(LONG)))
    thread.start()
    listener.close()
    thread.join(LONG / 3)
    assert heard == [[]]
    assert not listener.is_listening
    assert listener.wait(LONG) == []


def test_without_an_address_it_only_sleeps_and_still_closes() -> None:
    with Listener(None, ["jobs"]) as listener:
        assert listener.wait(0.01) == []
        listener.close()
        assert listener.wait(LONG) == []


def test_a_server_that_is_not_there_costs_no_error_and_no_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def refuse(*_: object, **__: object) -> None:
        tried.append(1)
        raise psycopg.OperationalError

    monkeypatch.setattr(listen, "connect", refuse)
    with Listener("postgresql://nobody@127.0.0.1:1/x", ["jobs"]) as listener:
        assert listener.wait(0.3) == []
    assert 1 <= len(tried) <= 3
