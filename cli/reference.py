"""README's table of commands, written from the commands themselves.

`python -m cli.reference` writes it anew; tests/cli/test_reference.py finds it out of date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # typer's commands are of a click of its own, which is private

import typer
from typer.core import TyperArgument, TyperGroup

from cli.commands import COMMANDS
from cli.main import app_for

BEGIN, END = "<!-- commands -->", "<!-- /commands -->"


def table() -> str:
    """Write the table: how each command is typed, with what it must be told, and what it does."""
    root: Any = typer.main.get_command(app_for([]))
    lines = ["| command | what it does |", "|---|---|"]
    for command in COMMANDS:
        rows = _rows(root.commands[command.name], f"rekkrd {command.name}")
        lines += [f"| `{typed}` | {sentence} |" for typed, sentence in rows]
    return "\n".join(lines)


def with_table(readme: str) -> str:
    """Return README's text with the present table between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _rows(command: Any, typed: str) -> Iterator[tuple[str, str]]:
    if not isinstance(command, TyperGroup):
        yield " ".join([typed, *_must_be_told(command)]), _sentence(command)
        return
    if command.invoke_without_command:
        yield typed, _sentence(command)
    for name, inner in command.commands.items():
        yield from _rows(inner, f"{typed} {name}")


def _must_be_told(command: Any) -> Iterator[str]:
    for parameter in command.params:
        if not parameter.required:
            continue
        metavar = parameter.metavar or (parameter.name or "").upper()
        yield metavar if isinstance(parameter, TyperArgument) else f"{parameter.opts[0]} {metavar}"


def _sentence(command: Any) -> str:
    return " ".join((command.help or "").split("\n\n")[0].split())


if __name__ == "__main__":
    readme = Path(__file__).parent.parent / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write("README.md says what the commands are.\n")
