"""What reaches a log, and what never does."""

import json
import logging
from collections.abc import Iterator

import httpx
import pytest
import structlog

from workers import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield
    root.handlers, root.level = before[0], before[1]
    structlog.reset_defaults()


def test_a_line_is_one_object_with_its_event_and_facts(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    structlog.get_logger("test").info("page_stored", page=61)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["page"], line["level"]) == ("page_stored", 61, "info")


def test_a_request_leaves_neither_its_address_nor_its_headers_even_at_debug(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("json", "debug")
    with httpx.Client(transport=httpx.HTTPTransport()) as client, pytest.raises(httpx.ConnectError):
        client.get("http://127.0.0.1:1/?oauth_token=SECRET", headers={"Authorization": "OAuth SECRET"})
    assert "SECRET" not in capsys.readouterr().err


def test_a_library_with_a_level_of_its_own_keeps_to_ours(capsys: pytest.CaptureFixture[str]) -> None:
    chatty = logging.getLogger("chatty")
    chatty.setLevel(logging.WARNING)
    logs.configure("pretty", "error")
    chatty.warning("error connecting")
    assert capsys.readouterr().err == ""
