"""A list is a table where it fits, and is read where it does not."""

import pytest

from cli import screen


@pytest.fixture
def table():
    made = screen.listing("id", "job", "user", "#records", "why")
    made.add_row("73206681", "push changes", "—", "0", screen.cut("Waits [for] its token, about 1 s.", 60))
    made.add_row("5943dee9", "import wantlist", "demo", "120 / 120", "")
    made.below = "Two jobs, and a sentence about them that is longer than the table is wide, as some are."
    return made


def test_where_it_fits_it_is_a_table(table, drawn):
    lines = drawn(table, 80)
    assert lines[0].split() == ["id", "job", "user", "records", "why"]
    assert lines[2].split() == ["5943dee9", "import", "wantlist", "demo", "120", "/", "120"]


@pytest.mark.parametrize("width", [40, 60])
def test_where_it_does_not_each_row_has_lines_of_its_own_and_nothing_is_cut(table, drawn, width):
    lines = drawn(table, width)
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    assert "73206681 job push changes records 0 why Waits [for] its token, about 1 s." in text
    assert "5943dee9 job import wantlist user demo records 120 / 120 Two jobs" in text
    assert "…" not in text
    assert all(line.startswith("  ") for line in lines[1:2])


def test_what_is_said_below_has_the_whole_width(table, drawn):
    assert drawn(table, 80)[-2].startswith("Two jobs, and a sentence about them that is longer than the table")


def test_a_column_that_breaks_its_text_needs_no_stacking(drawn):
    made = screen.listing("when", "#jobs")
    made.add_column("which", overflow="fold")
    made.add_row("02:00:00", "3", "a sentence " * 20)
    assert drawn(made, 40)[0].split() == ["when", "jobs", "which"]
