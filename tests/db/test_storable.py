"""What comes from outside can be stored, and only what PostgreSQL refuses is replaced."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.releases import Release
from db.storable import as_rows, storable, storable_json, storable_record

anything = st.text(st.characters(codec=None))


@given(anything)
def test_any_text_becomes_one_that_can_be_stored(text):
    stored = storable(text)
    assert "\0" not in stored
    stored.encode()


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_text_that_can_be_stored_stays_as_it_came(text):
    assert storable(text) is text or storable(text) == text


@pytest.mark.parametrize(
    ("text", "stored"),
    [("a\0b", "a␀b"), ("\ud800", "�"), ("a\ud800b", "a�b"), ("\udc00x", "�x"), ("\ud83d\ude00", "😀"), ("é", "é")],
)
def test_only_what_is_refused_is_replaced(text, stored):
    assert storable(text) == stored


def test_every_text_in_a_value_is_made_storable_and_the_shape_stays():
    value = {"a\0": ["\0", ("\0", 1, None, True, 2.5)]}
    assert storable_json(value) == {"a␀": ["␀", ("␀", 1, None, True, 2.5)]}


def test_a_record_stays_a_record():
    release = Release(1, None, "\0", "a", None, [{"name": "\0"}], [], [], ("\0",), (), "", "")
    clean = storable_record(release)
    assert (clean.title, clean.artists, clean.genres) == ("␀", [{"name": "␀"}], ("␀",))


@given(st.lists(st.dictionaries(anything, anything)))
def test_rows_are_json_that_the_server_takes(rows):
    assert "\\u0000" not in json.dumps(as_rows(rows).obj).replace("\\\\", "")
