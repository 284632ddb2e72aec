"""Settings of the database: refused in words, and never printed."""

import pytest
from pydantic import ValidationError

from db.settings import DatabaseSettings

KEY = "cc" * 32


def test_every_setting_has_its_name_in_the_environment_and_a_description() -> None:
    for name, field in DatabaseSettings.model_fields.items():
        assert isinstance(field.validation_alias, str), name
        assert field.description, name


def test_it_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:pw@host/db")
    monkeypatch.setenv("DATABASE_DIRECT_URL", "")
    monkeypatch.setenv("DISCOGS_OAUTH_ENCRYPTION_KEY", KEY)
    settings = DatabaseSettings()
    assert settings.migration_url() == "postgresql://me:pw@host/db"
    assert settings.keys() is not None
    assert "pw" not in repr(settings)
    assert KEY not in repr(settings)


def test_without_anything_there_is_no_address_and_no_key() -> None:
    settings = DatabaseSettings()
    assert (settings.migration_url(), settings.keys()) == (None, None)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "mysql://me:hunter2@host/db", "must look like postgresql://"),
        ("DISCOGS_OAUTH_ENCRYPTION_KEY", "hunter2", "32 bytes in base64 or hex"),
    ],
)
def test_what_cannot_be_right_is_refused_in_words_and_not_quoted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=sentence) as caught:
        DatabaseSettings()
    assert "hunter2" not in str(caught.value)
