"""What was imported, at a glance: the newest copies, folders and grades."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli import screen
from db import Connection, shelf
from db.shelf import Shelved

NEWEST = 6
GRADES = ("M", "NM", "VG+", "VG", "G+", "G", "F", "P", None)  # the plan's, best first; None for ungraded copies


def shelf_of(conn: Connection, user_id: UUID) -> RenderableType:
    """Lay out a collector's shelf in at most 80 columns."""
    return picture(
        shelf.newest(conn, user_id, room=NEWEST), shelf.by_folder(conn, user_id), shelf.by_grade(conn, user_id)
    )


def picture(newest: Sequence[Shelved], folders: Mapping[str, int], grades: Mapping[str | None, int]) -> RenderableType:
    """Lay out copies, folders and grades."""
    table = screen.listing("artist", "title", "year", "media", "sleeve", "folder")
    for column, width in zip(table.columns, (18, 24, 4, 5, 6, 14), strict=True):
        column.max_width = width
    for copy in newest:
        table.add_row(
            Text(copy.artist),
            Text(copy.title),
            str(copy.year or "—"),
            copy.media_condition or "—",
            copy.sleeve_condition or "—",
            Text(copy.folder),
        )
    counts = Table.grid(padding=(0, 2, 0, 0))
    counts.add_column(style="dim")
    counts.add_column()
    counts.add_row("folders", Text(" · ".join(f"{name} {copies:,}" for name, copies in folders.items())))
    counts.add_row(
        "grades", " · ".join(f"{grade or 'ungraded'} {grades[grade]:,}" for grade in GRADES if grade in grades)
    )
    return Group(table, "", counts)
