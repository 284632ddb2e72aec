"""Each error of a room that a caller can meet has its code, and what nobody foresaw has one too."""

import inspect
from datetime import UTC, datetime

import pytest

from actors import errors as actor_errors
from actors.errors import ActorError, OtherAccount
from api.errors import Code
from api.meanings import in_our_words
from db import errors as database_errors
from discogs import errors as discogs_errors
from discogs.errors import Blocked, Throttled, Unauthorised, Unavailable
from workers.limiter import errors as limiter_errors

# What no route can meet, or what only a bug of ours brings about.
INTERNAL = {
    "DatabaseError",
    "StatementRefused",
    "MigrationRefused",
    "BadKey",
    "HandshakeRefused",
    "ActorError",
    "HoldRefused",
    "ConnectFailed",
    "TokenRefused",
}


def errors():
    for room in (database_errors, discogs_errors, limiter_errors, actor_errors):
        for name, kind in inspect.getmembers(room, inspect.isclass):
            if issubclass(kind, Exception) and kind.__module__ == room.__name__:
                yield pytest.param(kind, id=name)


@pytest.mark.parametrize("kind", list(errors()))
def test_every_error_has_a_meaning(kind):
    error = kind.__new__(kind)
    if issubclass(kind, ActorError):
        error.next_step = "Do this."
    if issubclass(kind, database_errors.EnqueueRefused):
        error.hint = "Do this."
    if kind is limiter_errors.GateClosed:
        error.until = datetime.now(UTC)
    said = in_our_words(error)
    assert (said.code is Code.INTERNAL) == (kind.__name__ in INTERNAL)
    assert said.next_step


@pytest.mark.parametrize(
    ("error", "status", "has_retry_after"),
    [
        (Throttled("x"), 503, True),
        (Blocked("x"), 503, True),
        (Unavailable("x"), 503, True),
        (Unauthorised("x"), 409, False),
        (OtherAccount("x", "y"), 409, False),
        (RuntimeError("x"), 500, False),
    ],
)
def test_the_code_decides_the_status_and_later_says_when(error, status, has_retry_after):
    said = in_our_words(error)
    assert (said.status, "Retry-After" in said.headers) == (status, has_retry_after)


def test_what_nobody_foresaw_says_nothing():
    assert "hush" not in str(in_our_words(RuntimeError("hush")).body())
