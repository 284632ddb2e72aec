"""What the room's settings take, and what they refuse without showing a token."""

import pytest
from pydantic import ValidationError

from api.settings import ApiSettings

TOKEN = "hush-" + "t" * 24


@pytest.mark.parametrize("text", ["short", f"{TOKEN},{TOKEN}x,{TOKEN}y", ",", f"{TOKEN},short", f"{TOKEN}\n{TOKEN}é"])
def test_tokens_that_guard_nothing_are_refused_and_not_shown(monkeypatch, text):
    monkeypatch.setenv("REKKRD_API_TOKENS_APPLICATION", text)
    with pytest.raises(ValidationError) as refused:
        ApiSettings(_env_file=None)
    assert "hush" not in str(refused.value)


def test_one_token_cannot_open_both_roles(monkeypatch):
    monkeypatch.setenv("REKKRD_API_TOKENS_APPLICATION", TOKEN)
    monkeypatch.setenv("REKKRD_API_TOKENS_OPERATOR", TOKEN)
    with pytest.raises(ValidationError, match="share a token") as refused:
        ApiSettings(_env_file=None)
    assert "hush" not in str(refused.value)


def test_tokens_are_not_shown():
    settings = ApiSettings(_env_file=None, tokens_application=TOKEN)
    assert "hush" not in repr(settings)
    assert settings.application_tokens == (TOKEN,)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8050"),
        ("0.0.0.0", "http://127.0.0.1:8050"),
        ("::", "http://[::1]:8050"),
        ("fd00::1", "http://[fd00::1]:8050"),
    ],
)
def test_a_program_on_this_machine_is_told_where_to_go(host, url):
    assert ApiSettings(_env_file=None, host=host).url == url
