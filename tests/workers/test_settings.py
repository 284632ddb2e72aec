"""Settings that are right by themselves and wrong together refuse to start, and name what each has to be."""

import pytest

from workers.errors import NotConfigured
from workers.resources import open_resources
from workers.settings import Settings, contradictions


def test_what_stands_there_without_settings_goes_together() -> None:
    assert contradictions(Settings(env_file=None)) == []


@pytest.mark.parametrize(
    ("setting", "just_wrong", "just_right", "named"),
    [
        ("DISCOGS_DEADLINE_SECONDS", "55.1", "55", "REKKRD_STEP_DEADLINE_SECONDS must be 60.1 at least"),
        ("REKKRD_TOKEN_WAIT_SECONDS", "15.5", "15", "REKKRD_STEP_DEADLINE_SECONDS must be 60.5 at least"),
        ("REKKRD_STEP_DEADLINE_SECONDS", "49.9", "50", "REKKRD_STEP_DEADLINE_SECONDS must be 50 at least"),
        ("REKKRD_ANSWER_DEADLINE_SECONDS", "45.9", "46", "REKKRD_ANSWER_DEADLINE_SECONDS must be 46 at least"),
        ("REKKRD_SEND_DEADLINE_SECONDS", "15.5", "15", "REKKRD_ANSWER_DEADLINE_SECONDS must be 60.5 at least"),
        ("REKKRD_DATABASE_POOL_SIZE", "12", "13", "REKKRD_DATABASE_POOL_SIZE must be 13 at least"),
        ("REKKRD_WORKER_THREADS", "9", "8", "REKKRD_DATABASE_POOL_SIZE must be 14 at least"),
    ],
)
def test_what_contradicts_another_is_named_with_what_it_has_to_be(
    monkeypatch: pytest.MonkeyPatch, setting: str, just_wrong: str, just_right: str, named: str
) -> None:
    monkeypatch.setenv(setting, just_wrong)
    (said,) = contradictions(Settings(env_file=None))
    assert said.startswith(named)
    monkeypatch.setenv(setting, just_right)
    assert contradictions(Settings(env_file=None)) == []


def test_nothing_starts_with_them_and_all_are_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCOGS_DEADLINE_SECONDS", "120")
    wrong = Settings(env_file=None)
    with pytest.raises(NotConfigured, match=r"STEP_DEADLINE") as refused, open_resources(wrong):
        pass
    assert "REKKRD_ANSWER_DEADLINE_SECONDS must be 121 at least" in str(refused.value)
    with pytest.raises(NotConfigured):
        wrong.require_readable()
