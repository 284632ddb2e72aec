"""What would change on either side, a line each, as previews show it: what stops a change stands below it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from actors.syncing.telling import Names
from actors.wording import count
from db.albums import own_number

FIELDS = {
    "media_condition": "media",
    "sleeve_condition": "sleeve",
    "discogs_notes": "notes",
    "discogs_folder_id": "folder",
    "discogs_rating": "rating",
    "discogs_date_added": "added",
    "discogs_master_id": "master",
    "catalog_number": "cat. no.",
    "want_notes": "notes",
    "want_rating": "rating",
}
MOST_SIGNS = 60  # of a value: the whole of it is in --json


@dataclass(frozen=True, slots=True)
class Row:
    """One change of a record; rows of the same ``record`` that follow each other show its name once."""

    what: str
    record: Hashable
    name: str
    field: str
    sides: str
    problem: str | None = None


def table(rows: Sequence[Row], *, sides: str) -> Table:
    """Lay rows out for the width there is; ``sides`` heads what changes into what."""
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True)
    drawn.add_column("", no_wrap=True)
    drawn.add_column("record", ratio=1, overflow="ellipsis", no_wrap=True)
    drawn.add_column("what", no_wrap=True)
    drawn.add_column(sides, ratio=1, overflow="fold")
    before: Hashable = None
    for row in rows:
        name = "" if row.record == before else row.name
        drawn.add_row(row.what, Text(name), Text(row.field), Text(row.sides))
        if row.problem is not None:
            drawn.add_row("", "", "", Text(row.problem, style="yellow"))
        before = row.record
    return drawn


def name_of(artist: str | None, title: str | None, release_id: int | None) -> str:
    """Return what a record is called; a release of which nobody told us yet is a number."""
    if not artist and not title:
        return f"release {release_id}"
    return f"{artist or '?'} - {title or release_id}"


def field_called(field: str, names: Names) -> str:
    """Return what a field is called: an own one as its collector named it."""
    number = own_number(field)
    return FIELDS.get(field, field) if number is None else names.fields.get(number, field)


def sides_of(field: str, before: object, after: object, names: Names) -> str:
    """Say what becomes of a field: "VG → NM", a folder by its name."""
    return f"{_said(field, before, names)} → {_said(field, after, names)}"


def following(fields: Sequence[str]) -> str:
    """Say what is written once a record is added: "with grades, notes and 2 own fields"; nothing where nothing is."""
    grades = sum(name.endswith("_condition") for name in fields)
    own = sum(own_number(name) is not None for name in fields)
    parts = [("grade" if grades == 1 else "grades")] if grades else []
    parts += [word for word in ("notes", "rating") if any(FIELDS.get(name) == word for name in fields)]
    parts += [count(own, "own field")] if own else []
    return f"with {' and '.join(filter(None, (', '.join(parts[:-1]), parts[-1])))}" if parts else ""


def _said(field: str, value: object, names: Names) -> str:
    if field == "discogs_folder_id" and isinstance(value, int):
        value = names.folders.get(value, value)
    text = "none" if value in (None, "") else " ".join(str(value).split())
    if field == "discogs_date_added":
        text = text[: len("2026-11-24")]
    return text if len(text) <= MOST_SIGNS else f"{text[: MOST_SIGNS - 1]}…"
