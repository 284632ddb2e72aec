"""The tables of docs/capacity.md, written from the simulation itself.

`python -m cli.carried` writes them anew, in half a minute; tests/cli/test_carried.py finds them out of date.
"""

import sys
from io import StringIO
from pathlib import Path

from rich.console import Console

from actors.capacity.carrying import ALL, Capacity, broken_by, capacity
from actors.capacity.fleet import Fleet
from actors.capacity.promises import NIGHT
from cli import screen
from cli.capacity import USUAL, WORDS, sentences, spending, table
from workers.limiter.settings import LimiterSettings

BEGIN, END = "<!-- {} -->", "<!-- /{} -->"
MANY = USUAL.of(5_000)  # more than nights carry

SIZES = {
    "as the command has it unless told otherwise": USUAL,
    "100 records, 20 wants": Fleet(records=100, wants=20),
    "2,000 records, 400 wants": Fleet(records=2_000, wants=400),
    "nobody has what another has (`--overlap 0`)": Fleet(overlap=0),
    "nine of ten are another's too (`--overlap 0.9`)": Fleet(overlap=0.9),
    "half of all prices keep still (`--steady 0.5`)": Fleet(steady=0.5),
    "no alerts, and nobody looks (`--alerts 0 --visits 0`)": Fleet(alerts=0, visits=0),
}


def documented(text: str, limits: LimiterSettings) -> str:
    """Return the document's text with what the simulation says now."""
    rows = []
    for words, fleet in SIZES.items():
        most = capacity(fleet.of(1), limits).carried[ALL]
        rows.append(row(words, fleet, most or 0, limits))
    text = _between(
        text, "sizes", ["| users who have | carried | releases | breaks first |", "|---|---|---|---|", *rows]
    )
    text = _between(text, "example", example(capacity(USUAL, limits)))
    most = capacity(MANY, limits).carried[NIGHT]
    return _between(text, "nights", [night(most or 0)])


def row(words: str, fleet: Fleet, most: int, limits: LimiterSettings) -> str:
    """Write a row of the table of sizes; what breaks first is what the next size breaks."""
    first = [WORDS[name].removesuffix(", every") for name in broken_by(fleet, most, limits)]
    return f"| {words} | {most:,} | {fleet.of(most).releases:,} | {'; '.join(first)} |"


def night(most: int) -> str:
    """Say how many nights are carried, whatever becomes of prices."""
    return f"A night carries {most:,} users as the command has them unless told otherwise, all in one time zone."


def example(found: Capacity) -> list[str]:
    """Return what the command prints, as a terminal of 80 columns shows it."""
    drawn = StringIO()
    Console(file=drawn, width=screen.NARROWEST).print(table(found))
    lines = [line.rstrip() for line in drawn.getvalue().splitlines()]
    return ["```", *sentences(found), *lines, spending(found), "```"]


def _between(text: str, name: str, lines: list[str]) -> str:
    begin, end = BEGIN.format(name), END.format(name)
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return "\n".join([f"{before}{begin}", *lines, f"{end}{after}"])


if __name__ == "__main__":
    document = Path(__file__).parent.parent / "docs" / "capacity.md"
    document.write_text(documented(document.read_text(encoding="utf-8"), LimiterSettings()), encoding="utf-8")
    sys.stdout.write("docs/capacity.md says what the simulation says.\n")
