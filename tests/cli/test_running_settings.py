"""Settings that `rekkrd up` stores reach the commands beside it, except where the environment names another source."""

import os
import subprocess

import pytest
from dotenv import dotenv_values

from cli import here, running_settings
from cli.place import Place, hold

EMBEDDED = {"DATABASE_URL": "postgresql:///own", "DATABASE_DIRECT_URL": "postgresql:///own"}
WEBHOOK = {"REKKRD_WEBHOOK_URL": "https://app.example/hook", "REKKRD_WEBHOOK_SECRETS": "whsec_" + "A" * 32}


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Hold a data folder as `up` does, in an environment that names none of the settings; store what is given."""
    monkeypatch.chdir(tmp_path)
    for group in running_settings.GROUPS.values():
        for name in group:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REKKRD_DATA_DIR", str(tmp_path / "data"))
    place = Place(tmp_path / "data")
    with hold(place):
        yield lambda added, environment: running_settings.store(place, added, environment)


def address(secret):
    return None if secret is None else secret.get_secret_value()


def test_every_setting_that_up_was_given_is_stored(stored):
    stored(EMBEDDED, {**WEBHOOK, "REKKRD_WORKER_THREADS": "3", "HOME": "/root", "REKKRD_LOG_LEVEL": ""})
    found = here.settings()
    assert found.engine.webhook_url == WEBHOOK["REKKRD_WEBHOOK_URL"]
    assert found.engine.worker_threads == 3
    assert found.engine.log_level == "info"
    assert "HOME" not in dotenv_values(here.place().stored())


def test_given_database_url_drops_the_stored_direct_url(stored, monkeypatch):
    stored(EMBEDDED, {})
    monkeypatch.setenv("DATABASE_URL", "postgresql://other.example/theirs")
    database = here.settings().database
    assert database.migration_url() == "postgresql://other.example/theirs"
    assert database.migration_target() == "theirs on other.example:5432"


@pytest.mark.parametrize("group", running_settings.GROUPS)
def test_one_given_setting_drops_its_whole_stored_group(stored, monkeypatch, group):
    first, *others = running_settings.GROUPS[group]
    stored({}, dict.fromkeys(running_settings.GROUPS[group], "stored"))
    monkeypatch.setenv(first, "given")
    read = {name for path in here.env_files() for name in dotenv_values(path)}
    assert read.isdisjoint(others)


def test_running_up_outranks_the_env_file(stored, tmp_path):
    (tmp_path / ".env").write_text("REKKRD_WORKER_THREADS=2\n")
    stored(EMBEDDED, {"REKKRD_WORKER_THREADS": "3"})
    assert here.settings().engine.worker_threads == 3


@pytest.mark.parametrize(
    ("added", "environment", "is_own"), [(EMBEDDED, {}, True), ({}, {"DATABASE_URL": "postgresql://db/x"}, False)]
)
def test_database_is_own_only_if_up_started_it(stored, added, environment, is_own):
    stored(added, environment)
    assert here.is_own_database() is is_own
    assert address(here.settings().database.database_url) is not None


@pytest.mark.parametrize("value", ["plain", "with space", 'a"b', "it's", 'it\'s \\ "x"'])
def test_values_are_the_same_for_a_shell_and_for_us(stored, value):
    stored({}, {"REKKRD_MAIL_FROM": value})
    path = here.place().stored()
    shell = subprocess.run(
        ["sh", "-c", f'. "{path}"; printf %s "$REKKRD_MAIL_FROM"'],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stdout == dotenv_values(path)["REKKRD_MAIL_FROM"] == value
