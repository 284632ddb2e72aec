"""Everything that our client changes is then so at the simulated Discogs, and nothing else is."""

import copy

import pytest

from discogs.errors import Gone, Invalid, Unauthorised

RELEASE = 5_000_001
NOTE = ' two\nlines, "quoted" & 🎁 ü 100% \\ '


@pytest.fixture
def others(ada):
    """What no test touches, as it was before."""
    before = copy.deepcopy({**ada.instances})
    return lambda but=(): all(ada.instances[each] == before[each] for each in before if each not in but)


def test_each_add_makes_another_copy(as_ada, ada, others):
    made = [as_ada.add_to_collection("ada", folder_id, RELEASE).instance_id for folder_id in (1, 2)]
    assert [(each.id, each.folder_id) for each in ada.copies(RELEASE)] == [(made[0], 1), (made[1], 2)]
    assert ada.count(0) == 232
    assert made[0] > 2**31
    assert others()


def test_nothing_is_added_to_folder_0_to_no_folder_or_of_no_release(as_ada, ada, simulated):
    with pytest.raises(Invalid, match="folder 0"):
        as_ada.add_to_collection("ada", 0, RELEASE)
    assert simulated.log.arrivals == []
    for folder_id, release_id in ((99, RELEASE), (1, 9_973)):
        with pytest.raises(Gone):
            as_ada.add_to_collection("ada", folder_id, release_id)
    assert ada.count(0) == 230


def test_a_copy_is_rated_moved_described_and_removed(as_ada, ada, others):
    made = as_ada.add_to_collection("ada", 1, RELEASE).instance_id
    truth = ada.instances[made]
    as_ada.change_instance("ada", 1, RELEASE, made, rating=4)
    assert (truth.rating, truth.folder_id) == (4, 1)
    as_ada.change_instance("ada", 1, RELEASE, made, to_folder=3)
    assert (truth.rating, truth.folder_id) == (4, 3)
    as_ada.change_instance("ada", 3, RELEASE, made, rating=0, to_folder=2)
    assert (truth.rating, truth.folder_id) == (0, 2)
    as_ada.set_field("ada", 2, RELEASE, made, field_id=1, value="Very Good Plus (VG+)")
    as_ada.set_field("ada", 2, RELEASE, made, field_id=3, value=NOTE)
    assert truth.notes == {1: "Very Good Plus (VG+)", 3: NOTE}
    (seen,) = as_ada.copies_of("ada", RELEASE).items
    assert {each.field_id: each.value for each in seen.notes} == truth.notes
    as_ada.set_field("ada", 2, RELEASE, made, field_id=1, value="")
    assert truth.notes == {3: NOTE}
    as_ada.remove_instance("ada", 2, RELEASE, made)
    assert made not in ada.instances
    assert others()


def test_what_discogs_refuses_of_a_copy_changes_nothing(as_ada, ada, others):
    made = as_ada.add_to_collection("ada", 1, RELEASE).instance_id
    for refused, change in (
        (Invalid, lambda: as_ada.set_field("ada", 1, RELEASE, made, field_id=1, value="VG+")),
        (Invalid, lambda: as_ada.change_instance("ada", 1, RELEASE, made, rating=6)),
        (Gone, lambda: as_ada.set_field("ada", 1, RELEASE, made, field_id=6, value="x")),
        (Gone, lambda: as_ada.change_instance("ada", 1, RELEASE, made, to_folder=99)),
        (Gone, lambda: as_ada.change_instance("ada", 2, RELEASE, made, rating=1)),
        (Gone, lambda: as_ada.remove_instance("ada", 1, RELEASE, made + 1)),
        (Gone, lambda: as_ada.remove_instance("ada", 0, RELEASE, made)),
    ):
        with pytest.raises(refused):
            change()
    truth = ada.instances[made]
    assert (truth.rating, truth.folder_id, truth.notes) == (0, 1, {})
    assert others()


def test_a_folder_is_made_renamed_and_deleted(as_ada, ada):
    made = as_ada.create_folder("ada", "Für später 🌙")
    assert (ada.folders[made.id], made.name, made.count) == ("Für später 🌙", "Für später 🌙", 0)
    assert as_ada.rename_folder("ada", made.id, "A/B & C").name == "A/B & C"
    assert ada.folders[made.id] == "A/B & C"
    as_ada.delete_folder("ada", made.id)
    assert made.id not in ada.folders
    with pytest.raises(Gone):
        as_ada.delete_folder("ada", made.id)


def test_a_want_is_put_edited_and_removed(as_ada, ada):
    put = as_ada.put_want("ada", RELEASE, notes=NOTE, rating=3)
    assert (put.release_id, put.notes, put.rating) == (RELEASE, NOTE, 3)
    assert (ada.wants[RELEASE].notes, ada.wants[RELEASE].rating) == (NOTE, 3)
    assert as_ada.put_want("ada", RELEASE).rating == 3
    assert len(ada.wants) == 131
    assert as_ada.edit_want("ada", RELEASE, rating=5).notes == NOTE
    assert as_ada.edit_want("ada", RELEASE, notes="soon").rating == 5
    assert (ada.wants[RELEASE].notes, ada.wants[RELEASE].rating) == ("soon", 5)
    as_ada.remove_want("ada", RELEASE)
    assert len(ada.wants) == 130
    assert RELEASE not in ada.wants
    for ask in (lambda: as_ada.remove_want("ada", RELEASE), lambda: as_ada.edit_want("ada", RELEASE, rating=1)):
        with pytest.raises(Gone):
            ask()
    with pytest.raises(Gone):
        as_ada.put_want("ada", 9_973)


def test_a_stranger_changes_nothing_of_ours(speak, oauth, zoe, ada, others):
    stranger, copy_of_ada = speak(oauth(zoe)), next(iter(ada.instances.values()))
    at = ("ada", copy_of_ada.folder_id, copy_of_ada.release_id, copy_of_ada.id)
    for change in (
        lambda: stranger.add_to_collection("ada", 1, RELEASE),
        lambda: stranger.change_instance(*at, rating=1),
        lambda: stranger.set_field(*at, field_id=3, value="mine"),
        lambda: stranger.remove_instance(*at),
        lambda: stranger.create_folder("ada", "Mine"),
        lambda: stranger.put_want("ada", RELEASE),
    ):
        with pytest.raises(Unauthorised) as caught:
            change()
        assert caught.value.status == 403
    assert ada.count(0) == 230
    assert others()


def test_a_full_folder_and_those_that_discogs_keeps_are_not_deleted(as_ada, ada):
    full = next(each.folder_id for each in ada.instances.values() if each.folder_id > 1)
    folders = dict(ada.folders)
    for change in (
        lambda: as_ada.delete_folder("ada", full),
        lambda: as_ada.delete_folder("ada", 1),
        lambda: as_ada.rename_folder("ada", 1, "Mine"),
    ):
        with pytest.raises(Invalid, match="folder"):
            change()
    assert ada.folders == folders
