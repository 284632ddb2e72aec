"""Defects that other programs for Discogs have, or had: each has a test here that proves it is none of ours.

Where the proof is one of a room's own tests, that test's docstring begins with "Defect of others:", and the table below
says where it stands; what no room had is proved in ``tests/actors/importing/test_defects_of_others.py``.
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
MARK = "Defect of others: "

# What is said of the defect in the tests' docstrings -> where its tests stand.
DEFECTS = {
    "a resumed import takes what it did not see for gone": (
        "actors/importing/test_import_collection.py::test_resuming_never_means_deletion",
        "actors/importing/test_defects_of_others.py::test_an_import_resumed_after_a_429_stores_each_copy_and_flags_none",
    ),
    "the since-cursor moves to the newest item although the run stopped before the old one": (
        "actors/importing/test_refresh_collection.py::test_what_lay_between_is_not_lost_when_an_earlier_look_ended_half_way",
    ),
    "timestamps are compared as texts with different UTC offsets": (
        "actors/importing/test_defects_of_others.py::test_an_hour_that_comes_twice_hides_no_new_record",
    ),
    "a POST is sent again after a 502 that had committed": (
        "actors/pushing/test_push_collection.py::test_an_add_whose_answer_was_lost_is_found_and_not_repeated",
    ),
    "an upsert overwrites a note whose push still waits": (
        "actors/importing/test_import_collection.py::test_an_edit_that_waits_to_be_pushed_is_not_overwritten",
    ),
    "what a run did not see is deleted while a deletion had shifted the pages": (
        "actors/importing/test_import_collection.py::test_a_deletion_that_shifts_pages_marks_nobody_else",
    ),
    "an empty first page deletes everything": (
        "actors/importing/test_import_collection.py::test_an_empty_first_page_of_a_full_list_removes_nothing",
    ),
    "a page that failed passes for the end of the collection": (
        "actors/importing/test_defects_of_others.py::test_a_page_that_fails_is_not_the_end_of_the_collection",
    ),
    "€1.234,56 is read as 1.23456": ("discogs/test_money.py::test_an_amount_is_read_in_its_countrys_way",),
    "callers that wake together pass the limit, for nobody looks again": (
        "workers/limiter/test_bucket.py::test_a_hundred_callers_who_wait_together_pass_no_window",
    ),
    "retries run inside the limiter and bypass it": (
        "actors/importing/test_defects_of_others.py::test_each_try_of_a_request_takes_a_permit_of_its_own",
    ),
    "the back-off gives up before a window ends": (
        "workers/test_decide.py::test_back_off_outlasts_a_window_and_never_exceeds_a_quarter_of_an_hour_by_much",
        "workers/test_decide.py::test_a_429_closes_the_gate_and_never_counts",
    ),
}


@pytest.mark.parametrize(("defect", "place"), [(defect, place) for defect in DEFECTS for place in DEFECTS[defect]])
def test_each_defect_has_a_test_that_names_it(defect, place):
    file, _, name = place.partition("::")
    tests = {one.name: one for one in ast.parse((TESTS / file).read_text()).body if isinstance(one, ast.FunctionDef)}
    said = " ".join((ast.get_docstring(tests[name]) or "").split())
    assert said.startswith(f"{MARK}{defect}")


def test_no_test_names_a_defect_that_is_not_in_the_table():
    known = [place for held in DEFECTS.values() for place in held]
    for file in set(TESTS.rglob("test_*.py")) - {Path(__file__)}:
        text = file.read_text()
        for one in ast.walk(ast.parse(text)) if MARK in text else ():
            if isinstance(one, ast.FunctionDef) and MARK in (ast.get_docstring(one) or ""):
                assert f"{file.relative_to(TESTS)}::{one.name}" in known
