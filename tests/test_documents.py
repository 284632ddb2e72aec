"""The documents name what there is: each command with its options, each file, each heading."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.main import app_for

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(rekkrd [^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def commands(text: str) -> Iterator[str]:
    """Each call of `rekkrd` in a text: in spans, and in blocks of shell, comments and environment aside."""
    yield from SPAN.findall(BLOCK.sub("", text))
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            _, found, call = line.partition("#")[0].partition("rekkrd ")
            if found and not call.startswith("-"):
                yield f"rekkrd {call}"


def mistake(call: str) -> str | None:
    """Say what is wrong with a call, without making it."""
    command: Any = typer.main.get_command(app_for([]))
    words = shlex.split(call)[1:]
    while words and hasattr(command, "commands"):
        if words[0].startswith("-"):
            break
        if words[0] not in command.commands:
            return f"there is no command {words[0]}"
        command = command.commands[words.pop(0)]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    unknown = [word for word in words if word.startswith("-") and word.partition("=")[0] not in {*known, "--help"}]
    return f"it knows no {unknown[0]}" if unknown else None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_exists_with_its_options(document: Path) -> None:
    found = {call: mistake(call) for call in commands(document.read_text(encoding="utf-8"))}
    assert {call: wrong for call, wrong in found.items() if wrong} == {}


def test_commands_are_found_and_mistakes_are_seen() -> None:
    operating = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert len(list(commands(operating))) > 30
    assert mistake("rekkrd jobs retry --error Gone --dry-run") is None
    assert mistake("rekkrd jobs show 3f2a") is None
    assert mistake("rekkrd jobs conjure") == "there is no command conjure"
    assert mistake("rekkrd jobs retry --hard") == "it knows no --hard"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    lost = []
    for link in LINK.findall(document.read_text(encoding="utf-8")):
        name, _, heading = link.partition("#")
        if name.startswith(("http:", "https:")):
            continue
        target = document.parent / name if name else document
        if not target.exists() or (heading and heading not in headings(target)):
            lost.append(link)
    assert lost == []


def headings(document: Path) -> set[str]:
    """The anchors of a document, as they are made of its headings everywhere."""
    lines = document.read_text(encoding="utf-8").splitlines()
    return {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
        for line in lines
        if line.startswith("#")
    }
