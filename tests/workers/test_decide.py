"""What an error means for its job."""

import pytest

from db.errors import SealBroken, WrongKey
from discogs import errors
from workers.decide import CloseGate, Fail, GiveBack, RetryLater, backoff, decide
from workers.errors import JobFailed
from workers.limiter.errors import GaveUp, LimiterUnavailable, Stopped


def asked(error: Exception, attempts: int = 0) -> object:
    return decide(error, attempts=attempts, max_attempts=3, backoff_seconds=5.0)


@pytest.mark.parametrize("error", [GaveUp("5 s"), Stopped("shutdown"), LimiterUnavailable("away")])
def test_a_step_without_a_token_goes_back_and_no_attempt_is_counted(error: Exception) -> None:
    assert isinstance(asked(error, attempts=2), GiveBack)


def test_a_429_closes_the_gate_and_never_counts() -> None:
    """Defect of others: the back-off gives up before a window ends."""
    decision = asked(errors.Throttled("too quickly", status=429, endpoint="collection_page"), attempts=99)
    assert isinstance(decision, CloseGate)
    assert decision.cause == "throttled"


def test_a_rejected_application_stops_everything_and_touches_no_link() -> None:
    decision = asked(errors.ApplicationRejected("consumer", status=401, endpoint="identity"))
    assert isinstance(decision, CloseGate)
    assert "DISCOGS_CONSUMER_KEY" in decision.reason


def test_a_refused_user_must_reconnect() -> None:
    assert asked(SealBroken("a token that cannot be decrypted")) == Fail(needs_reconnect=True)
    assert asked(errors.Unauthorised("revoked", status=401, endpoint="identity")) == Fail(needs_reconnect=True)


@pytest.mark.parametrize("error", [JobFailed("X", "no"), errors.Gone("gone", status=404, endpoint="release")])
def test_what_no_retry_would_help_fails_at_once(error: Exception) -> None:
    assert asked(error) == Fail()


@pytest.mark.parametrize(
    "error",
    [
        errors.Unavailable("502", status=502, endpoint="release"),
        WrongKey("sealed with another key"),
        KeyError("a bug of ours"),
    ],
)
def test_trouble_is_tried_again_until_the_attempts_are_used_up(error: Exception) -> None:
    assert isinstance(asked(error, attempts=0), RetryLater)
    assert isinstance(asked(error, attempts=1), RetryLater)
    assert asked(error, attempts=2) == Fail()


def test_back_off_outlasts_a_window_and_never_exceeds_a_quarter_of_an_hour_by_much() -> None:
    """Defect of others: the back-off gives up before a window ends. 1 + 2 + 4 s did."""
    assert sum(backoff(n, 5.0) for n in range(5)) > 60
    assert all(backoff(n, 5.0) <= 900 * 1.2 for n in range(40))
    assert len({backoff(3, 5.0) for _ in range(20)}) > 1
