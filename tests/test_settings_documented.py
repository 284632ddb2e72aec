"""README's table and .env.example say what the settings classes say."""

from pathlib import Path

import pytest

from cli.documented import ROOMS, env_file, settings_of, with_table

ROOT = Path(__file__).parent.parent
AGAIN = "run `python -m cli.documented`"
PLAN = {
    "DISCOGS_CONSUMER_KEY",
    "DISCOGS_CONSUMER_SECRET",
    "DISCOGS_PERSONAL_TOKEN",
    "DISCOGS_USER_AGENT",
    "DISCOGS_CALLBACK_URL",
    "DISCOGS_OAUTH_ENCRYPTION_KEY",
}


def test_the_readme_has_every_setting_as_it_is_now():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == with_table(readme), AGAIN


def test_the_example_file_has_every_setting_as_it_is_now():
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_file(), AGAIN


@pytest.mark.parametrize("room", ROOMS.values(), ids=lambda room: room.__name__)
def test_a_line_of_the_example_file_says_what_holds_without_it(room, tmp_path, monkeypatch):
    for setting in settings_of(room):
        monkeypatch.delenv(setting.name, raising=False)
    taken = tmp_path / "taken.env"
    lines = env_file().splitlines()
    taken.write_text("\n".join(line.removeprefix("#") for line in lines if not line.startswith("# ")), encoding="utf-8")
    assert room(_env_file=taken) == room(_env_file=None)


@pytest.mark.parametrize("room", ROOMS.values(), ids=lambda room: room.__name__)
def test_every_setting_has_a_sentence(room):
    assert [setting.name for setting in settings_of(room) if not setting.sentence] == []


def test_the_plans_variables_keep_their_names():
    assert {setting.name for room in ROOMS.values() for setting in settings_of(room)} >= PLAN


def test_no_two_rooms_share_a_setting():
    names = [setting.name for room in ROOMS.values() for setting in settings_of(room)]
    assert len(names) == len(set(names))
