import os
import signal
import subprocess
import sys
import time
from threading import Event

import psutil
import pytest

from cli.children import Family
from cli.errors import ProcessEnded

SLEEPER = (
    "import time; from cli import lifeline; lifeline.follow(); print('here', flush=True)\nwhile True: time.sleep(0.05)"
)


class Heard:
    def __init__(self):
        self.lines = []
        self.first = Event()

    def __call__(self, name, line):
        self.lines.append((name, line))
        self.first.set()


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def others():
    """What this process started before: the servers of other tests."""
    return set(psutil.Process().children())


@pytest.fixture
def family(heard, others):
    family = Family(heard)
    yield family
    family.end()


def start(family, code, name="worker", **options):
    family.start(name, [sys.executable, "-c", code], dict(os.environ), **options)


def stop(process):
    """Stop a process and wait until it stands still: signals that come before it does are all heard."""
    process.suspend()
    until = time.monotonic() + 10  # bounds a test that would hang
    while process.status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_child_is_heard_under_its_name(family, heard):
    start(family, SLEEPER, is_ready=heard.first.is_set)
    assert heard.lines == [("worker", "here")]


def test_the_end_of_a_family_leaves_nobody_behind(family, heard, others):
    start(family, SLEEPER, is_ready=heard.first.is_set)
    family.end()
    assert set(psutil.Process().children()) == others


def test_a_child_that_ends_by_itself_is_named_with_its_last_words(family):
    start(family, "print('nothing left to do')")
    with pytest.raises(ProcessEnded, match=r"worker ended by itself \(exit code 0\)") as ended:
        family.wait(10)
    assert "nothing left to do" in ended.value.next_step


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "raise SystemExit(3)"])
def test_a_child_that_died_is_started_again_in_its_place_and_that_is_told(family, heard, end):
    start(family, SLEEPER, name="simulator", is_ready=heard.first.is_set)
    start(family, f"import os; {end}")
    start(family, SLEEPER, name="api")
    family.wait(10)
    manner = "signal 9" if "kill" in end else "exit code 3"
    assert ("worker", f"ended by itself ({manner}), and is started again") in heard.lines
    assert [child.name for child in family._children] == ["simulator", "worker", "api"]


def test_the_death_of_a_child_is_reported_before_it_is_replaced(heard):
    reported = []
    family = Family(heard, lambda child: reported.append((child.worker_name, child.process.poll())))
    try:
        start(family, "import os; print(os.environ['REKKRD_INCARNATION']); os.abort()")
        heard.first.wait(10)
        family.wait(10)
        (name, status) = reported[0]
        assert status == -signal.SIGABRT
        assert name.split(":")[2] == heard.lines[0][1], "the child was told the name under which it is reported"
    finally:
        family.end()


def test_a_child_that_dies_again_and_again_is_given_up_with_its_last_words(family, heard):
    start(family, "print('no such table'); raise SystemExit(3)")
    with pytest.raises(ProcessEnded, match="after 5 new starts within 5 minutes") as ended:
        for _ in range(6):
            family.wait(10)
    assert "no such table" in ended.value.next_step
    assert len([line for _, line in heard.lines if "started again" in line]) == 5


def test_deaths_of_long_ago_do_not_count(family, monkeypatch):
    monkeypatch.setattr("cli.children.REVIVAL_SECONDS", 0.0)
    start(family, "raise SystemExit(3)")
    for _ in range(7):
        family.wait(10)


def test_a_child_that_dies_before_it_is_ready_is_not_waited_for(family):
    with pytest.raises(ProcessEnded, match="exit code 4"):
        start(family, "raise SystemExit(4)", is_ready=lambda: False)


def test_a_child_that_does_not_listen_is_killed(family, heard, others, monkeypatch):
    monkeypatch.setattr("cli.children.KILL_SECONDS", 0.2)
    start(
        family,
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER,
        is_ready=heard.first.is_set,
    )
    family.end()
    assert set(psutil.Process().children()) == others


def test_a_stopped_child_ends_when_it_is_told_to(family, heard):
    start(family, SLEEPER, is_ready=heard.first.is_set)
    process = family._children[0].process
    stop(psutil.Process(process.pid))
    family.end()
    assert process.returncode == -signal.SIGTERM  # not killed for not listening


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_children_end_when_their_parent_is_killed(state):
    parent = f"""
import os, sys, time
from cli.children import Family
family = Family(lambda name, line: print(family._children[0].process.pid, flush=True))
family.start("worker", [sys.executable, "-c", {SLEEPER!r}], dict(os.environ))
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        child = psutil.Process(int(process.stdout.readline()))
        if state == "stopped":
            if sys.platform != "linux":
                process.kill()
                pytest.skip("only Linux tells a stopped process of its parent's death")
            stop(child)
        process.send_signal(signal.SIGKILL)
    _, left = psutil.wait_procs([child], timeout=10)
    for each in left:
        each.kill()
    assert left == []
