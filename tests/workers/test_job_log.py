"""What a step says is kept for its job: no more than fits, nothing that is secret, and nothing of another's."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
import structlog

from db.story import Asked
from workers import logs
from workers.job_log import LONGEST, MOST_A_STEP, Notes, taking_notes

log = structlog.get_logger("test")


@pytest.fixture(autouse=True)
def _configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    logs.configure("json", "error")  # what is shown decides nothing about what is kept
    yield
    structlog.reset_defaults()


def kept(notes: Notes) -> list[tuple[str, str, dict[str, Any]]]:
    return [(line.level, line.event, dict(line.facts)) for line in notes.lines]


def test_lines_of_level_info_and_above_are_kept_with_their_facts() -> None:
    with taking_notes() as notes:
        log.debug("token_taken")
        log.info("page_stored", page=61)
        log.warning("odd_answer", status=None, is_first=True)
    log.info("after_its_end")
    assert kept(notes) == [
        ("info", "page_stored", {"page": 61}),
        ("warning", "odd_answer", {"status": None, "is_first": True}),
    ]


def test_what_stands_on_every_line_of_a_job_is_left_out() -> None:
    with taking_notes() as notes, structlog.contextvars.bound_contextvars(job_id="1", kind="count", user_id="2"):
        log.info("page_stored")
    assert kept(notes) == [("info", "page_stored", {})]


def test_facts_are_plain_values_of_a_length_that_can_be_stored() -> None:
    with taking_notes() as notes:
        log.info(
            "odd", at=datetime(2026, 1, 1, tzinfo=UTC), id=UUID(int=1), nan=float("nan"), long="x" * 9999, nul="\0"
        )
    ((_, _, facts),) = kept(notes)
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert len(facts["long"]) == LONGEST
    assert facts["nul"] == "␀"


@pytest.mark.parametrize("name", ["token", "oauth_secret", "verifier", "password", "authorization", "notes", "note"])
def test_a_secret_or_a_collectors_own_word_is_neither_kept_nor_shown(name: str) -> None:
    with taking_notes() as notes:
        log.error("oops", **{name: "SECRET"})
    assert kept(notes) == [("error", "oops", {name: "…"})]
    shown = logs.hide_secrets(None, "error", {"event": "token", name: "SECRET"})
    assert shown == {"event": "token", name: "…"}


def test_what_goes_wrong_is_kept_without_its_traceback() -> None:
    with taking_notes() as notes:
        log.error("it_broke", exc_info=KeyError("a value that nobody should see here"))
    assert kept(notes) == [("error", "it_broke", {})]


def test_a_step_that_says_much_says_how_much_is_left_out() -> None:
    with taking_notes() as notes:
        for number in range(MOST_A_STEP + 3):
            log.info("counted", number=number)
    assert len(notes.lines) == MOST_A_STEP + 1
    assert kept(notes)[-1] == ("info", "lines_left_out", {"lines": 3})


def test_another_threads_lines_are_not_ours() -> None:
    with taking_notes() as notes:
        other = Thread(target=log.info, args=["of_the_dispatcher"])
        other.start()
        other.join()
    assert kept(notes) == []


def test_a_request_is_a_line_and_a_count() -> None:
    notes = Notes()
    notes.asked(Asked("GET /a", 200, 0.61234))
    notes.asked(Asked("GET /a", None, 4.0))
    assert kept(notes) == [
        ("info", "asked_discogs", {"endpoint": "GET /a", "status": 200, "seconds": 0.612}),
        ("warning", "asked_discogs", {"endpoint": "GET /a", "status": None, "seconds": 4.0}),
    ]
    assert len(notes.requests) == 2


def test_a_transaction_that_is_tried_again_says_it_once() -> None:
    with taking_notes() as notes:
        log.info("fetched")
        with pytest.raises(OSError, match="away"), notes.of_one_try():
            log.info("stored")
            raise OSError("away")
        with notes.of_one_try():
            log.info("stored")
    assert [event for _, event, _ in kept(notes)] == ["fetched", "stored"]
