"""Exactly one on both sides, or a question."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from actors.importing.matching import Side, match
from db.agreed import Unlinked
from db.albums import Album, Name


def copy(number):
    return Unlinked(number, 7, Name("a", "t", None), {})


def album(number):
    return Album(UUID(int=number), None, {})


keys = st.sampled_from("abc")


@given(st.dictionaries(st.integers(1, 50), keys), st.dictionaries(st.integers(1, 50), keys))
def test_an_album_is_linked_once_at_most_and_only_without_a_rival(copies, albums):
    free = {key: [album(n) for n, k in albums.items() if k == key] for key in set(albums.values())}
    rivals = {key: list(copies.values()).count(key) for key in set(copies.values())}
    verdict = match({n: (copy(n), key) for n, key in copies.items()}, Side(free, rivals))
    assert len({found.id for _, found in verdict.linked.values()}) == len(verdict.linked)
    for number in verdict.linked:
        key = copies[number]
        assert (rivals[key], len(free[key])) == (1, 1)
    for number in verdict.asked:
        key = copies[number]
        assert rivals[key] * len(free[key]) > 1
    assert {one.instance_id for one in verdict.alone} == {n for n, key in copies.items() if not free.get(key)}
    assert len(verdict.linked) + len(verdict.asked) + len(verdict.alone) == len(copies)


def test_a_rival_that_is_not_in_this_batch_counts_too():
    verdict = match({1: (copy(1), "a")}, Side({"a": [album(1)]}, {"a": 2}))
    assert list(verdict.asked) == [1]
