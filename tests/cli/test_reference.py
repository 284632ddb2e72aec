"""README's table of commands says what the commands say."""

from pathlib import Path

from cli.commands import COMMANDS
from cli.reference import table, with_table

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_has_every_command_as_it_is_now():
    readme = README.read_text(encoding="utf-8")
    assert readme == with_table(readme), "run `make fix`"


def test_every_command_and_what_it_must_be_told_is_in_the_table():
    lines = table().splitlines()
    assert all(any(line.startswith(f"| `rekkrd {command.name}") for line in lines) for command in COMMANDS)
    assert any(
        line.startswith("| `rekkrd limiter share SHARE --until WHEN --reason WHY` | Leave the fleet") for line in lines
    )


def test_every_command_has_a_sentence():
    assert [line for line in table().splitlines() if line.endswith("|  |")] == []
