"""Both servers: up, private, and up again after a stop or a kill."""

import os
import stat
from pathlib import Path

import psycopg
import pytest
import redis

from cli.servers import Servers, running, running_postgres, running_valkey
from cli.servers.server import Server


@pytest.fixture
def both(folder: Path) -> Servers:
    with running(folder, durable=False) as both:
        yield both


def test_they_are_what_the_design_names(both: Servers) -> None:
    with psycopg.connect(both.database_url) as conn, redis.Redis.from_url(both.redis_url) as client:
        assert conn.info.server_version // 10_000 == 18
        assert client.info("server")["valkey_version"].startswith("9.")


def test_text_is_utf8_in_the_same_order_everywhere_and_pages_have_checksums(both: Servers) -> None:
    with psycopg.connect(both.database_url) as conn:
        row = conn.execute(
            "SELECT pg_encoding_to_char(encoding), datlocale, current_setting('data_checksums') FROM pg_database"
        ).fetchone()
    assert row == ("UTF8", "C.UTF-8", "on")


def test_a_durable_one_writes_through_and_a_fast_one_does_not(folder: Path) -> None:
    for durable, shown in ((False, "off"), (True, "on")):
        with running_postgres(folder, durable=durable) as postgres, psycopg.connect(postgres.url()) as conn:
            for setting in ("fsync", "full_page_writes"):
                assert conn.execute("SELECT current_setting(%s)", [setting]).fetchone() == (shown,)


@pytest.mark.parametrize("durable", [False, True])
def test_what_was_committed_outlives_a_kill_of_the_server(folder: Path, durable: bool) -> None:
    with running_postgres(folder, durable=durable) as postgres:
        with psycopg.connect(postgres.url(), autocommit=True) as conn:
            conn.execute("CREATE TABLE kept (n int)")
            for number in range(50):
                conn.execute("INSERT INTO kept VALUES (%s)", [number])
            postgres.kill()
        postgres.start()
        with psycopg.connect(postgres.url()) as conn:
            assert conn.execute("SELECT count(*) FROM kept").fetchone() == (50,)


def test_data_of_postgresql_outlives_its_server_and_that_of_valkey_does_not(both: Servers) -> None:
    with psycopg.connect(both.database_url) as conn, redis.Redis.from_url(both.redis_url) as client:
        conn.execute("CREATE TABLE kept ()")
        client.set("lost", 1)
    both.postgres.restart()
    both.valkey.restart()
    with psycopg.connect(both.database_url) as conn, redis.Redis.from_url(both.redis_url) as client:
        assert conn.execute("SELECT to_regclass('kept') IS NOT NULL").fetchone() == (True,)
        assert client.get("lost") is None


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_each_can_be_stopped_killed_and_started_again_at_the_same_address(both: Servers, name: str) -> None:
    server: Server = getattr(both, name)
    address, first = (both.database_url, both.redis_url), server.pid
    server.start()
    assert server.pid == first, "a server that runs is left alone"
    for end in (server.stop, server.kill):
        end()
        assert server.pid is None
        end()
        server.start()
        assert server.pid not in {None, first}
    assert (both.database_url, both.redis_url) == address
    psycopg.connect(both.database_url).close()
    redis.Redis.from_url(both.redis_url).ping()


def test_without_its_password_nobody_gets_in(both: Servers) -> None:
    host = both.postgres.home.sockets
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(host), user="rekkrd", dbname="postgres", passfile=os.devnull)
    with pytest.raises(redis.AuthenticationError), redis.Redis(unix_socket_path=str(both.valkey.socket)) as client:
        client.ping()


def test_sockets_and_data_are_closed_to_others_and_nobody_listens_on_the_network(both: Servers) -> None:
    for server in (both.postgres, both.valkey):
        for path in (server.home.folder, server.home.sockets):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
        for path in (*server.home.folder.glob("password"), *server.home.folder.glob("*.conf"), server.home.log):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with psycopg.connect(both.database_url) as conn:
        assert conn.execute("SELECT current_setting('listen_addresses')").fetchone() == ("",)
    with redis.Redis.from_url(both.redis_url) as client:
        assert client.config_get("port") == {"port": "0"}


def test_over_tcp_on_request_with_password_and_on_this_machine_only(folder: Path) -> None:
    with running(folder, durable=False, listen_tcp=True) as both:
        with psycopg.connect(both.postgres.tcp_url()) as conn, redis.Redis.from_url(both.valkey.tcp_url()) as client:
            assert conn.info.hostaddr == "127.0.0.1"
            assert client.ping()
            rules = conn.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
        assert rules == [("scram-sha-256",)]
        port = both.valkey.port
        with pytest.raises(redis.AuthenticationError), redis.Redis(port=port) as client:
            client.ping()


def test_no_statement_and_no_row_reaches_the_log(both: Servers) -> None:
    with psycopg.connect(both.database_url, autocommit=True) as conn:
        conn.execute("CREATE TABLE token (value text PRIMARY KEY)")
        for _ in range(2):
            try:
                conn.execute("INSERT INTO token VALUES ('s3cret')")
            except psycopg.errors.UniqueViolation:
                continue
        with pytest.raises(psycopg.errors.UndefinedColumn):
            conn.execute("SELECT s3cret_column")
    assert "s3cret'" not in both.postgres.home.log.read_text()
    assert "(s3cret)" not in both.postgres.home.log.read_text()


def test_what_is_not_kept_is_gone_at_the_end(folder: Path) -> None:
    with running(folder, durable=False, keep=False):
        assert list(folder.iterdir())
    assert not folder.exists()


def test_one_can_run_alone(folder: Path) -> None:
    with running_valkey(folder) as valkey:
        assert [path.name for path in (folder / "servers").iterdir()] == ["valkey"]
        assert valkey.pid is not None
