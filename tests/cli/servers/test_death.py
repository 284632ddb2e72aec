"""Whoever is killed, whenever: nothing runs on, and the next start works."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from cli.servers import running, running_postgres

Start = Callable[..., Any]
Wait = Callable[..., None]
LINUX_ONLY = pytest.mark.skipif(
    sys.platform != "linux", reason="only there the kernel tells a server of its guard's death"
)


def test_killed_with_9_we_leave_no_process_and_the_data_is_there_at_the_next_start(
    folder: Path, start: Start, wait_until_gone: Wait
) -> None:
    program = start(folder)
    url = program.words()[3]
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 1 AS value")
    program.kill()
    wait_until_gone(folder)
    with running(folder, durable=False) as both, psycopg.connect(both.database_url) as conn:
        assert conn.execute("SELECT value FROM kept").fetchone() == (1,)


def test_a_busy_session_does_not_outlive_us(folder: Path, start: Start, wait_until_gone: Wait) -> None:
    program = start(folder)
    conn = psycopg.connect(program.words()[3], autocommit=True)
    conn.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000000)")
    program.kill()
    wait_until_gone(folder)
    conn.close()


def test_the_next_start_waits_for_the_guards_of_the_killed_one(folder: Path, start: Start, wait_until: Wait) -> None:
    first = start(folder)
    first.words()
    guards = first.guards()
    for guard in guards:
        guard.suspend()
    first.kill()
    second = start(folder)
    lock = str(folder / "servers" / "valkey" / "lock")
    wait_until(lambda: any(file.path == lock for file in psutil.Process(second.process.pid).open_files()))
    for guard in guards:
        guard.resume()
    assert second.words()[0] == "up"


def test_kill_comes_back_when_busy_sessions_are_gone_too(folder: Path) -> None:
    with running_postgres(folder, durable=False) as postgres:
        conn = psycopg.connect(postgres.url(), autocommit=True)
        conn.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000000)")
        backend = psutil.Process(conn.info.backend_pid)
        postgres.kill()
        assert not backend.is_running()
        conn.close()


def test_killed_while_the_data_is_made_we_leave_no_process_and_the_next_start_makes_it_anew(
    folder: Path, start: Start, wait_until: Wait, wait_until_gone: Wait
) -> None:
    program = start(folder)
    draft = folder / "servers" / "postgres" / "data.draft"
    wait_until((draft / "global").exists)
    program.kill()
    wait_until_gone(folder)
    assert not (folder / "servers" / "postgres" / "data").exists()
    again = start(folder)
    assert again.words()[0] == "up"
    assert not draft.exists()


@LINUX_ONLY
def test_guards_killed_first_and_then_we_leave_no_process(folder: Path, start: Start, wait_until_gone: Wait) -> None:
    program = start(folder)
    program.words()
    for guard in program.guards():
        guard.kill()
    program.kill()
    wait_until_gone(folder)
    assert start(folder).words()[0] == "up"


@LINUX_ONLY
def test_a_guard_killed_under_us_takes_its_server_along_and_start_brings_it_back(
    folder: Path, wait_until: Wait
) -> None:
    with running_postgres(folder, durable=False) as postgres:
        pid = postgres.pid
        assert pid is not None
        guard = psutil.Process(pid).parent()
        assert guard is not None
        guard.kill()
        wait_until(lambda: postgres.pid is None)
        postgres.start()
        assert postgres.pid not in {None, pid}
        psycopg.connect(postgres.url()).close()


@LINUX_ONLY
def test_an_orphan_on_the_folder_is_ended_before_a_new_server_starts(folder: Path, start: Start) -> None:
    program = start(folder)
    orphan = int(program.words()[1])
    children = psutil.Process(orphan).children()
    os.kill(orphan, signal.SIGSTOP)  # it hears neither its guard's death nor anything else: as stuck as can be
    for guard in program.guards():
        guard.kill()
    program.kill()
    assert psutil.pid_exists(orphan)
    with running(folder, durable=False) as both:
        psycopg.connect(both.database_url).close()
        assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)


def test_a_stale_note_whose_number_somebody_else_has_now_does_not_stop_us(folder: Path) -> None:
    with running_postgres(folder, durable=False) as postgres:
        note = postgres.data / "postmaster.pid"
        postgres.kill()
        lines = note.read_text().splitlines(keepends=True)
        account = postgres.home.account
        with subprocess.Popen(["sleep", "60"], user=account.uid if account.is_other else None) as somebody:
            note.write_text("".join([f"{somebody.pid}\n", *lines[1:]]))
            postgres.start()
            psycopg.connect(postgres.url()).close()
            assert somebody.poll() is None
            somebody.kill()


def test_what_is_not_kept_is_removed_even_when_we_are_killed(
    folder: Path, start: Start, wait_until: Wait, wait_until_gone: Wait
) -> None:
    program = start(folder, keep=False)
    program.words()
    program.kill()
    wait_until_gone(folder)
    assert not folder.exists()


def test_ctrl_c_at_a_terminal_reaches_us_only_and_the_servers_end_after_us(folder: Path, start: Start) -> None:
    program = start(folder)
    program.words()
    ours = os.getpgid(program.process.pid)
    assert all(os.getpgid(guard.pid) != ours for guard in program.guards())
    assert len(program.guards()) == 2
