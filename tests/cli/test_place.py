import stat
from pathlib import Path

import pytest

from cli.errors import AlreadyRunning, FolderRefused
from cli.place import Place, development_key, hold, is_held, new_key, write_private
from db.sealing import Keys


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "deep" / "data")


def test_a_folder_is_held_by_one_at_a_time(place):
    with hold(place), pytest.raises(AlreadyRunning, match="up already"), hold(place):
        pass


def test_whoever_is_refused_leaves_the_holders_things_alone(place):
    with hold(place):
        write_private(place.stored(), "REDIS_URL=redis://x")
        with pytest.raises(AlreadyRunning), hold(place):
            pass
        assert place.stored().exists()


def test_a_folder_that_was_left_can_be_held_again(place):
    with hold(place):
        assert is_held(place)
    assert not is_held(place)
    with hold(place):
        assert is_held(place)


def test_a_folder_that_nobody_made_is_not_held(place):
    assert not is_held(place)


def test_a_folder_that_cannot_be_made_is_a_sentence_with_the_setting(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FolderRefused, match="Not a directory") as refused, hold(Place(tmp_path / "file" / "data")):
        pass
    assert "REKKRD_DATA_DIR" in refused.value.next_step


def test_a_folder_that_is_refused_is_named_in_full(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(FolderRefused) as refused, hold(Place(Path("file/.rekkrd"))):
        pass
    assert f"{tmp_path}/file/.rekkrd cannot be used" in str(refused.value)


def test_the_development_key_is_made_once_and_is_its_owners_alone(place):
    with hold(place):
        made, is_new = development_key(place)
        again, is_new_again = development_key(place)
    assert (made, is_new, is_new_again) == (again, True, False)
    assert stat.S_IMODE(place.key.stat().st_mode) == 0o600
    assert Keys.parse(made).current


def test_fresh_keys_differ():
    assert new_key() != new_key()


def test_what_up_adds_is_read_by_its_owner_only_and_goes_with_it(place):
    with hold(place):
        for path in (place.stored(), place.stored("database")):
            write_private(path, "DATABASE_URL='postgresql:///x?host=/a b'")
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path.name for path in place.folder.iterdir()] == ["up.lock"]
