"""The terminal: what is printed where. Answers go to stdout, trouble to stderr; NO_COLOR is respected by rich."""

import codecs
import io
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from functools import cache

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from cli.errors import CommandFailed
from cli.listing import Listing
from workers.terminal_text import visible

NARROWEST = 80  # a pipe has no width of its own; what is made for fewer columns stands in `listing.py`

# What a terminal without UTF-8 shows for the signs of ours that it has not; others become question marks.
PLAINER = {"—": "-", "…": "~", "·": "-", "→": ">", "━": "=", "╸": "-", "╺": "-"}


def be_plain_where_needed() -> None:
    """Let no sign end a command that this terminal cannot show: an old locale, or PYTHONIOENCODING."""
    codecs.register_error("plainer", _plainer)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plainer")


def _plainer(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAINER.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


class SafeConsole(Console):
    """A console on which no text can command the terminal: everything that a command prints is rendered here."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render as rich does; control characters in texts become visible, rich's own control codes stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


@cache
def out() -> Console:
    """Return the console for answers."""
    return SafeConsole(highlight=False, width=None if sys.stdout.isatty() else NARROWEST)


@cache
def err() -> Console:
    """Where trouble goes, so that an answer can be piped on: in whole words to a terminal, in whole lines to a log."""
    return SafeConsole(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def zone() -> tzinfo:
    """Return the zone of this machine, for times inside sentences."""
    return datetime.now().astimezone().tzinfo or UTC


def say(sentence: str = "") -> None:
    """Print a sentence of ours, with rich's markup; what users wrote goes through ``plain`` or a table's Text."""
    out().print(sentence)


def plain(text: str) -> None:
    """Print text that is no markup, on as many columns as it needs: JSON, keys, addresses, commands."""
    out().print(text, markup=False, soft_wrap=True)


def tell(sentence: str) -> None:
    """Print a sentence that is no markup: broken between words on a terminal, one line in a pipe."""
    out().print(sentence, markup=False, soft_wrap=not out().is_terminal)


def show_failure(error: CommandFailed) -> None:
    """Print one red sentence and the next step below it."""
    err().print(f"{error}", style="red", markup=False)
    if error.next_step:
        err().print(error.next_step, markup=False)


def confirm(question: str) -> bool:
    """Ask a yes-or-no question at the terminal."""
    return typer.confirm(visible(question))


def listing(*columns: str, title: str | None = None) -> Listing:
    """Make an empty table in the house's look; a column whose name starts with # holds numbers."""
    table = Listing(title)
    for column in columns:
        table.add_column(
            column.removeprefix("#"),
            justify="right" if column.startswith("#") else "left",
            header_style="dim",
            no_wrap=True,
            overflow="ellipsis",
        )
    return table


def cut(text: str, width: int) -> Text:
    """Shorten what a user wrote to so many columns; a column that shrinks by itself takes its neighbours along."""
    shortened = Text(text)
    shortened.truncate(width, overflow="ellipsis")
    return shortened
