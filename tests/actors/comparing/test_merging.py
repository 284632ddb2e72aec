"""Three-way, field by field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.comparing.merging import FACTS, NAMES, merge
from db.albums import SHARED

value = st.sampled_from([None, "", "a", "b", "c"])
side = st.fixed_dictionaries(dict.fromkeys(SHARED, value))
base = st.dictionaries(st.sampled_from(SHARED), value)


def fields(**given_ones):
    return {**dict.fromkeys(SHARED), **given_ones}


def one(agreed, ours, theirs):
    merged = merge({"title": agreed}, fields(title=ours), fields(title=theirs))
    return merged.becomes["title"], merged.agreed["title"], merged.taken, merged.clashing


def test_what_only_discogs_changed_is_taken():
    assert one("a", "a", "b") == ("b", "b", ("title",), ())


def test_what_only_we_changed_waits():
    assert one("a", "b", "a") == ("b", "a", (), ())


def test_the_same_change_on_both_sides_is_agreed_on():
    assert one("a", "b", "b") == ("b", "b", (), ())


def test_different_changes_on_both_sides_clash_and_leave_the_base():
    assert one("a", "b", "c") == ("b", "a", (), ("title",))


def test_a_field_cleared_on_discogs_is_cleared_here():
    assert one("a", "a", None) == (None, None, ("title",), ())


def test_a_field_cleared_here_stays_cleared():
    assert one("a", "", "a") == ("", "a", (), ())


def test_an_empty_text_and_none_are_the_same():
    assert one("", None, "b") == ("b", "b", ("title",), ())


def test_without_a_base_an_empty_album_field_takes_what_discogs_has():
    merged = merge({}, fields(), fields(title="b"))
    assert (merged.becomes["title"], merged.agreed["title"], merged.taken) == ("b", "b", ("title",))


def test_without_a_base_an_empty_field_on_discogs_is_a_local_change():
    merged = merge({}, fields(title="a"), fields())
    assert (merged.becomes["title"], merged.agreed["title"], merged.taken) == ("a", None, ())


def test_without_a_base_two_different_values_stay_without_one():
    merged = merge({}, fields(discogs_notes="a"), fields(discogs_notes="b"))
    assert (merged.becomes["discogs_notes"], merged.clashing) == ("a", ("discogs_notes",))
    assert "discogs_notes" not in merged.agreed


@given(base, side, side)
def test_an_edit_of_ours_is_never_overwritten(agreed, ours, theirs):
    merged = merge(agreed, ours, theirs)
    for name in (name for name in SHARED if name in agreed or name not in FACTS):
        if (ours[name] or None) != (agreed.get(name) or None):
            assert merged.becomes[name] == ours[name]


@given(base, side, side)
def test_every_difference_from_discogs_is_a_local_change_or_a_clash(agreed, ours, theirs):
    merged = merge(agreed, ours, theirs)
    for name in SHARED:
        if (merged.becomes[name] or None) != (theirs[name] or None):
            is_local_change = name in merged.agreed and (merged.agreed[name] or None) == (theirs[name] or None)
            assert is_local_change != (name in merged.clashing)


@given(base, side, side)
def test_a_second_look_changes_nothing(agreed, ours, theirs):
    first = merge(agreed, ours, theirs)
    second = merge(first.agreed, first.becomes, theirs)
    assert (second.becomes, second.agreed, second.taken) == (first.becomes, first.agreed, ())


@pytest.mark.parametrize("name", sorted(FACTS))
def test_without_a_base_a_fact_takes_what_discogs_has(name):
    merged = merge({}, fields(**{name: "x"}), fields(**{name: "y"}))
    assert (merged.becomes[name], merged.agreed[name], merged.clashing) == ("y", "y", ())


@pytest.mark.parametrize("name", sorted(NAMES))
def test_without_a_base_a_name_stays_as_typed_in(name):
    merged = merge({}, fields(**{name: "x"}), fields(**{name: "y"}))
    assert (merged.becomes[name], merged.agreed[name], merged.taken, merged.clashing) == ("x", "y", (), ())


@pytest.mark.parametrize("agreed", [{}, {"artist": "Cranes"}])
def test_spellings_of_a_name_are_no_difference(agreed):
    merged = merge(agreed, fields(artist="cranes"), fields(artist="The Cranes (2)"))
    assert (merged.becomes["artist"], merged.taken, merged.clashing) == ("cranes", (), ())


def test_a_name_that_nobody_touched_here_follows_discogs_spelling():
    merged = merge({"title": "help"}, fields(title="help"), fields(title="Help!"))
    assert (merged.becomes["title"], merged.taken) == ("Help!", ("title",))


def test_a_spelling_here_does_not_hold_up_another_name_on_discogs():
    merged = merge({"title": "Help!"}, fields(title="help"), fields(title="Let It Be"))
    assert (merged.becomes["title"], merged.clashing) == ("Let It Be", ())
