from cli.shelf import picture
from db.shelf import Shelved


def test_a_shelf_fits_80_columns_and_shows_what_users_wrote_as_it_is(drawn):
    copy = Shelved("An artist [of note] " * 5, "A very long title indeed " * 8, 1969, "VG+", None, "A folder " * 4)
    lines = drawn(picture([copy], {"Jazz": 700, "[bold]Uncategorized": 300}, {"VG+": 999, None: 1}))
    assert max(map(len, lines)) <= 80
    assert "An artist [of" in lines[1]
    assert any("Jazz 700 · [bold]Uncategorized 300" in each for each in lines)
    assert any("VG+ 999 · ungraded 1" in each for each in lines)
