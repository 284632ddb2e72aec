"""Discogs' exact words and the short grades."""

import pytest

from discogs.grades import MEDIA, SLEEVE, shorten, spell


def test_the_short_grades_are_the_plans_best_first():
    assert list(MEDIA) == ["M", "NM", "VG+", "VG", "G+", "G", "F", "P"]
    assert set(SLEEVE) - set(MEDIA) == {"Generic", "No Cover", "Not Graded"}


@pytest.mark.parametrize("short", SLEEVE)
def test_a_grade_survives_the_way_there_and_back(short):
    assert shorten(spell(short)) == short


@pytest.mark.parametrize("text", ["", "Very Good", "VG+", "mint (m)", "Near Mint (NM)"])
def test_what_is_not_exactly_a_grade_is_none(text):
    assert shorten(text) is None
