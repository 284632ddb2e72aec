"""Transactions: whole or not at all, with limits that end with them, and errors in our words."""

import contextlib
from collections.abc import Iterator

import psycopg
import pytest

from cli.servers import Servers
from db.errors import DatabaseAway, DatabaseBusy, MayBeRetried, StatementRefused, translated
from db.pool import Pool, open_pool
from db.settings import DatabaseSettings


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=3, timeout_seconds=5)
    yield pool
    pool.close()


def handles(pool: Pool) -> list[str]:
    with pool.transaction() as conn:
        return [row["handle"] for row in conn.execute("SELECT handle FROM public.profiles ORDER BY handle")]


def add(pool: Pool, handle: str) -> None:
    with pool.transaction() as conn:
        conn.execute("INSERT INTO public.profiles (handle) VALUES (%s)", [handle])


def test_what_is_done_in_a_transaction_stays(pool: Pool) -> None:
    add(pool, "ada")
    assert handles(pool) == ["ada"]


def test_any_error_undoes_the_whole_transaction(pool: Pool) -> None:
    with pytest.raises(RuntimeError), pool.transaction() as conn:
        conn.execute("INSERT INTO public.profiles (handle) VALUES ('ada')")
        raise RuntimeError
    assert handles(pool) == []


def test_the_limits_of_a_transaction_end_with_it(pool: Pool) -> None:
    with pool.transaction() as conn:
        assert conn.execute("SHOW statement_timeout").fetchone() == {"statement_timeout": "5s"}
        conn.execute("COMMIT")
        assert conn.execute("SHOW statement_timeout").fetchone() == {"statement_timeout": "0"}


def test_a_statement_that_takes_too_long_may_be_tried_again(migrated_database_url: str) -> None:
    pool = Pool(migrated_database_url, size=1, timeout_seconds=2)
    try:
        with pytest.raises(DatabaseBusy), pool.transaction() as conn:
            conn.execute("SELECT pg_sleep(30)")
        assert handles(pool) == []
    finally:
        pool.close()


def test_no_free_connection_in_time_may_be_tried_again(migrated_database_url: str) -> None:
    pool = Pool(migrated_database_url, size=1, timeout_seconds=0.3)
    try:
        with pytest.raises(DatabaseAway, match="No connection"), pool.transaction(), pool.transaction():
            pass
    finally:
        pool.close()


def test_connections_that_died_while_idle_are_replaced_without_a_word(pool: Pool, migrated_database_url: str) -> None:
    with pool.transaction(), pool.transaction(), pool.transaction():
        pass
    with psycopg.connect(migrated_database_url) as operator:
        operator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rekkrd'")
    assert handles(pool) == []


def test_a_server_that_comes_back_is_found_at_once_however_long_it_was_away(
    servers: Servers, migrated_database_url: str
) -> None:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=0.5)
    try:
        assert handles(pool) == []
        servers.postgres.stop()
        for _ in range(7):  # the pauses between tries would have grown to 4 s by now
            with pytest.raises(DatabaseAway):
                handles(pool)
        servers.postgres.start()
        with contextlib.suppress(DatabaseAway):
            handles(pool)
        assert handles(pool) == []
    finally:
        pool.close()


def test_a_connection_that_dies_in_mid_transaction_may_be_tried_again(pool: Pool, migrated_database_url: str) -> None:
    with pytest.raises(DatabaseAway), pool.transaction() as conn:
        conn.execute("INSERT INTO public.profiles (handle) VALUES ('ada')")
        with psycopg.connect(migrated_database_url) as operator:
            operator.execute("SELECT pg_terminate_backend(%s)", [conn.info.backend_pid])
        conn.execute("SELECT 1")
    assert handles(pool) == []


def test_a_refused_statement_names_its_constraint_and_quotes_no_row(pool: Pool) -> None:
    add(pool, "hush")
    with pytest.raises(StatementRefused, match="profiles_handle_key") as caught:
        add(pool, "hush")
    assert caught.value.constraint == "profiles_handle_key"
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_without_an_address_the_sentence_says_so() -> None:
    with pytest.raises(DatabaseAway, match="DATABASE_URL is not set"):
        open_pool(DatabaseSettings(database_url=None))


@pytest.mark.parametrize(
    ("error", "is_retried"),
    [
        (psycopg.errors.DeadlockDetected(), True),
        (psycopg.errors.SerializationFailure(), True),
        (psycopg.errors.DiskFull(), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.IdleInTransactionSessionTimeout(), True),
        (psycopg.errors.ReadOnlySqlTransaction(), True),
        (psycopg.InterfaceError("the connection is closed"), True),
        (psycopg.errors.CheckViolation(), False),
        (psycopg.errors.UndefinedTable(), False),
        (psycopg.DataError("a NUL"), False),
    ],
)
def test_only_what_may_pass_by_itself_is_tried_again(error: psycopg.Error, is_retried: bool) -> None:
    assert isinstance(translated(error), MayBeRetried) == is_retried
