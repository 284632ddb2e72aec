"""Behind a transaction pooler, migrations and LISTEN leave no session state on a backend that others use next."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db import listen, migrations, sessions
from db.errors import MigrationBlocked, MigrationRefused
from db.listen import Listener
from db.pool import connect
from tests.transaction_pooler import Pooler

MODES: dict[str, dict[str, Any]] = {
    "round-robin": {},
    "last used first": {"takes_newest": True},
    "one backend": {"backends": 1},
    "two in turn": {"backends": 2},
    "two, last used first": {"backends": 2, "takes_newest": True},
    "four in turn": {"backends": 4},
}


@contextmanager
def pooling(url: str, **mode: Any) -> Iterator[Pooler]:
    pooler = Pooler(url, **mode)
    try:
        yield pooler
    finally:
        pooler.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE public.one (a int);")
    (tmp_path / "0002_two.sql").write_text("CREATE TABLE public.two (a int);")
    return tmp_path


def advisory_locks(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute(
            "SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database "
            "WHERE l.locktype = 'advisory' AND d.datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_a_transaction_pooler_is_detected(database_url: str, mode: dict[str, Any]) -> None:
    with pooling(database_url, **mode) as pooler, connect(pooler.url, timeout_seconds=5) as conn:
        assert sessions.is_pooled(conn, pooler.url, timeout_seconds=5)


def test_a_direct_connection_is_not_pooled(database_url: str) -> None:
    with connect(database_url, timeout_seconds=5) as conn:
        assert not sessions.is_pooled(conn, database_url, timeout_seconds=5)


def test_a_pooler_in_session_mode_keeps_sessions(database_url: str, folder: Path) -> None:
    with pooling(database_url, backends=8, keeps_sessions=True) as pooler:
        with connect(pooler.url, timeout_seconds=5) as conn:
            assert not sessions.is_pooled(conn, pooler.url, timeout_seconds=5)
        assert migrations.migrate(pooler.url, folder=folder) == ["0001_one", "0002_two"]


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_migrations_behind_a_pooler_are_refused(database_url: str, folder: Path, mode: dict[str, Any]) -> None:
    with pooling(database_url, **mode) as pooler:
        with pytest.raises(MigrationRefused, match=r"transaction pooler.*DATABASE_DIRECT_URL"):
            migrations.migrate(pooler.url, folder=folder)
        assert pooler.offences == []
        assert advisory_locks(database_url) == 0
        assert migrations.migrate(database_url, folder=folder, others_seconds=0) == ["0001_one", "0002_two"]


def test_an_up_to_date_database_needs_no_session(database_url: str, folder: Path) -> None:
    migrations.migrate(database_url, folder=folder)
    with pooling(database_url) as pooler:
        assert migrations.migrate(pooler.url, folder=folder) == []
        assert pooler.offences == []


@pytest.mark.parametrize("mode", [MODES["round-robin"], MODES["last used first"]])
def test_an_undetected_pooler_keeps_no_lock(
    database_url: str, folder: Path, mode: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "is_pooled", lambda *_, **__: False)
    with pooling(database_url, **mode) as pooler:
        assert migrations.migrate(pooler.url, folder=folder) == ["0001_one", "0002_two"]
        assert pooler.offences == []
        assert advisory_locks(database_url) == 0


def test_a_wait_for_the_lock_names_its_holder(database_url: str, folder: Path) -> None:
    told: list[str] = []
    with psycopg.connect(database_url, application_name="deploy 7") as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [migrations.LOCK])

        def tell(message: str) -> None:
            told.append(message)
            other.rollback()

        assert migrations.migrate(database_url, folder=folder, tell=tell) == ["0001_one", "0002_two"]
        pid = other.info.backend_pid
    (message,) = told
    assert f"session {pid} (deploy 7, idle in transaction" in message
    assert f"SELECT pg_terminate_backend({pid})" in message
    assert migrations.TELL_SECONDS + migrations.ASK_AGAIN_SECONDS < 2


def test_a_stranded_lock_is_named_when_patience_ends(database_url: str, folder: Path) -> None:
    with psycopg.connect(database_url, application_name="pooled", autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [migrations.LOCK])
        with pytest.raises(MigrationBlocked, match=rf"session {other.info.backend_pid} \(pooled, idle"):
            migrations.migrate(database_url, folder=folder, others_seconds=0)


def test_the_lock_outlives_the_servers_idle_limit(database_url: str, folder: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(f"ALTER DATABASE {conn.info.dbname} SET idle_in_transaction_session_timeout = '400ms'")
    (folder / "0002_two.sql").write_text("SELECT pg_sleep(1);")
    assert migrations.migrate(database_url, folder=folder) == ["0001_one", "0002_two"]


def test_a_lost_lock_stops_the_migrations(database_url: str, folder: Path) -> None:
    (folder / "0001_one.sql").write_text(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid() "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database());"
    )
    with pytest.raises(migrations.DatabaseAway):
        migrations.migrate(database_url, folder=folder)
    assert migrations.pending(database_url, folder=folder) == ["0002_two"]


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_a_listener_behind_a_pooler_never_listens(
    database_url: str, mode: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "FIRST_PAUSE_SECONDS", 60.0)
    with pooling(database_url, **mode) as pooler:
        with Listener(pooler.url, ("rekkrd_line",)) as listener:
            assert listener.wait(0.05) == []
            assert not listener.is_listening
        assert pooler.used
        assert pooler.offences == []
