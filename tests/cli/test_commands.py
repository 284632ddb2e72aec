"""A command pays for its own imports only, and every command is found."""

import subprocess
import sys

import pytest

from cli.commands import COMMANDS, needed


@pytest.mark.parametrize("arguments", [["worker"], ["--debug", "worker", "--queues", "import"], ["worker", "jobs"]])
def test_the_first_word_that_is_no_option_names_the_command(arguments):
    assert [command.name for command in needed(arguments)] == ["worker"]


@pytest.mark.parametrize("arguments", [[], ["--help"], ["fly"], ["Worker"]])
def test_who_names_no_command_is_shown_all(arguments):
    assert needed(arguments) == COMMANDS


@pytest.mark.parametrize(
    ("command", "others"),
    [
        ("worker", ["api.app", "fastapi", "uvicorn", "apscheduler", "cli.up"]),
        ("api", ["actors.jobs", "apscheduler", "cli.up"]),
        ("scheduler", ["api.app", "fastapi", "uvicorn", "actors.jobs"]),
        ("jobs", ["api.app", "fastapi", "uvicorn", "actors.jobs"]),
    ],
)
def test_a_command_imports_no_other(command, others):
    code = f"""
import sys
from cli.main import app_for
app_for([{command!r}])
print(*sorted(set({others!r}) & set(sys.modules)), sep=",")
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == ""
