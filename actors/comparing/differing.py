"""Two texts side by side, word by word, for a person who has to choose."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MOST_WORDS = 1000  # of a side; the comparison grows with the product of both
_WORDS = re.compile(r"\s+|\S+")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text that ``both`` have, or only one side; in order they give either text back, byte for byte."""

    side: Literal["both", "ours", "theirs"]
    text: str


def words(ours: str, theirs: str) -> list[Part] | None:
    """Compare two texts word by word; None where they are too long for that."""
    mine, its = _WORDS.findall(ours), _WORDS.findall(theirs)
    if max(len(mine), len(its)) > MOST_WORDS:
        return None
    return list(_parts(mine, its))


def _parts(mine: list[str], its: list[str]) -> Iterator[Part]:
    for kind, begin, end, their_begin, their_end in SequenceMatcher(None, mine, its, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Part("both", "".join(mine[begin:end]))
            continue
        if end > begin:
            yield Part("ours", "".join(mine[begin:end]))
        if their_end > their_begin:
            yield Part("theirs", "".join(its[their_begin:their_end]))
