"""`rekkrd up` and `rekkrd demo` as a newcomer meets them: whole processes, taken ports, kill -9."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.journey

READY_SECONDS = 60.0
ROOT = Path(__file__).parents[2]
REKKRD = [sys.executable, "-m", "cli.main"]
NOT_OURS = ("DATABASE_URL", "DATABASE_DIRECT_URL", "REDIS_URL", "DISCOGS_API_URL", "DISCOGS_CONSUMER_KEY", "REKKRD_ENV")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder where the servers may live, which as root run under another user."""
    folder = Path(tempfile.mkdtemp(prefix="rekkrd-up-"))
    folder.chmod(0o711)
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture
def environment(data: Path) -> dict[str, str]:
    """An environment with nothing but ports of its own, and a window short enough for a test."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    return {
        **kept,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "REKKRD_DATA_DIR": str(data),
        "REKKRD_API_PORT": str(free_port()),
        "REKKRD_SIMULATOR_PORT": str(free_port()),
        "DISCOGS_WINDOW_SECONDS": "6",
        "NO_COLOR": "1",
    }


@pytest.fixture
def rekkrd(environment: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command to its end in an empty folder."""

    def run(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*REKKRD, *arguments],
            env={**environment, **changed},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


@pytest.fixture
def up(environment: dict[str, str], tmp_path: Path) -> Callable[..., object]:
    """Start `rekkrd up` and wait until it says that it is ready."""

    @contextmanager
    def start(*arguments: str) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            [*REKKRD, *(arguments or ("up",))],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                said = []
                for line in process.stdout:
                    said.append(line)
                    if line.startswith("ready"):
                        break
                else:
                    pytest.fail("up ended: " + "".join(said))
                yield process
            finally:
                process.kill()

    return start


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def child_of(process: subprocess.Popen[str], name: str) -> psutil.Process:
    """Find a child of `up` by its command; a new one is there by the time that its line is."""
    until = time.monotonic() + 10  # bounds a test that would hang
    while time.monotonic() < until:
        for child in family(process):
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if child.cmdline()[-1:] == [name]:
                    return child
    return pytest.fail(f"no {name} in the family")


def left_of(processes: list[psutil.Process], seconds: float = 30.0) -> list[str]:
    """Wait for processes to end, and name those that did not."""
    alive = psutil.wait_procs(processes, timeout=seconds)[1]
    names = []
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            names.append(" ".join(process.cmdline()))
    return names


def test_the_demo_brings_a_collection_over_and_ends_with_0_and_a_second_run_starts_from_what_is_there(rekkrd):
    first = rekkrd("demo", "--once", "--records", "120")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "120 records and" in first.stdout
    told = first.stdout.partition("are here")[2]
    assert max(map(len, told.splitlines())) <= 80
    second = rekkrd("demo", "--once", "--records", "120")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "connected before; holds 120 records" in second.stdout


def test_ctrl_c_ends_everything_and_leaves_no_process_behind(up):
    with up() as process:
        children = family(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert left_of(children) == []


def test_readme_curl_works_as_pasted(up, data, tmp_path):
    block = re.search(r"```sh\n(\. \.rekkrd/running\.env.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    (tmp_path / ".rekkrd").symlink_to(data)
    with up() as process:
        pasted = subprocess.run(["sh", "-ec", block[1]], cwd=tmp_path, capture_output=True, text=True, check=True)
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert json.loads(pasted.stdout).keys() == {"jobs", "next_cursor"}


def test_commands_beside_it_know_what_up_was_given(up, rekkrd, environment):
    secret = rekkrd("webhook", "secret").stdout.strip()
    given = {"REKKRD_WEBHOOK_URL": "http://127.0.0.1:9/hook", "REKKRD_WEBHOOK_SECRETS": secret}
    environment.update(given)
    with up() as process:
        for name in given:
            del environment[name]
        assert "http://127.0.0.1:9/hook" in rekkrd("webhook").stdout
        assert "webhook off" not in rekkrd("doctor", "--offline").stdout
        process.send_signal(signal.SIGINT)
        process.wait(60)


def test_commands_beside_it_find_its_servers(up, rekkrd):
    with up() as process:
        assert rekkrd("jobs").returncode == 0  # a scheduled task may have run by now
        assert "No users yet." in rekkrd("users").stdout
        assert rekkrd("migrate", "--check").returncode == 0
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert "Nothing is running here" in rekkrd("jobs").stderr


def test_a_kill_leaves_nothing_behind_and_the_next_start_takes_over(up):
    with up() as process:
        children = family(process)
        process.kill()
        process.wait()
        assert left_of(children) == []
    with up() as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_a_second_up_on_the_same_folder_says_so_and_the_first_goes_on(up, rekkrd):
    with up() as process:
        second = rekkrd("up", REKKRD_API_PORT=str(free_port()), REKKRD_SIMULATOR_PORT=str(free_port()))
        assert second.returncode == 1
        assert "up already" in second.stderr
        assert "REKKRD_DATA_DIR" in second.stderr
        assert rekkrd("jobs").returncode == 0
        process.send_signal(signal.SIGINT)
        process.wait(60)


@pytest.mark.parametrize("setting", ["REKKRD_API_PORT", "REKKRD_SIMULATOR_PORT"])
def test_a_taken_port_is_named_with_its_setting(rekkrd, environment, setting):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environment[setting])))
        taken.listen()
        ended = rekkrd("up")
    assert ended.returncode == 1
    assert f"Set {setting}" in ended.stderr


def test_a_folder_that_cannot_be_written_is_a_sentence(rekkrd, data):
    data.write_text("a file, as even root cannot make a folder in it")
    ended = rekkrd("up")
    assert ended.returncode == 1
    assert "cannot be used" in ended.stderr
    assert "REKKRD_DATA_DIR" in ended.stderr


def test_a_worker_that_is_killed_is_started_again(up, rekkrd):
    with up() as process:
        died = child_of(process, "worker")
        died.kill()
        assert any(
            "signal 9" in line and "started again" in line and line.startswith("worker") for line in process.stdout
        )
        assert child_of(process, "worker").pid != died.pid
        assert rekkrd("jobs").returncode == 0
        children = family(process)
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
        assert process.wait(60) == 0, said
    assert left_of(children) == []


def test_a_process_that_dies_again_and_again_ends_the_rest_and_is_named(up):
    with up() as process:
        children = family(process)
        for _ in range(5):
            child_of(process, "scheduler").kill()
            assert any("started again" in line for line in process.stdout)
        child_of(process, "scheduler").kill()
        said = process.stdout.read()
        assert process.wait(60) == 1
    assert "The scheduler ended by itself (signal 9), again after 5 new starts" in said
    assert left_of(children) == []


def test_production_refuses_to_start_incomplete_and_names_everything(rekkrd):
    ended = rekkrd("up", REKKRD_ENV="production")
    assert ended.returncode == 2
    for name in ("DATABASE_URL", "REDIS_URL", "DISCOGS_CONSUMER_KEY", "DISCOGS_OAUTH_ENCRYPTION_KEY"):
        assert name in ended.stderr
