"""What a check found: in order, or what is wrong and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. A warning costs something or may become wrong; only what is wrong fails the whole."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: a sentence, what to do, and the command or statement that does it or shows more.

    ``stops`` when what builds on this cannot be looked at.
    """

    level: Level
    sentence: str
    do: str | None = None
    command: str | None = None
    stops: bool = False


def fine(sentence: str) -> Finding:
    """Make a finding of something in order."""
    return Finding(Level.OK, sentence)


def warning(sentence: str, do: str, command: str | None = None) -> Finding:
    """Make a finding of something that works, at a price."""
    return Finding(Level.WARNING, sentence, do, command)


def wrong(sentence: str, do: str | None, command: str | None = None, *, stops: bool = False) -> Finding:
    """Make a finding of something that has to be put right."""
    return Finding(Level.WRONG, sentence, do, command, stops)


def left_out(sentence: str) -> Finding:
    """Make a finding of something that nobody looked at, and why."""
    return Finding(Level.LEFT_OUT, sentence)
