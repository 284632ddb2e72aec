"""Three-way, field by field."""

from hypothesis import given
from hypothesis import strategies as st

from actors.comparing.merging import merge
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
    merged = merge({}, fields(title="a"), fields(title="b"))
    assert (merged.becomes["title"], merged.clashing) == ("a", ("title",))
    assert "title" not in merged.agreed


@given(base, side, side)
def test_an_edit_of_ours_is_never_overwritten(agreed, ours, theirs):
    merged = merge(agreed, ours, theirs)
    for name in SHARED:
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
