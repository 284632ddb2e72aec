"""A table for 80 columns that is read on fewer, too: where it does not fit, each row becomes a few lines of its own."""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

GAP = 2  # columns between two cells
FOLDED = 20  # columns that a cell needs which breaks its text
NOTHING = {"", "—"}  # cells that a row of its own leaves out


class Listing(Table):
    """Rows in the house's look; ``below`` is said under them, on as many columns as there are."""

    below: str | None = None

    def __init__(self, title: str | None = None) -> None:
        super().__init__(
            title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, GAP, 0, 0)
        )

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw a table, or what stands in for it where one would cut what it shows."""
        if self._width(console, options) <= options.max_width:
            yield from super().__rich_console__(console, options)
        else:
            yield from self._stacked(options.max_width)
        if self.below is not None:
            yield Text(self.below, style="dim italic")

    def _width(self, console: Console, options: ConsoleOptions) -> int:
        """Return the columns that are needed until nothing is cut."""
        wide = options.update(max_width=10_000)
        needed = 0
        for column in self.columns:
            cells = [column.header, *column.cells]
            widest = max(Measurement.get(console, wide, cell).maximum for cell in cells)
            needed += widest if column.no_wrap else min(widest, FOLDED)
        return needed + GAP * max(0, len(self.columns) - 1)

    def _stacked(self, width: int) -> Iterator[Text]:
        """Say each row in lines: its first cell, and the others with their columns' names, broken between cells."""
        if self.title:
            yield Text(str(self.title), style="bold")
        names = [str(column.header) for column in self.columns]
        for row in zip(*(column.cells for column in self.columns), strict=True):
            line = Text()
            for number, (name, cell) in enumerate(zip(names, row, strict=True)):
                text = cell.copy() if isinstance(cell, Text) else Text(str(cell))
                if text.plain in NOTHING:
                    continue
                said = text if number == 0 else Text.assemble((f"{name} ", "dim"), text)
                if line and line.cell_len + GAP + said.cell_len > width:
                    yield line
                    line = Text(" " * GAP)
                elif line:
                    line.append(" " * GAP)
                line.append_text(said)
            yield line
