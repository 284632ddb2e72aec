"""Grades come from a collector's own fields: by number, type and name."""

from dataclasses import replace

import pytest

from actors.comparing.grading import find_slots, grade
from db.fields import Field
from discogs.grades import MEDIA

GRADES = tuple(MEDIA.values())
MEDIA_FIELD = Field(1, "Media Condition", "dropdown", GRADES, position=1, lines=None, is_public=True)
SLEEVE_FIELD = Field(2, "Sleeve Condition", "dropdown", ("Generic", "No Cover", *GRADES), 2, lines=None, is_public=True)
NOTES_FIELD = Field(3, "Notes", "textarea", (), 3, lines=3, is_public=True)
SLOTS = find_slots([MEDIA_FIELD, SLEEVE_FIELD, NOTES_FIELD])


@pytest.mark.parametrize(("short", "full"), MEDIA.items())
def test_every_grade_has_its_short_form_on_both_fields(short, full):
    grading = grade(SLOTS, {1: full, 2: full, 3: " n "})
    assert (grading.media_condition, grading.sleeve_condition, grading.notes) == (short, short, " n ")


@pytest.mark.parametrize("cover", ["Generic", "No Cover"])
def test_a_sleeve_may_be_generic_or_absent_and_media_not(cover):
    assert grade(SLOTS, {2: cover}).sleeve_condition == cover
    assert grade(SLOTS, {1: cover}).media_condition is None


@pytest.mark.parametrize("value", ["VG+", "mint (m)", "Mint (M) ", "Not Graded", ""])
def test_a_value_outside_the_options_is_no_grade(value):
    assert grade(SLOTS, {1: value, 2: value}).media_condition is None
    assert grade(SLOTS, {1: value, 2: value}).sleeve_condition is None


def test_a_grade_that_the_options_lack_is_a_grade():
    slots = find_slots([replace(MEDIA_FIELD, options=("Mint (M)",))])
    assert grade(slots, {1: "Poor (P)"}).media_condition == "P"


def test_other_numbers_are_found_by_their_name():
    slots = find_slots(
        [
            replace(MEDIA_FIELD, field_id=11, name="media"),
            replace(SLEEVE_FIELD, field_id=12, name="Sleeve"),
            replace(NOTES_FIELD, field_id=13, name="NOTES"),
        ]
    )
    assert [slot.field_id for slot in (slots.media, slots.sleeve, slots.notes)] == [11, 12, 13]


def test_a_number_of_another_type_is_not_believed():
    slots = find_slots([replace(NOTES_FIELD, field_id=1), replace(MEDIA_FIELD, field_id=3)])
    assert slots.media is not None
    assert slots.media.field_id == 3
    assert slots.notes is not None
    assert slots.notes.field_id == 1


def test_a_dropdown_without_any_grade_is_not_a_grade_field():
    assert find_slots([replace(MEDIA_FIELD, options=("red", "blue"))]).media is None


def test_a_text_is_not_a_grade_whatever_its_options_say():
    assert find_slots([replace(MEDIA_FIELD, type="textarea")]).media is None


def test_without_such_fields_there_are_no_grades():
    grading = grade(find_slots([]), {1: "Mint (M)"})
    assert (grading.media_condition, grading.sleeve_condition, grading.notes) == (None, None, None)
