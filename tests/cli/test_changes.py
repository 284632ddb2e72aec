"""A line for each change: a record is named once, numbers have names, and what follows an add is said with it."""

import pytest
from rich.console import Console

from actors.syncing.telling import Names
from cli.changes import Row, field_called, following, name_of, sides_of, table

ALL = "with grades, notes and 2 own fields"
NAMES = Names(folders={7: "Été"}, fields={5: "Price Paid"})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((), ""),
        (("media_condition",), "with grade"),
        (("media_condition", "sleeve_condition"), "with grades"),
        (("discogs_notes", "field_4"), "with notes and 1 own field"),
        (("media_condition", "sleeve_condition", "discogs_notes", "field_4", "field_5"), ALL),
        (("want_notes", "want_rating"), "with notes and rating"),
    ],
)
def test_what_follows_an_add_is_said_in_words(fields, said):
    assert following(fields) == said


def test_numbers_have_names_where_somebody_gave_them_one():
    assert sides_of("discogs_folder_id", 1, 7, NAMES) == "1 → Été"
    assert sides_of("discogs_date_added", None, "2026-11-24T02:43:14+00:00", NAMES) == "none → 2026-11-24"
    assert [field_called(name, NAMES) for name in ("field_5", "field_6", "want_notes")] == [
        "Price Paid",
        "field_6",
        "notes",
    ]
    assert [name_of("Can", "Ege", 1), name_of(None, "Ege", 1), name_of(None, None, 1)] == [
        "Can - Ege",
        "? - Ege",
        "release 1",
    ]


def test_a_record_is_named_once_and_the_next_one_again():
    rows = [
        Row("out", 1, "Can - Ege", "media", "VG → NM"),
        Row("out", 1, "Can - Ege", "notes", "none → mine", "It cannot be."),
        Row("out", 2, "Can - Ege", "media", "VG → M"),
    ]
    console = Console(width=80, color_system=None)
    with console.capture() as captured:
        console.print(table(rows, sides="before → after"))
    assert [" ".join(line.split()) for line in captured.get().splitlines()] == [
        "record what before → after",
        "out Can - Ege media VG → NM",
        "out notes none → mine",
        "It cannot be.",
        "out Can - Ege media VG → M",
    ]
