"""What a list page says, in the words of our tables."""

from dataclasses import replace

import pytest

from actors.comparing.grading import Slots
from actors.importing.listing import copy_of, credit
from discogs.records.credits import Artist

NO_SLOTS = Slots(None, None, None)


def artist(name, anv="", join=""):
    return Artist(1, name, anv=anv, join=join, role="", tracks="", resource_url="", thumbnail_url="")


@pytest.mark.parametrize(
    ("artists", "said"),
    [
        ([], ""),
        ([artist("Mike (408)")], "Mike"),
        ([artist("Blur (2)", anv="Blur!")], "Blur!"),
        ([artist("A", join="&"), artist("B (2)")], "A & B"),
        ([artist("A", join=","), artist("B", join="Feat."), artist("C", join=",")], "A, B Feat. C"),
        ([artist("A"), artist("B")], "A, B"),
        ([artist("Sunn O)))")], "Sunn O)))"),
        ([artist("Blink (182)s")], "Blink (182)s"),
    ],
)
def test_artists_are_written_as_on_the_sleeve(artists, said):
    assert credit(artists) == said


def test_a_strangers_view_can_not_be_read_as_a_copy(make_item):
    with pytest.raises(ValueError, match="anonymous"):
        copy_of(make_item(1, folder_id=None), NO_SLOTS)


@pytest.mark.parametrize(("number", "catalogue"), [("none", None), ("", None), ("SD 19123", "SD 19123")])
def test_a_record_without_a_number_has_none(make_item, number, catalogue):
    item = make_item(1)
    (label,) = item.basic.labels
    item = replace(item, basic=replace(item.basic, labels=(replace(label, catno=number),)))
    assert copy_of(item, NO_SLOTS).release.catalog_number == catalogue


@pytest.mark.parametrize(("rating", "stars"), [(-1, None), (0, 0), (5, 5), (99, None)])
def test_a_rating_that_discogs_cannot_give_is_unknown(make_item, rating, stars):
    assert copy_of(make_item(1, rating=rating), NO_SLOTS).copy.rating == stars


@pytest.mark.parametrize(("year", "stored"), [(0, 0), (1982, 1982), (-1, None), (2**40, None)])
def test_a_year_that_no_calendar_has_is_unknown(make_item, year, stored):
    item = make_item(1)
    item = replace(item, basic=replace(item.basic, year=year))
    assert copy_of(item, NO_SLOTS).release.year == stored
