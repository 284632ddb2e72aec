"""A program that runs servers and is killed, and what is left of it then."""

import os
import pwd
import shutil
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[3]
IS_ROOT = os.geteuid() == 0
GONE_SECONDS = 40.0  # more than any guard waits
PROGRAM = """
import sys, pathlib
from cli import servers
from cli.servers.errors import ServersFailed
try:
    with servers.running(pathlib.Path(sys.argv[1]), durable=False, keep=sys.argv[2] == "keep") as both:
        print("up", both.postgres.pid, both.valkey.pid, both.database_url, flush=True)
        sys.stdin.read()
except ServersFailed as error:
    print(type(error).__name__, error, error.next_step, flush=True)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the servers' account may enter, as root too."""
    made = Path(tempfile.mkdtemp(prefix="rekkrd-tests-"))
    made.chmod(0o711)
    yield made
    assert processes_on(made) == []
    shutil.rmtree(made, ignore_errors=True)


def python_of(user: str | None) -> str:
    """Our own Python; for another user one that this user may run: only `cli.servers` is imported, so any will do."""
    if user is None:
        return sys.executable
    for found in (sys.executable, "/usr/bin/python3"):
        ask = [found, "-c", "import sys, ctypes; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(ask, user=user, cwd="/", check=False, capture_output=True).returncode == 0:
                return found
        except OSError:
            continue
    pytest.skip(f"{user} can run no Python ≥ 3.11 on this machine")


class Program:
    """Another process of ours with servers on ``folder``."""

    def __init__(self, folder: Path, *, user: str | None = None, keep: bool = True) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [python_of(user), "-c", PROGRAM, str(folder), "keep" if keep else "throw away"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *site.getsitepackages()])},
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
        )

    def words(self) -> list[str]:
        """What it says: `up POSTGRES VALKEY URL`, or the name of an error and its sentences."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def guards(self) -> list[psutil.Process]:
        return [child for child in psutil.Process(self.process.pid).children() if "guard.py" in str(child.cmdline())]

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def end(self) -> None:
        self.process.communicate()


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    """Start such programs; those that still run are ended after the test."""
    started: list[Program] = []

    def start(folder: Path, *, user: str | None = None, keep: bool = True) -> Program:
        started.append(Program(folder, user=user, keep=keep))
        return started[-1]

    yield start
    for program in started:
        if program.process.returncode is None:
            program.end()


def processes_on(folder: Path) -> list[str]:
    """Servers, their children, guards and whatever else works on this folder or was started with it."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            line = process.cmdline()
            if str(folder) in " ".join(line) or process.cwd().startswith(str(folder)):
                found.append(f"{process.pid} {line}")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.fixture
def wait_until_gone() -> Callable[[Path], None]:
    def wait_until_gone(folder: Path) -> None:
        wait_until(lambda: not processes_on(folder), lambda: processes_on(folder))

    return wait_until_gone


def wait_until(is_so: Callable[[], bool], say: Callable[[], object] = lambda: "") -> None:
    deadline = time.monotonic() + GONE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, say()
        time.sleep(0.05)


@pytest.fixture(name="wait_until")
def _wait_until() -> Callable[..., None]:
    return wait_until
