"""docs/capacity.md says what the simulation says: each size is carried and the next one not, as it stands there."""

import re
from pathlib import Path

import pytest

from actors.capacity.carrying import ALL, Capacity, broken_by
from actors.capacity.promises import NIGHT, promises
from actors.capacity.simulation import simulate
from cli.capacity import USUAL, WORDS
from cli.carried import MANY, SIZES, example, night, row
from workers.limiter.settings import LimiterSettings

TEXT = (Path(__file__).parents[2] / "docs" / "capacity.md").read_text(encoding="utf-8")
LIMITS = LimiterSettings()
WHY = "run `python -m cli.carried`"


def part(name):
    return TEXT.partition(f"<!-- {name} -->\n")[2].partition(f"\n<!-- /{name} -->")[0].splitlines()


def number(text):
    """The first number in a text."""
    return int(re.search(r"\d[\d,]*", text).group().rstrip(",").replace(",", ""))


# Three of them, for each takes a second: what changes the simulation changes these.
@pytest.mark.parametrize("place", [0, 2, 6], ids=[list(SIZES)[place] for place in (0, 2, 6)])
def test_so_many_are_carried_and_no_more(place):
    (words, fleet), line = list(SIZES.items())[place], part("sizes")[2:][place]
    most = number(line.split("|")[2])
    assert line == row(words, fleet, most, LIMITS), WHY
    assert broken_by(fleet, most, LIMITS), WHY


def test_the_table_has_every_size_and_no_other():
    assert [line.split(" | ")[0].removeprefix("| ") for line in part("sizes")[2:]] == list(SIZES)


def test_the_example_is_what_the_command_prints():
    """But for how many would keep each promise, which takes longest: the first of them stands in the table too."""
    week = simulate(USUAL, LIMITS)
    said = {line.split("  ")[0].strip(): number(line.split("no")[-1]) for line in part("example") if "fewer" in line}
    carried = {one.name: said[WORDS[one.name]] for one in promises(week, LIMITS) if one.is_kept is False}
    carried[ALL] = number(part("sizes")[2].split("|")[2])
    assert part("example") == example(Capacity(USUAL, week, promises(week, LIMITS), carried)), WHY


def test_so_many_nights_are_carried_and_no_more():
    (line,) = part("nights")
    most = number(line)
    assert line == night(most)
    assert NIGHT in broken_by(MANY, most, LIMITS), WHY
