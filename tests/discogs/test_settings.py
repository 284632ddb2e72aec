"""The settings have the plan's names, show no secret, and say what they are."""

import pytest
from pydantic import ValidationError

from discogs.settings import DiscogsSettings

NAMES = (
    "CONSUMER_KEY CONSUMER_SECRET PERSONAL_TOKEN USER_AGENT CALLBACK_URL API_URL AUTHORIZE_URL DEADLINE_SECONDS "
    "CONNECT_SECONDS"
)


def test_the_names_are_the_plans():
    prefix = DiscogsSettings.model_config["env_prefix"]
    assert [(prefix + name).upper() for name in DiscogsSettings.model_fields] == [f"DISCOGS_{n}" for n in NAMES.split()]


def test_every_setting_is_described():
    assert all(field.description for field in DiscogsSettings.model_fields.values())


def test_values_come_from_the_environment_and_an_empty_one_is_none(monkeypatch):
    monkeypatch.setenv("DISCOGS_API_URL", "http://127.0.0.1:8050/")
    monkeypatch.setenv("DISCOGS_CONSUMER_KEY", "ours")
    monkeypatch.setenv("DISCOGS_CONSUMER_SECRET", "hush")
    monkeypatch.setenv("DISCOGS_USER_AGENT", "")
    settings = DiscogsSettings()
    assert settings.api_url == "http://127.0.0.1:8050"
    assert settings.user_agent == "Rekkrd/1.0 +https://rekkrd.com"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_url", "api.discogs.com"),
        ("authorize_url", "javascript:x"),
        ("deadline_seconds", 0),
        ("connect_seconds", -1),
    ],
)
def test_nonsense_is_refused_at_the_door(name, value):
    with pytest.raises(ValidationError):
        DiscogsSettings(**{name: value})


@pytest.mark.parametrize("half", [{"consumer_key": "ours"}, {"consumer_secret": "hush"}])
def test_half_of_our_credentials_is_refused_and_the_other_half_named(half):
    with pytest.raises(ValidationError, match="DISCOGS_CONSUMER_KEY and DISCOGS_CONSUMER_SECRET belong together"):
        DiscogsSettings(**half)
