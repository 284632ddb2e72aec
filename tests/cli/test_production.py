import pytest

from api.settings import ApiSettings
from cli.errors import NotComplete
from cli.production import missing, require_complete
from workers.settings import Settings

COMPLETE = {
    "REKKRD_ENV": "production",
    "DATABASE_URL": "postgresql://u@h/d",
    "REDIS_URL": "redis://h",
    "DISCOGS_OAUTH_ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "DISCOGS_CONSUMER_KEY": "key",
    "DISCOGS_CONSUMER_SECRET": "secret",
    "REKKRD_API_TOKENS_APPLICATION": "a" * 24,
    "REKKRD_API_TOKENS_OPERATOR": "o" * 24,
    "RESEND_API_KEY": "re_key",
    "REKKRD_MAIL_FROM": "alerts@rekkrd.example",
    "REKKRD_PUBLIC_URL": "https://api.rekkrd.example",
}


@pytest.fixture
def found(monkeypatch):
    """Read the settings of an environment that is complete but for what is named."""

    def read(*without, **changed):
        for name, value in {**COMPLETE, **changed}.items():
            monkeypatch.setenv(name, value)
        for name in without:
            monkeypatch.delenv(name)
        return Settings(None), ApiSettings()

    return read


def test_production_starts_complete(found):
    require_complete(*found())


def test_every_missing_thing_is_named_at_once(found):
    without = [name for name in COMPLETE if name != "REKKRD_ENV"]
    with pytest.raises(NotComplete) as refused:
        require_complete(*found(*without))
    assert [name for name in without if name not in str(refused.value)] == []


PAIR = {"DISCOGS_CONSUMER_KEY", "DISCOGS_CONSUMER_SECRET"}  # one without the other is no setting at all


@pytest.mark.parametrize("name", [name for name in COMPLETE if name not in {"REKKRD_ENV", *PAIR}])
def test_one_missing_thing_is_named_alone(found, name):
    assert [line.split()[0] for line in missing(*found(name))] == [name]


def test_missing_credentials_are_named_both(found):
    assert {line.split()[0] for line in missing(*found(*PAIR))} == PAIR


def test_development_starts_with_nothing(found):
    require_complete(*found(*[name for name in COMPLETE if name != "REKKRD_ENV"], REKKRD_ENV="development"))


@pytest.mark.parametrize("address", ["http://127.0.0.1:8060", "http://localhost:8060/", "http://[::1]:8060"])
def test_production_refuses_a_discogs_on_this_machine(found, address):
    with pytest.raises(NotComplete, match="DISCOGS_API_URL"):
        require_complete(*found(DISCOGS_API_URL=address))
